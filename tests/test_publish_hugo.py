"""A real Hugo makes a real site of our posts, hostile headlines and all, and has nothing to complain about."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.model import DigestDay, RenderedFile
from aggregator.publish import Issue, compose, render, write_files
from aggregator.publish.formats.html import read_page
from aggregator.settings import DigestSettings
from tests.hostile import ROWS, expected_links, hostile_day
from tests.tools import require

STORIES = 500
SITE = {
    # `unsafe` lets HTML of a post through: if a headline were HTML, it would be seen.
    "config.toml": """\
baseURL = "https://site.example/"
title = "Invented News"
[markup.goldmark.renderer]
unsafe = true
[taxonomies]
category = "categories"
tag = "tags"
series = "series"
outlet = "outlets"
""",
    "layouts/_default/baseof.html": """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ .Title }}</title><meta name="description" content="{{ .Description }}">
<style>body { max-width: 42rem; margin: 2rem auto; font: 17px/1.5 Georgia, serif }</style></head>
<body><main>{{ block "main" . }}{{ end }}</main></body></html>
""",
    "layouts/_default/single.html": """\
{{ define "main" }}<h1 id="title">{{ .Title }}</h1>
<p><time>{{ .Date }}</time> {{ with .Params.source }}<a href="{{ . }}">source</a>{{ end }}</p>
<p id="summary">{{ .Summary }}</p>
{{ .Content }}
<p>{{ range .Params.outlets }}<i>{{ . }}</i> {{ end }}</p>{{ end }}
""",
    "layouts/_default/list.html": """\
{{ define "main" }}<h1>{{ .Title }}</h1><ul>
{{ range .Pages }}<li><a href="{{ .RelPermalink }}">{{ .Title }}</a></li>{{ end }}</ul>{{ end }}
""",
}


def big_day() -> DigestDay:
    """A day of 500 stories: every hostile one, over and over."""
    days = [hostile_day(row) for row in ROWS]
    stories = [story for day in days for story in day.stories]
    many = [replace(stories[number % len(stories)], story_id=number + 1) for number in range(STORIES)]
    return replace(days[0], topic="world", title="World", stories=tuple(many))


@pytest.fixture(scope="module")
def issue() -> Issue:
    return compose(big_day(), DigestSettings("world", "World"))


@pytest.fixture(scope="module")
def site(issue: Issue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site; its posts lie below `content/hugo`."""
    hugo = require("hugo")
    root = tmp_path_factory.mktemp("site")
    for name, text in SITE.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    write_files(root / "content", render(issue, "hugo"))
    command = [hugo, "--panicOnWarning", "--quiet", "--source", str(root), "--destination", "public"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return root / "public"


def posts(site: Path) -> Iterator[RenderedFile]:
    """Yield the pages that Hugo made of our posts."""
    for path in sorted((site / "hugo").rglob("index.html")):
        text = path.read_text(encoding="utf-8")
        if 'id="summary"' in text:
            yield RenderedFile(path.relative_to(site).as_posix(), text)


def test_every_post_has_a_page_with_its_headline(site: Path, issue: Issue) -> None:
    titles = [read_page(post).text_of["title"] for post in posts(site)]

    assert sorted(titles) == sorted([issue.title, *(story.headline for story in issue.stories)])


def test_no_page_acts_or_leads_elsewhere(site: Path) -> None:
    allowed = set[str]().union(*(expected_links(hostile_day(row)) for row in ROWS))
    plain_tags = {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "h1",
        "h2",
        "h3",
        "p",
        "time",
        "a",
    }

    for post in posts(site):
        page = read_page(post)
        assert {address for address in page.addresses if not address.startswith("#")} <= allowed
        assert page.tags <= plain_tags | {"i", "em", "strong", "ul", "li"}
