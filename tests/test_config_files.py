"""The files beside the configuration: service unit, container file, Datasette metadata."""

import asyncio
import re
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml
from datasette.app import Datasette

from aggregator.app import load_app

CONFIG = Path(__file__).parent.parent / "config"

# The public views, as the contract has them.
VIEWS = {
    "stories_by_day": (
        "day story_id topic headline status articles outlets articles_total outlets_total first_seen_at"
        " last_seen_at series serial"
    ),
    "story_articles": (
        "story_id day article_id headline outlet outlet_host language link publisher_url canonical_url"
        " published_at first_seen_at rule score partner_article_id"
    ),
    "feed_health": (
        "feed_id name url state last_polled_at last_success_at next_poll_at failures last_outcome last_error"
        " entries_last new_last"
    ),
    "link_queue": "article_id link state attempts next_try_at method last_error",
    "decisions": (
        "decided_at day article_id partner_article_id story_id verdict rule score threshold words rules_version"
    ),
    "digest_log": "day topic format path sha256 made_at stories addendum",
}

ROWS = """
INSERT INTO stories_by_day_rows (day, story_id, topic, headline, status, articles, outlets, outlets_total, series, serial)
VALUES ('2026-02-01', 4, 'ports', 'Long over', 'new', 9, 1, 1, NULL, NULL),
       ('2026-03-01', 1, 'ports', 'Ferry stuck off Porto Sol', 'new', 2, 2, 2, NULL, NULL),
       ('2026-03-02', 1, 'ports', 'Ferry afloat', 'updated', 1, 1, 2, NULL, NULL),
       ('2026-03-02', 2, 'ports', 'Strait talks: list of key events, day 212', 'new', 1, 1, 1, 'strait talks', '212');
INSERT INTO story_articles_rows (story_id, day, article_id, headline, outlet, language, link, published_at, first_seen_at)
VALUES (4, '2026-02-01', 9, 'Long over', 'The Pilot', 'en', 'https://pilot.example/9', NULL, '2026-02-01T06:00:00Z'),
       (1, '2026-03-01', 10, 'Ferry stuck off Porto Sol', 'Harbour Gazette', 'en', 'https://harbour.example/10',
        '2026-03-01T05:30:00Z', '2026-03-01T06:00:00Z'),
       (1, '2026-03-01', 11, 'Ferry stuck off porto sol', 'The Pilot', 'en', 'https://pilot.example/11', NULL, '2026-03-01T07:00:00Z'),
       (1, '2026-03-02', 13, 'Ferry afloat', 'The Pilot', 'en', 'https://pilot.example/13', NULL, '2026-03-02T06:00:00Z'),
       (2, '2026-03-02', 12, 'Strait talks: list of key events, day 212', 'The Pilot', 'en', 'https://pilot.example/12',
        '2026-03-02T06:50:00Z', '2026-03-02T07:00:00Z');
INSERT INTO decisions_rows (decided_at, day, article_id, partner_article_id, story_id, verdict, rule, score, threshold)
VALUES ('2026-03-01T07:00:05Z', '2026-03-01', 11, 10, 1, 'joined', 'headlines', 0.9, 0.5),
       ('2026-03-02T07:00:05Z', '2026-03-02', 13, 12, 1, 'refused', 'headlines', 0.4, 0.5);
INSERT INTO feed_health_rows (feed_id, name, state, failures) VALUES (1, 'Pilot', 'ok', 0), (2, 'Gazette', 'failing', 1.5);
INSERT INTO link_queue_rows (article_id, link, state, attempts)
VALUES (10, 'https://x.example/10', 'resolved', 9), (11, 'https://x.example/11', 'waiting', 2), (12, 'https://x.example/12', 'failed', 5);
INSERT INTO digest_log_rows (day, topic, format, addendum)
VALUES ('2026-03-01', 'ports', 'markdown', 0), ('2026-03-01', 'ports', 'html', 1), ('2026-03-01', 'ports', 'markdown', 1);
INSERT INTO headline_search (rowid, headline) VALUES (10, 'Ferry stuck off Porto Sol'), (12, 'Strait talks: list of key events');
"""

# query → (arguments, first column of the rows it finds)
QUERIES: dict[str, tuple[dict[str, str], list[Any]]] = {
    "latest_stories": ({}, [1, 2]),
    "story": ({"story_id": "1"}, ["2026-03-01", "2026-03-01", "2026-03-02"]),
    "first_reported_by": ({"outlet": "Harbour Gazette"}, ["2026-03-01"]),
    "issues_of_a_series": ({}, ["strait talks"]),
    "why": ({"article_id": "10"}, ["joined"]),
    "feeds_in_trouble": ({}, ["Gazette"]),
    "only_one_outlet": ({}, ["2026-03-02"]),
    "syndicated_copies": ({}, ["2026-03-01"]),
    "longest_stories_of_the_week": ({}, [1, 2]),
    "busiest_outlets": ({}, ["The Pilot", "Harbour Gazette"]),
    "day_by_day": ({}, ["2026-03-02", "2026-03-01", "2026-02-01"]),
    "delay_of_outlets": ({}, ["Harbour Gazette", "The Pilot"]),
    "headlines_with": ({"words": "porto sol"}, ["2026-03-01"]),
    "slowest_links": ({}, [5, 2]),
    "near_the_line": ({}, ["2026-03-02", "2026-03-01"]),
    "late_addenda": ({}, ["2026-03-01"]),
}


@pytest.fixture(scope="module")
def metadata() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((CONFIG / "datasette-metadata.yaml").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def datasette(metadata, tmp_path_factory) -> Datasette:
    path = tmp_path_factory.mktemp("datasette") / "aggregator.db"
    connection = sqlite3.connect(path)
    for view, columns in VIEWS.items():
        connection.execute(f"CREATE TABLE {view}_rows ({columns.replace(' ', ', ')})")
        connection.execute(f"CREATE VIEW {view} AS SELECT * FROM {view}_rows")
    connection.execute("CREATE VIRTUAL TABLE headline_search USING fts5 (headline, outlet, host)")
    connection.executescript(ROWS)
    connection.close()
    return Datasette([str(path)], metadata=metadata)


def get(datasette: Datasette, path: str) -> tuple[int, Any]:
    async def ask() -> tuple[int, Any]:
        answer = await datasette.client.get(path)
        return answer.status_code, answer.json() if ".json" in path else answer.text

    return asyncio.run(ask())


def test_every_query_of_datasette_is_tried(metadata):
    assert list(metadata["databases"]["aggregator"]["queries"]) == list(QUERIES)


@pytest.mark.parametrize("name", QUERIES)
def test_query_of_datasette_finds_what_it_says(datasette, name):
    arguments, found = QUERIES[name]
    query = urlencode({**arguments, "_shape": "arrays"})

    status, answer = get(datasette, f"/aggregator/{name}.json?{query}")

    assert (status, [row[0] for row in answer["rows"]]) == (200, found)


def test_queries_read_the_public_views_only(metadata):
    for query in metadata["databases"]["aggregator"]["queries"].values():
        assert set(re.findall(r"(?:FROM|JOIN) (\w+)", query["sql"])) <= {*VIEWS, "headline_search"}


def unit() -> dict[str, list[str]]:
    """Return the service unit's settings; some stand several times."""
    settings: dict[str, list[str]] = {}
    for line in (CONFIG / "aggregator.service").read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            settings.setdefault(name, []).append(value)
    return settings


SANDBOX = {
    "CapabilityBoundingSet": "",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "PrivateTmp": "yes",
    "ProtectClock": "yes",
    "ProtectHome": "yes",
    "ProtectHostname": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectProc": "invisible",
    "ProtectSystem": "strict",
    "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "UMask": "0077",
}


def test_service_unit_keeps_the_daemon_in_its_sandbox():
    settings = unit()

    assert {name: settings[name] for name in SANDBOX} == {name: [value] for name, value in SANDBOX.items()}
    assert settings["Type"] == ["notify"]
    assert settings["Restart"] == ["on-failure"]
    assert float(settings["TimeoutStopSec"][0]) > 10  # the daemon promises to stop within 10 s


def test_service_unit_uses_one_configuration_and_one_home():
    commands = [
        command for name in ("ExecStart", "ExecReload") for command in unit()[name] if "aggregator" in command
    ]

    common = (
        "/opt/headline-aggregator/bin/aggregator --config /etc/headline-aggregator/aggregator.toml"
        " --home /var/lib/headline-aggregator"
    )
    assert commands == [f"{common} run", f"{common} check-config"]
    assert unit()["StateDirectory"] == ["headline-aggregator"]


def test_container_runs_the_daemon_as_an_ordinary_user():
    lines = (CONFIG / "Containerfile").read_text(encoding="utf-8").splitlines()

    assert "USER aggregator" in lines
    assert lines[-2:] == ['ENTRYPOINT ["aggregator", "--home", "/data"]', 'CMD ["run"]']


def test_a_configuration_below_a_relative_home_is_read_again_where_it_was_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    config = tmp_path / "home" / "a.toml"
    config.write_text('[log]\nlevel = "info"\n', encoding="utf-8")
    app = load_app(Path("a.toml"), Path("home"))
    config.write_text('[log]\nlevel = "debug"\n', encoding="utf-8")
    assert app.reread().settings.log.level == "debug"
    assert app.reread().clock is app.clock
