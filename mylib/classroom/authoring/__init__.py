"""What those who write the course need: lint, release, the bank of answers, mutants."""
