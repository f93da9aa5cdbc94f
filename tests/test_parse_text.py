"""Markup to text, text to one printable line, and which links are kept."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.parse.links import MAX_LINK_CHARACTERS, origin, web_link
from aggregator.parse.text import clean_text, html_to_text, unescape_once

MARKUP = {
    "plain text": ("Ferries resume", "Ferries resume"),
    "inline tags vanish": ("<b>New</b>ton<i>'s</i>", "Newton's"),
    "blocks part words": ("<p>One</p><p>Two</p>Three<br/>Four", " One  Two Three Four"),
    "comparisons are text": ("5 < 7 & 9 > 3", "5 < 7 & 9 > 3"),
    "hearts and generics are text": ("I <3 List<String>", "I <3 List<String>"),
    "references are resolved once": ("&lt;b&gt; &amp;amp; &#8217;", "<b> &amp; ’"),
    "references without a semicolon are text": ("AT&T &copy2026 &amp", "AT&T &copy2026 &amp"),
    "scripts go with their content": ("a<script>if (1<2) x()</script>b", "a b"),
    "styles go with their content": ("<style>p{}</style>x", " x"),
    "an unclosed script hides the rest": ("a<script>b", "a "),
    "comments go": ("a<!-- <b>x</b> -->b", "a b"),
    "attributes may hold angle brackets": ('<img alt="a > b" src="x">c', " c"),
    "a tag cut off is text": ("x <b", "x <b"),
    "impossible references": ("&#xD800;&#0;&#1114112;", "\ufffd\ufffd\ufffd"),
}

LINES = {
    "white space of all kinds": (" a\tb\r\nc\u00a0\u3000d\u2028e ", "a b c d e"),
    "controls are blanks": ("a\x00b\x1bc\x9bd", "a b c d"),
    "bidi overrides go": ("a\u202eb\u2066c", "abc"),
    "tag characters go": ("a\U000e0041b", "ab"),
    "joiners stay": ("می\u200cخواهم", "می\u200cخواهم"),
    "composed": ("e\u0301", "é"),
    "surrogates": ("a\ud800b", "a\ufffdb"),
    "nothing": (" \u200b ", ""),
}

KEPT = {
    "http": ("http://a.example/x", "http://a.example/x"),
    "https in capitals": ("HTTPS://A.example/X", "HTTPS://A.example/X"),
    "with a port": ("https://a.example:8443/", "https://a.example:8443/"),
    "with everything": ("https://a.example/p;q?r=1&s=%20#t", "https://a.example/p;q?r=1&s=%20#t"),
    "relative": ("x/y", "https://base.example/feeds/x/y"),
    "absolute path": ("/x", "https://base.example/x"),
    "without a scheme": ("//a.example/x", "https://a.example/x"),
    "only a query": ("?p=1", "https://base.example/feeds/all.xml?p=1"),
    "blanks inside and out": (" https://a.example/x y ", "https://a.example/x%20y"),
    "broken over lines": ("https://a.example/x\r\n  y", "https://a.example/xy"),
    "international": ("https://bücher.example/straße", "https://bücher.example/straße"),
    "IPv6": ("http://[2001:db8::1]/x", "http://[2001:db8::1]/x"),
    "as long as allowed": (
        "https://a.example/" + "x" * (MAX_LINK_CHARACTERS - 18),
        "https://a.example/" + "x" * (MAX_LINK_CHARACTERS - 18),
    ),
}

REFUSED = {
    "nothing": "",
    "blanks": " \n ",
    "javascript": "javascript:alert(1)",
    "javascript in capitals": "JaVaScRiPt:alert(1)",
    "javascript broken by a tab": "java\tscript:alert(1)",
    "javascript after a control character": "\x01javascript:alert(1)",
    "data": "data:text/html;base64,PHNjcmlwdD4=",
    "vbscript": "vbscript:msgbox(1)",
    "file": "file:///etc/passwd",
    "ftp": "ftp://a.example/x",
    "mail": "mailto:a@a.example",
    "a user": "https://user@a.example/",
    "a user and a password": "https://user:secret@a.example/",
    "an empty user": "https://@a.example/",
    "a backslash": "https:\\\\a.example\\x",
    "a backslash before an at sign": "https://a.example\\@b.example/",
    "no host": "https:///x",
    "no host but a port": "https://:80/x",
    "a port that is no port": "https://a.example:99999/",
    "a bracket that never closes": "https://[::1/x",
    "a zero-width space in the host": "https://a\u200b.example/",
    "a bidi override": "https://a.example/\u202egpj.exe",
    "NUL": "https://a.example/\x00",
    "a surrogate": "https://a.example/\ud800",
    "too long": "https://a.example/" + "x" * MAX_LINK_CHARACTERS,
}


@pytest.mark.parametrize(("markup", "text"), MARKUP.values(), ids=MARKUP.keys())
def test_markup_becomes_text(markup: str, text: str) -> None:
    assert html_to_text(markup) == text


@pytest.mark.parametrize(("text", "line"), LINES.values(), ids=LINES.keys())
def test_text_becomes_a_line(text: str, line: str) -> None:
    assert clean_text(text, 100) == line


def test_a_cut_is_made_between_words_and_marked() -> None:
    assert clean_text("one two three four five", 20) == "one two three four…"
    assert clean_text("x" * 30, 20) == "x" * 19 + "…"
    assert clean_text("x" * 20, 20) == "x" * 20


def test_leading_blanks_do_not_use_up_the_length() -> None:
    assert clean_text(" " * 10_000 + "word", 10) == "word"


@given(st.text(), st.integers(1, 50))
def test_a_clean_line_is_a_fixed_point(text: str, max_characters: int) -> None:
    line = clean_text(text, max_characters)

    assert len(line) <= max_characters
    assert clean_text(line, max_characters) == line
    assert all(character.isprintable() or unicodedata.category(character) != "Cc" for character in line)


@given(st.text(st.sampled_from("<>/!-&;#x \"'bpscriptl0")))
def test_any_markup_becomes_some_text(markup: str) -> None:
    assert len(html_to_text(markup)) <= len(markup)


@given(st.text())
def test_text_without_references_stays(text: str) -> None:
    assert unescape_once(text.replace(";", ",")) == text.replace(";", ",")


@pytest.mark.parametrize(("text", "link"), KEPT.values(), ids=KEPT.keys())
def test_a_link_is_kept(text: str, link: str) -> None:
    assert web_link(text, "https://base.example/feeds/all.xml") == link


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_a_link_is_refused(text: str) -> None:
    assert web_link(text, "") is None


@given(st.text(st.sampled_from("htps:/\\@.[]a1%?#& \t\n\x00\u202e"), max_size=30))
def test_any_text_is_a_web_link_or_none(text: str) -> None:
    link = web_link(text, "https://base.example/")

    assert link is None or (link.lower().startswith(("http://", "https://")) and "\\" not in link)


def test_the_origin_is_scheme_and_host() -> None:
    assert origin("https://WWW.Post.example/rss?x=1") == "https://www.post.example"
    assert origin("http://post.example:8080") == "http://post.example:8080"
    assert origin("post.example") is None
    assert origin(None) is None
