"""An issue as one self-contained web page. Pure but for the templates it reads.

    2026-01-07-world.html

The page is the template `digest.html` with its style sheet inside; it runs no script and asks for
nothing, which its Content-Security-Policy makes a promise.
"""

from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

from aggregator.errors import PublishError
from aggregator.model import RenderedFile
from aggregator.publish.formats.reading import shown_words
from aggregator.publish.formats.templating import Templates
from aggregator.publish.issue import Issue

_VOID: Final = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_ACTIVE: Final = frozenset(
    ["applet", "base", "embed", "form", "frame", "iframe", "object", "portal", "script"]
)
_ADDRESSES: Final = frozenset(["action", "data", "formaction", "href", "poster", "src", "xlink:href"])
_SCHEMES: Final = frozenset(["", "http", "https", "mailto"])


def render_html(issue: Issue, templates: Templates) -> tuple[RenderedFile, ...]:
    """Return the one page of an issue."""
    return (RenderedFile(f"{issue.stem}.html", templates.render("digest.html", issue)),)


def verify_html(issue: Issue, files: Sequence[RenderedFile]) -> None:
    """Read the page back: its parts are closed, nothing in it acts, and each story shown is whole.

    A story counts as shown when its anchor is there, so a template may leave some out.

    Raises:
        PublishError: names the file and what is wrong with it.
    """
    for file in files:
        page = read_page(file)
        for story in issue.stories:
            words = shown_words(issue, story)
            if words not in page.text_of.get(story.anchor, words):
                raise PublishError(f"{file.path}: story {story.anchor} lost its headline")


def read_page(file: RenderedFile) -> "Page":
    """Parse a page and refuse what may not be in one.

    Raises:
        PublishError: an element is not closed, or acts: a script, a form, a frame, an event handler, an
            address of another kind than web or mail.
    """
    page = Page()
    page.feed(file.text)
    page.close()
    if page.open_elements:
        page.problems.append(f"<{page.open_elements[-1].tag}> is not closed")
    if page.problems:
        raise PublishError(f"{file.path}: {page.problems[0]}")
    return page


class _Element:
    """An element that is not closed yet and the text found in it so far."""

    def __init__(self, tag: str, ident: str | None) -> None:
        self.tag = tag
        self.ident = ident
        self.texts: list[str] = []


class Page(HTMLParser):
    """What stands in a page: addresses in order, texts by id, and what is wrong with it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.addresses: list[str] = []
        self.tags: set[str] = set()
        self.text_of: dict[str, str] = {}
        self.problems: list[str] = []
        self.open_elements: list[_Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag in _ACTIVE:
            self.problems.append(f"<{tag}> may not be in a digest")
        for name, value in attrs:
            self._check(name, value or "")
        if tag not in _VOID:
            self.open_elements.append(_Element(tag, dict(attrs).get("id")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open_elements or self.open_elements[-1].tag != tag:
            self.problems.append(f"</{tag}> closes nothing")
            return
        element = self.open_elements.pop()
        text = "".join(element.texts)
        if element.ident:
            self.text_of[element.ident] = text
        if self.open_elements:
            self.open_elements[-1].texts.append(text)

    def handle_data(self, data: str) -> None:
        if self.open_elements:
            self.open_elements[-1].texts.append(data)

    def _check(self, name: str, value: str) -> None:
        if name.startswith("on"):
            self.problems.append(f"the attribute {name} may not be in a digest")
        if name in _ADDRESSES:
            self.addresses.append(value)
            if urlsplit(value.strip()).scheme not in _SCHEMES:
                self.problems.append(f"not a web address: {value[:80]!r}")
