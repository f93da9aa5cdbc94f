"""An issue as plain text of 78 columns, for a terminal, a text file or a mail. Pure.

    World: January 7, 2026
    ======================

    14 stories from 31 outlets on Wednesday, January 7, 2026 (9 new, 5 updated); times in
    Europe/Berlin.

    Ferry runs aground off Skagen
    -----------------------------
    New · first seen 09:14 · 2 outlets · 2 headlines

    * Harbour Post: Ferry runs aground off Skagen
      https://harbour.example/ferry

A wide character (Chinese, Japanese, Korean, most emoji) is two columns, a mark on a letter none. An address is
never broken: it stands on a line of its own and may be longer. Foreign text never begins a line, so it
cannot pass for a heading.
"""

import unicodedata
from collections.abc import Iterator, Sequence

from aggregator.errors import PublishError
from aggregator.model import RenderedFile
from aggregator.publish.issue import Issue, IssueStory, Section
from aggregator.publish.language import language_of
from aggregator.publish.text import safe_url

COLUMNS = 78
_BULLET, _HANGING = "* ", "  "


def render_text(issue: Issue) -> tuple[RenderedFile, ...]:
    """Return the one file of an issue; "no stories" is a file too."""
    blocks = [_underlined(issue.title, "="), wrapped(issue.dek)]
    if issue.opening:
        blocks.append(wrapped(issue.opening))
    for section in issue.sections:
        blocks += _section_blocks(section, issue)
    if issue.also:
        blocks.append(_underlined(issue.also_title, "="))
        blocks += [_event(story) if issue.is_key_events else _compact(story) for story in issue.also]
    feeds = [url for url in map(safe_url, issue.day.source_urls) if url]
    if feeds:
        label = language_of(issue.language).say("feeds_line", feeds="").rstrip()
        blocks.append("\n".join([label, *(_HANGING + url for url in feeds)]))
    return (RenderedFile(f"{issue.stem}.txt", "\n\n".join(blocks) + "\n"),)


def verify_text(issue: Issue, files: Sequence[RenderedFile]) -> None:
    """Check widths and that every headline, or every fact, can be read. Raises PublishError naming the file."""
    for file in files:
        for line in file.text.splitlines():
            is_address = line.startswith((f"{_HANGING}http:", f"{_HANGING}https:"))
            if columns(line) > COLUMNS and not is_address:
                raise PublishError(f"{file.path} has a line of {columns(line)} columns: {line[:40]!r}")
        read = _unspaced(file.text)
        for text in _shown_texts(issue):
            if _unspaced(text) not in read:
                raise PublishError(f"{file.path} does not have {text[:80]!r}")


def columns(text: str) -> int:
    """Return how many columns a terminal needs for a line."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


def wrapped(text: str, first: str = "", hanging: str = "") -> str:
    """Return text in lines of at most 78 columns, the first one and the others with their indents.

    Lines are broken at spaces; a word that is wider than a line is broken anywhere.
    """
    lines: list[str] = []
    line, indent = first, first
    for piece in _pieces(text, COLUMNS - max(columns(first), columns(hanging))):
        gap = "" if line == indent else " "
        if columns(line) + len(gap) + columns(piece) > COLUMNS:
            lines.append(line)
            line = indent = hanging
            gap = ""
        line += gap + piece
    return "\n".join([*lines, line])


def _section_blocks(section: Section, issue: Issue) -> Iterator[str]:
    if section.title:
        yield _underlined(section.title, "=")
    for story in section.stories:
        if issue.is_key_events:
            yield _event(story)
        else:
            yield _underlined(story.headline, "-") + "\n" + wrapped(story.facts)
            if story.neighbours:
                yield wrapped(story.neighbours)
            yield _reports(story)


def _reports(story: IssueStory) -> str:
    return "\n".join(
        _item(f"{report.outlet}: {article.headline}", article.link)
        for report in story.reports
        for article in report.articles
    )


def _compact(story: IssueStory) -> str:
    return _reports(story) + (
        f"\n{wrapped(story.neighbours, _HANGING, _HANGING)}" if story.neighbours else ""
    )


def _event(story: IssueStory) -> str:
    source = story.fact_source
    told = ", ".join(filter(None, [source.outlet if source else "", story.also_by]))
    neighbours = f" ({story.neighbours})" if story.neighbours else ""
    return _item(f"{story.fact} — {told}{neighbours}", source.link if source else None)


def _item(text: str, link: str | None) -> str:
    return wrapped(text, _BULLET, _HANGING) + (f"\n{_HANGING}{link}" if link else "")


def _underlined(text: str, mark: str) -> str:
    lines = wrapped(text)
    return f"{lines}\n{mark * max(map(columns, lines.splitlines()))}"


def _pieces(text: str, room: int) -> Iterator[str]:
    """Yield the words of a text, those wider than the room in parts."""
    for word in text.split(" "):
        if columns(word) <= room:
            yield from [word] if word else []
            continue
        part = ""
        for letter in word:
            if part and columns(part) + _width(letter) > room:
                yield part
                part = ""
            part += letter
        if part:
            yield part


def _width(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _shown_texts(issue: Issue) -> Iterator[str]:
    yield issue.title
    for story in issue.stories:
        if issue.is_key_events:
            yield story.fact
        else:
            yield from (article.headline for report in story.reports for article in report.articles)


def _unspaced(text: str) -> str:
    return "".join(text.split())
