#!/usr/bin/env bash
# Everything a reviewer would run before the tests: format, lint, types, import contracts, the list of what it says.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${VIRTUAL_ENV:-.venv}/bin
[ -x "$bin/ruff" ] || { echo "tests/check.sh: no $bin/ruff; install with: pip install -e '.[dev]'" >&2; exit 2; }
"$bin/ruff" format --check .
"$bin/ruff" check .
"$bin/mypy"
"$bin/lint-imports" --no-cache
"$bin/python" -m tests.messages --check
