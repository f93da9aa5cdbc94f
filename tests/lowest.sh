#!/usr/bin/env bash
# Row E11: the program on the lowest versions that pyproject.toml allows: a venv with each `>=` taken as `==`, the demo,
# and the tests of the main job. Some minutes; needs a package index. The newest versions are what `pip install` brings.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 - > "$folder/floors.txt" << 'EOF'
import re
import tomllib

with open("pyproject.toml", "rb") as file:
    project = tomllib.load(file)["project"]
extras = project["optional-dependencies"]
for wanted in [*project["dependencies"], *extras["web"], *extras["parquet"]]:
    name, floor = re.fullmatch(r"([\w-]+)>=([\w.]+),<[\w.]+", wanted).groups()
    print(f"{name}=={floor}")
EOF

python3 -m venv "$folder/venv"
bin=$folder/venv/bin
"$bin/pip" install -q --disable-pip-version-check -c "$folder/floors.txt" -e ".[web,parquet]" aiosmtpd axe-playwright-python hypothesis playwright \
  pytest pytest-xdist pyyaml time-machine
"$bin/pip" check
"$bin/pip" freeze --exclude-editable | grep -i -F -f <(cut -d= -f1 "$folder/floors.txt")
"$bin/aggregator" --home "$folder" demo
"$bin/aggregator" --home "$folder" --config "$folder/var/demo/aggregator.toml" doctor
"$bin/python" -m pytest -p no:cacheprovider \
  tests/test_demo.py tests/test_cli.py tests/test_cluster.py tests/test_cluster_stories.py tests/test_config.py tests/test_deliver.py \
  tests/test_fetch_client.py tests/test_fetch_network.py tests/test_opml.py tests/test_parse_documents.py tests/test_parse_guard.py \
  tests/test_publish.py tests/test_publish_text.py tests/test_resolve_urls.py tests/test_schedule.py tests/test_search.py \
  tests/test_store.py tests/test_web.py tests/system/test_replay.py
