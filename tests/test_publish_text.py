"""Foreign text in Markdown, YAML, URLs and slugs: what a parser gives back is what was put in."""

import json
import re

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from aggregator.publish.text import (
    escape_markdown,
    markdown_link,
    quoted_scalar,
    safe_url,
    scrub,
    shorten,
    slug,
)

HOSTILE_PIECES = [
    *("*", "**", "_", "[", "]", "(", ")", "<", ">", "{{<", "{{%", "}}", "|", "`", "```", "~~~", "\\"),
    *("#", "##", "- ", "+ ", "1. ", "2)", "===", "---", "> ", ": ", "!", "&amp;", "&#60;", "&", "$", "@"),
    *("https://evil.example/", "www.evil.example", "a@evil.example", "<script>", "<!--more-->", "[x]"),
    *("\x00", "\x1b[31m", "\u202e", "\u200b", "\ud800", "\ufeff", "\n", "\r\n", "\t", "\u2028", "\xa0"),
    *("word", "Ferry", "é", "e\u0301", "北京", "Київ", "🎉", "می\u200cشود", " "),
]
any_text = st.one_of(st.text(), st.lists(st.sampled_from(HOSTILE_PIECES)).map("".join))
shown_text = any_text.filter(scrub)


def inline_tokens(markdown: str) -> list[Token]:
    return [token for block in MarkdownIt("commonmark").parse(markdown) for token in block.children or []]


def plain(tokens: list[Token]) -> str:
    return "".join(token.content for token in tokens if token.type == "text")


# --- scrub and shorten -----------------------------------------------------------------------------

SCRUBBED = {
    "line breaks and tabs part words": ("one\r\ntwo\tthree\u2028four\x85five", "one two three four five"),
    "controls go": ("a\x00b\x1b[31mc\x9bd\x7f", "ab[31mcd"),
    "bidi overrides go": ("abc\u202edef\u2066ghi\u200f", "abcdefghi"),
    "zero width space, mark and tags go": ("a\u200bb\ufeffc\U000e0041d", "abcd"),
    "lone surrogates go": ("a\ud800b", "ab"),
    "joiners stay": ("می\u200cشود 👩\u200d🚀", "می\u200cشود 👩\u200d🚀"),
    "a replacement character is to be seen": ("a\ufffdb", "a\ufffdb"),
    "non-breaking spaces stay inside": ("«\xa0Non\xa0»\xa0", "«\xa0Non\xa0»"),
    "nothing visible is nothing": ("\u202e\u200b \n", ""),
}


@pytest.mark.parametrize(("text", "expected"), SCRUBBED.values(), ids=SCRUBBED.keys())
def test_scrub(text: str, expected: str) -> None:
    assert scrub(text) == expected


@given(any_text)
def test_scrub_is_a_fixed_point_that_can_be_encoded(text: str) -> None:
    assert scrub(scrub(text)) == scrub(text)
    scrub(text).encode()


SHORTENED = {
    "short text is left alone": ("Ferry runs aground", 18, "Ferry runs aground"),
    "cut at the end of a word": ("Ferry runs aground off Skagen", 20, "Ferry runs aground…"),
    "a word that just fits is kept": ("Ferry runs aground off", 19, "Ferry runs aground…"),
    "no comma before the dots": ("Ferry, runs, aground, off", 22, "Ferry, runs, aground…"),
    "text without spaces is cut between characters": ("北京发布暴雨预警信号", 6, "北京发布暴…"),
    "never between a letter and its marks": ("ab" + "e\u0301" * 5, 6, "abe\u0301…"),
}


@pytest.mark.parametrize(("text", "limit", "expected"), SHORTENED.values(), ids=SHORTENED.keys())
def test_shorten(text: str, limit: int, expected: str) -> None:
    assert shorten(text, limit) == expected


@given(any_text.map(scrub), st.integers(1, 40))
def test_shortened_text_keeps_the_limit(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit


# --- Markdown --------------------------------------------------------------------------------------

ESCAPED = {
    "an ordinary headline is left alone": ("Ferry runs aground: $5m, 7% & 3 held", None),
    "emphasis": ("*a* _b_", r"\*a\* \_b\_"),
    "a link": ("[x](https://evil.example)", r"\[x\](https\://evil.example)"),
    "HTML": ("<b>", "&lt;b&gt;"),
    "an entity": ("R&amp;D & Co", "R&amp;amp;D & Co"),
    "a shortcode": ("{{< x >}}", r"\{\{&lt; x &gt;\}\}"),
    "a list": ("1. May", r"1\. May"),
    "a number that is none": ("1.5 million", r"1\.5 million"),
    "a heading and its end": ("# C#", r"\# C\#"),
    "a bare host and a mail address": ("www.evil.example a@b.example", r"www\.evil.example a\@b.example"),
}


@pytest.mark.parametrize(("text", "expected"), ESCAPED.values(), ids=ESCAPED.keys())
def test_escape_markdown(text: str, expected: str | None) -> None:
    assert escape_markdown(text) == (text if expected is None else expected)


PLACES = {
    "paragraph": ("{}", ["paragraph_open", "inline", "paragraph_close"]),
    "heading": ("## {}", ["heading_open", "inline", "heading_close"]),
    "list item": (
        "- {}",
        [
            *("bullet_list_open", "list_item_open", "paragraph_open", "inline"),
            *("paragraph_close", "list_item_close", "bullet_list_close"),
        ],
    ),
}


@pytest.mark.parametrize(("place", "blocks"), PLACES.values(), ids=PLACES.keys())
@given(text=shown_text)
@example(text="- - -")
@example(text="a ##")
@example(text="10) x")
def test_text_comes_back_from_every_place(place: str, blocks: list[str], text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(place.format(escape_markdown(text)))

    assert [token.type for token in tokens] == blocks
    inline = next(token.children or [] for token in tokens if token.type == "inline")
    assert {token.type for token in inline} == {"text"}
    assert plain(inline) == scrub(text)


@given(shown_text)
@example("Yahoo!")
@example("*")
def test_bold_text_comes_back(text: str) -> None:
    tokens = inline_tokens(f"- **{escape_markdown(text)}**: x")

    assert [token.type for token in tokens if token.type != "text"] == ["strong_open", "strong_close"]
    assert plain(tokens) == f"{scrub(text)}: x"


@given(any_text)
def test_no_site_generator_sees_its_own_marks(text: str) -> None:
    escaped = escape_markdown(text)

    assert not re.search(r"\{\{|\{%|<|(?<!\\)://", escaped)


@given(shown_text, any_text)
@example("]", ")](https://evil.example/)")
@example("x", "&copy;&#41;")
def test_link_comes_back(text: str, path: str) -> None:
    url = "https://outlet.example/" + path
    tokens = inline_tokens(markdown_link(text, url))

    assert tokens[0].type == "link_open"
    assert tokens[0].attrs == {"href": safe_url(url)}
    assert [token.type for token in tokens].count("link_open") == 1
    assert plain(tokens) == scrub(text)


def test_refused_address_leaves_the_text() -> None:
    assert markdown_link("A *b*", "javascript:alert(1)") == r"A \*b\*"


# --- URLs ------------------------------------------------------------------------------------------

URLS = {
    "a plain one stays": ("https://a.example/b_(c)?d=1&e=%20#f", "https://a.example/b_(c)?d=1&e=%20#f"),
    "upper-case scheme": ("HTTPS://a.example/", "https://a.example/"),
    "path of another script": ("https://a.example/ü?q=ж", "https://a.example/%C3%BC?q=%D0%B6"),
    "host of another script": ("https://новини.example:8080/", "https://xn--b1amarcd.example:8080/"),
    "host that looks like another": ("https://аррӏе.example/", "https://xn--80ak6aa92e.example/"),
    "host that no script allows": ("https://a\u0640b.example/", None),
    "spaces and quotes": ('https://a.example/b c"d', "https://a.example/b%20c%22d"),
    "shortcode": ("https://a.example/{{<x>}}", "https://a.example/%7B%7B%3Cx%3E%7D%7D"),
    "stray percent sign": ("https://a.example/100%", "https://a.example/100%25"),
    "password goes": ("https://user:word@a.example/", "https://a.example/"),
    "address literal": ("http://[::1]:8080/x", "http://[::1]:8080/x"),
    "none": (None, None),
    "empty": ("", None),
    "script": ("javascript:alert(1)", None),
    "script with a tab in it": ("java\tscript:alert(1)", None),
    "data": ("data:text/html,x", None),
    "another protocol": ("ftp://a.example/", None),
    "protocol-relative": ("//evil.example/", None),
    "no host": ("https:///x", None),
    "a backslash before the host's end": ("https://e\\@evil.example/", None),
    "brackets that are none": ("http://[::1", None),
    "a port that is none": ("http://a.example:99999/", None),
    "a line break in the host": ("https://a.exa\nmple/", None),
}


@pytest.mark.parametrize(("url", "expected"), URLS.values(), ids=URLS.keys())
def test_safe_url(url: str | None, expected: str | None) -> None:
    assert safe_url(url) == expected


@given(any_text)
def test_safe_url_is_a_fixed_point(path: str) -> None:
    url = safe_url(f"https://a.example{path}")

    assert url is None or safe_url(url) == url


# --- YAML and slugs --------------------------------------------------------------------------------


@given(any_text)
@example('"\n---\n<script>')
@example("2026-01-07")
@example("yes")
def test_quoted_scalar_comes_back(text: str) -> None:
    assert yaml.safe_load(f"a: {quoted_scalar(text)}\nb: 1") == {"a": scrub(text), "b": 1}
    assert json.loads(quoted_scalar(text)) == scrub(text)


SLUGS = {
    "plain": ("Ferry runs aground", "ferry-runs-aground"),
    "a grouped number is one number": ("List of key events, day 1,407", "list-of-key-events-day-1407"),
    "an apostrophe joins": ("Mayor’s office", "mayors-office"),
    "German": ("Fähre läuft auf Grund", "fahre-lauft-auf-grund"),
    "Ukrainian": ("Українські новини", "ukrainski-novini"),
    "Chinese": ("北京 新闻", "beijing-xinwen"),
    "cut at a word": ("a" * 30 + " " + "b" * 25 + " " + "c" * 20, "a" * 30 + "-" + "b" * 25),
    "a word that ends at the limit": ("a" * 40 + " " + "b" * 19 + " c", "a" * 40 + "-" + "b" * 19),
    "one endless word": ("a" * 400, "a" * 60),
    "a path": ("../../etc/passwd", "etc-passwd"),
    "nothing to spell": ("«…»", "story-7"),
    "nothing to see": ("\u202e", "story-7"),
}


@pytest.mark.parametrize(("text", "expected"), SLUGS.values(), ids=SLUGS.keys())
def test_slug(text: str, expected: str) -> None:
    assert slug(text, fallback="story-7") == expected


@given(any_text)
def test_slug_is_a_name_for_every_file_system_and_address(text: str) -> None:
    made = slug(text, fallback="x")

    assert 0 < len(made) <= 60
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert made == made.strip("-")
