#!/usr/bin/env bash
# What takes minutes or hours, not part of the suite: whole years of digests, a month of two hundred feeds, more deaths
# and power failures, all breakages of the promise, a million mutated feeds, floods of 20,000 headlines.
#   tests/long.sh [PYTEST-ARGUMENTS…]     all of it, or what is named
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${VIRTUAL_ENV:-.venv}/bin
if [ $# -eq 0 ]; then
  set -- tests/system/test_year.py tests/system/test_kill.py tests/system/test_soak.py
  set -- "$@" tests/faults/test_kills.py tests/faults/test_power.py tests/faults/test_content.py
fi
LONG=1 exec "$bin/python" -m pytest -n auto --dist loadfile --durations=0 "$@"
