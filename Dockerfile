# For `mylib grade --sandbox docker`, where there is no bubblewrap: docker build -t mylib .
FROM python:3.11-slim
WORKDIR /course
COPY pyproject.toml README.md requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY mylib mylib
RUN pip install --no-cache-dir --no-deps .
