"""An issue as a book: EPUB 3 with cover, contents and a chapter for each section; or a week of issues.

    2026-01-07-world.epub
    2026-W02-world.epub       a chapter for each day, with its sections below it

Facts
-----
* `mimetype` must be the first member and stored as it is; everything else may be compressed.
* The zip format notes a time and a system for each member; both are fixed here, so that the same issue
  gives the same bytes. Compression is zlib's, level 9.
* A book is known by its identifier: the same for an issue however often it is made.
* Titles of a day with none of them still make a valid book: cover, contents and a front page.
"""

import io
import unicodedata
import uuid
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aggregator.errors import PublishError
from aggregator.model import RenderedFile
from aggregator.publish.formats.charts import on_days, week_days
from aggregator.publish.formats.reading import shown_words
from aggregator.publish.formats.templating import Templates
from aggregator.publish.issue import Issue, IssueStory
from aggregator.publish.text import shorten

_MIMETYPE: Final = "application/epub+zip"
_CONTAINER: Final = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "tag:headline-aggregator,2026:epub")
_OPF: Final = "{http://www.idpf.org/2007/opf}"
_COVER_LINES: Final = 5
_COVER_COLUMNS: Final = 19  # Latin letters in a line of the cover's title
_COVER_BAR_HEIGHT: Final = 260


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the book in the order of reading; `is_compact` tells the list of single-outlet stories.

    `issue` is what is printed on it; `below` are the pages that stand under it in the contents.
    """

    id: str
    template: str
    title: str
    issue: Issue
    stories: tuple[IssueStory, ...] = ()
    is_compact: bool = False
    below: tuple["Page", ...] = ()

    def leads(self, count: int) -> list[tuple["Page", IssueStory]]:
        """Return the widest stories of the pages below, each with its page; single-outlet ones if all are."""
        stories = [(page, story) for page in self.below for story in page.stories]
        return sorted(stories, key=lambda pair: -pair[1].independent_outlets)[:count]


def render_epub(issue: Issue, templates: Templates) -> tuple[RenderedFile, ...]:
    """Return the one book of an issue."""
    return (_bound(issue, day_chapters(issue), templates),)


def render_week(week: Issue, days: Sequence[Issue], templates: Templates) -> RenderedFile:
    """Return the book of a week: `week` is its front (see `bind_week`), `days` are its issues in order.

    Raises:
        PublishError: it does not read back as what was written, or a template is wrong.
    """
    book = _bound(week, week_chapters(week, days), templates)
    for issue in days:
        verify_epub(issue, [book])
    return book


def verify_epub(issue: Issue, files: Sequence[RenderedFile]) -> None:
    """Open the book: its members are what the package says, all are XML, every headline is in its text.

    Raises:
        PublishError: names the file and what is wrong with it.
    """
    for file in files:
        try:
            texts = _read_back(file.body)
        except (zipfile.BadZipFile, ET.ParseError, KeyError, ValueError) as error:
            raise PublishError(f"{file.path}: not a book: {error}") from error
        shown = "".join(texts)
        missing = [story.anchor for story in issue.stories if shown_words(issue, story) not in shown]
        if missing:
            raise PublishError(f"{file.path}: story {missing[0]} lost its headline")


def day_chapters(issue: Issue) -> list[Page]:
    """Return cover, front page, a page for each section, and the compact list if there is one."""
    return [
        Page("cover", "epub/cover.xhtml", issue.day.title, issue),
        Page("front", "epub/front.xhtml", issue.title, issue),
        *_section_pages(issue),
    ]


def week_chapters(week: Issue, days: Sequence[Issue]) -> list[Page]:
    """Return cover, front page, and a page for each day with those of its sections below it."""
    chapters = [
        Page("cover", "epub/cover.xhtml", week.day.title, week),
        Page("front", "epub/week.xhtml", week.title, week),
    ]
    for issue in days:
        name = f"day-{issue.date.isoformat()}"
        below = tuple(_section_pages(issue, f"{name}-"))
        chapters.append(Page(name, "epub/front.xhtml", issue.date_text, issue, below=below))
    return chapters


def _section_pages(issue: Issue, prefix: str = "") -> Iterator[Page]:
    template = "epub/section.xhtml"
    for number, section in enumerate(issue.sections, start=1):
        title = section.title or issue.title
        yield Page(f"{prefix}section-{number}", template, title, issue, section.stories)
    if issue.also:
        yield Page(f"{prefix}also", template, issue.also_title, issue, issue.also, is_compact=True)


def title_lines(title: str) -> list[str]:
    """Return a title in the lines of the cover, the last one cut with "…" if it does not fit."""
    # Shortened first: a title of thousands of letters would be measured over and over.
    lines = list(_wrapped(shorten(title, _COVER_LINES * _COVER_COLUMNS)))
    if len(lines) > _COVER_LINES:
        lines[_COVER_LINES - 1] += "…"
    return lines[:_COVER_LINES]


def _bound(issue: Issue, chapters: Sequence[Page], templates: Templates) -> RenderedFile:
    members = {"META-INF/container.xml": _CONTAINER}
    members |= {f"book/{name}": text for name, text in _book(issue, chapters, templates)}
    return RenderedFile(f"{issue.stem}.epub", data=_zipped(issue, members))


def _book(issue: Issue, chapters: Sequence[Page], templates: Templates) -> Iterator[tuple[str, str]]:
    pages = [page for chapter in chapters for page in (chapter, *chapter.below)]
    uid = uuid.uuid5(_NAMESPACE, f"{issue.stem} {issue.language}").urn
    yield "package.opf", templates.render("epub/package.opf", issue, pages=pages, uid=uid)
    yield "nav.xhtml", templates.render("epub/nav.xhtml", issue, chapters=chapters)
    yield "style.css", templates.render("epub/style.css", issue)
    yield "cover.svg", templates.render("epub/cover.svg", issue, **_cover(issue))
    for page in pages:
        yield f"{page.id}.xhtml", templates.render(page.template, page.issue, page=page, chapters=chapters)


def _cover(issue: Issue) -> Mapping[str, object]:
    days = week_days(issue.date)
    counts = [count.stories for count in on_days(issue.day.week, days)]
    top = max(1, *counts)
    bars = [round(_COVER_BAR_HEIGHT * count / top) for count in counts]
    return {"title_lines": title_lines(issue.title), "bars": bars, "days": days}


def _wrapped(title: str) -> Iterator[str]:
    """Yield lines of a title, broken at spaces, and inside a word only where one fills a line."""
    line = ""
    for word in title.split():
        if line and _columns(f"{line} {word}") > _COVER_COLUMNS:
            yield line
            line = ""
        line = f"{line} {word}".strip()
        while _columns(line) > _COVER_COLUMNS:
            end = next(end for end in range(len(line), 0, -1) if _columns(line[:end]) <= _COVER_COLUMNS)
            yield line[:end]
            line = line[end:]
    if line:
        yield line


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _zipped(issue: Issue, members: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr(_member(issue, "mimetype"), _MIMETYPE, zipfile.ZIP_STORED)
        for name, text in members.items():
            book.writestr(_member(issue, name), text, zipfile.ZIP_DEFLATED, compresslevel=9)
    return out.getvalue()


def _member(issue: Issue, name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (max(issue.date.year, 1980), issue.date.month, issue.date.day, 0, 0, 0))
    info.create_system = 3  # Unix, on whatever machine this runs
    info.external_attr = 0o644 << 16
    return info


def _read_back(data: bytes) -> list[str]:
    """Return all texts of a book's pages.

    Raises:
        ValueError: a member is missing or is one too many.
        KeyError, zipfile.BadZipFile, ET.ParseError: it is no book at all.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        if book.infolist()[0].filename != "mimetype" or book.read("mimetype") != _MIMETYPE.encode():
            raise ValueError("mimetype is not its first member")
        package = ET.fromstring(book.read("book/package.opf"))
        listed = {f"book/{item.attrib['href']}" for item in package.iter(f"{_OPF}item")}
        held = set(book.namelist()) - {"mimetype", "META-INF/container.xml", "book/package.opf"}
        if listed != held:
            raise ValueError(f"package and members differ: {sorted(listed ^ held)}")
        trees = [ET.fromstring(book.read(name)) for name in sorted(held) if not name.endswith(".css")]
    return [text for tree in trees for text in tree.itertext()]
