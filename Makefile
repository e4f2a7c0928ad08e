.PHONY: test
test:
	test -d .venv || python3 -m venv .venv
	.venv/bin/pip -q install -r requirements.txt && .venv/bin/pip -q install --no-deps -e .
	.venv/bin/pytest
