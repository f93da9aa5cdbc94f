#!/usr/bin/env bash
# Whether anything that is installed here has a known vulnerability: pip-audit, in a venv of its own, asks for advisories.
#   tests/audit.sh [PIP-AUDIT-ARGUMENTS…]     such as: --vulnerability-service osv
# Status 0: none known; 1: some, listed with the versions that mend them; 3: nothing could be audited from here.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${VIRTUAL_ENV:-.venv}/bin
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$bin/python" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pip-audit
installed=()
while IFS= read -r path; do installed+=(--path "$path"); done < <("$bin/python" -c '
import sys
print(*(path for path in sys.path if path.endswith("-packages")), sep="\n")')
"$folder/venv/bin/pip-audit" "${installed[@]}" --skip-editable --progress-spinner off --format json "$@" \
  > "$folder/report.json" 2> "$folder/complaints" || true # the report says why
[ -s "$folder/report.json" ] || tail -1 "$folder/complaints" >&2
"$bin/python" -m tests.audit < "$folder/report.json"
