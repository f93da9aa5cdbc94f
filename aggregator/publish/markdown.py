"""An issue as one Markdown file (CommonMark, no extension used, no raw HTML), and its reading back. Pure.

    # World: January 7, 2026
    14 stories from 31 outlets on Wednesday, January 7, 2026 (9 new, 5 updated); times in Europe/Berlin.
    ## Ferry runs aground off Skagen
    New · first seen 09:14 · 2 outlets · 2 headlines
    - **Harbour Post**: [Ferry runs aground off Skagen](https://…)
    - **Nordlicht Kurier**: [Fähre läuft vor Skagen auf Grund](https://…)
    ## Also reported
    - **Valley Times**: [Bridge to close for repairs](https://…)

In the key-events style a story is one bullet:

    Here is where things stand on Wednesday, January 7:
    ## Sea and coast
    - The ferry Alba ran aground off Skagen with 214 people on board. — [Harbour Post](https://…), also Nordlicht Kurier

Every headline of the day is in the file exactly once, under its outlet; parsing the file gives back headline,
outlet and link. Sections put a level of headings above the stories.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from aggregator.errors import PublishError
from aggregator.model import RenderedFile
from aggregator.publish.issue import Issue, IssueStory, Section
from aggregator.publish.language import language_of
from aggregator.publish.text import escape_markdown, markdown_link, safe_url

_ALLOWED_TOKENS = frozenset(
    f"{name}_{end}"
    for name in ("heading", "paragraph", "bullet_list", "list_item", "link", "strong")
    for end in ("open", "close")
) | {"inline", "text"}


def render_markdown(issue: Issue) -> tuple[RenderedFile, ...]:
    """Return the one file of an issue; "no stories" is a file too."""
    blocks = [f"# {escape_markdown(issue.title)}", *body_blocks(issue)]
    return (RenderedFile(f"{issue.stem}.md", joined(blocks)),)


def verify_markdown(issue: Issue, files: Sequence[RenderedFile]) -> None:
    """Parse the file: headings and links must be those of the issue. Raises PublishError naming the file."""
    for file in files:
        verify_document(file.path, file.text, [issue.title, *issue_headings(issue)], issue_links(issue))


def body_blocks(issue: Issue) -> Iterator[str]:
    """Yield what stands under the title: dek, sections with stories, the compact list, the feeds."""
    yield escape_markdown(issue.dek)
    if issue.opening:
        yield escape_markdown(issue.opening)
    for section in issue.sections:
        yield from _section_blocks(section, issue)
    if issue.also:
        yield f"## {escape_markdown(issue.also_title)}"
        yield "\n".join(_bullet(story) if issue.is_key_events else _compact(story) for story in issue.also)
    feeds = [markdown_link(text, url) for text, url in _feed_links(issue)]
    if feeds:
        yield language_of(issue.language).say("feeds_line", feeds=", ".join(feeds))


def story_blocks(story: IssueStory) -> Iterator[str]:
    """Yield a story's facts, its place in a series, and its outlets with headlines and links."""
    yield escape_markdown(story.facts)
    if story.neighbours:
        yield escape_markdown(story.neighbours)
    yield "\n".join(_outlet_lines(story))


def joined(blocks: Iterable[str]) -> str:
    """Return the text of a document: blocks parted by blank lines, one line end at its end."""
    return "\n\n".join(blocks) + "\n"


def _section_blocks(section: Section, issue: Issue) -> Iterator[str]:
    if section.title:
        yield f"## {escape_markdown(section.title)}"
    if issue.is_key_events:
        yield "\n".join(map(_bullet, section.stories))
        return
    marks = "###" if section.title else "##"
    for story in section.stories:
        yield f"{marks} {escape_markdown(story.headline)}"
        yield from story_blocks(story)


def _outlet_lines(story: IssueStory) -> Iterator[str]:
    for report in story.reports:
        links = "; ".join(markdown_link(article.headline, article.link) for article in report.articles)
        yield f"- **{escape_markdown(report.outlet)}**: {links}"


def _compact(story: IssueStory) -> str:
    return "".join(_outlet_lines(story)) + _in_brackets(story.neighbours)


def _bullet(story: IssueStory) -> str:
    """Return the key-events line: the sentence, who says so, who else, the place in a series."""
    source = story.fact_source
    said_by = markdown_link(source.outlet, source.link) if source else ""
    also = f", {escape_markdown(story.also_by)}" if story.also_by else ""
    return f"- {escape_markdown(story.fact)} — {said_by}{also}{_in_brackets(story.neighbours)}"


def _in_brackets(text: str) -> str:
    return f" ({escape_markdown(text)})" if text else ""


def _feed_links(issue: Issue) -> list[tuple[str, str]]:
    return [(urlsplit(url).netloc, url) for url in map(safe_url, issue.day.source_urls) if url]


# --- reading back ----------------------------------------------------------------------------------

Link = tuple[str, str]
"""Text and address."""


def verify_document(path: str, text: str, headings: Sequence[str], links: Sequence[Link]) -> None:
    """Check that a CommonMark parser finds these headings and links, in order, and nothing unforeseen.

    Raises:
        PublishError: it does not; names the file and the first difference.
    """
    tokens = _parser().parse(text)
    everything = [*tokens, *(child for token in tokens for child in token.children or [])]
    strange = sorted({token.type for token in everything} - _ALLOWED_TOKENS)
    if strange:
        raise PublishError(f"{path} reads back with {', '.join(strange)}, which no digest has")
    found_headings = [
        _plain(after.children or []) for token, after in pairwise(tokens) if token.type == "heading_open"
    ]
    found_links = [link for token in tokens for link in _links_in(token.children or [])]
    _compare(path, "heading", found_headings, list(headings))
    _compare(path, "link", found_links, list(links))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark")
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]  # it would rewrite hosts
    return parser


def story_links(story: IssueStory) -> list[Link]:
    """Return the links that `story_blocks` has, in order."""
    return [
        (article.headline, article.link)
        for report in story.reports
        for article in report.articles
        if article.link
    ]


def issue_headings(issue: Issue) -> Iterator[str]:
    """Yield the headings below the title, in order."""
    for section in issue.sections:
        if section.title:
            yield section.title
        if not issue.is_key_events:
            yield from (story.headline for story in section.stories)
    if issue.also:
        yield issue.also_title


def issue_links(issue: Issue) -> list[Link]:
    """Return the links of the day's page, in order."""
    if issue.is_key_events:
        sources = [story.fact_source for story in issue.stories]
        found = [(source.outlet, source.link) for source in sources if source and source.link]
    else:
        found = [link for story in issue.stories for link in story_links(story)]
    return found + _feed_links(issue)


def _links_in(tokens: Sequence[Token]) -> Iterator[Link]:
    for number, token in enumerate(tokens):
        if token.type == "link_open":
            end = next(n for n in range(number, len(tokens)) if tokens[n].type == "link_close")
            yield _plain(tokens[number:end]), str(token.attrs["href"])


def _plain(tokens: Sequence[Token]) -> str:
    return "".join(token.content for token in tokens if token.type == "text")


def _compare(path: str, what: str, found: Sequence[object], expected: Sequence[object]) -> None:
    if list(found) != list(expected):
        pairs = zip([*found, None], [*expected, None], strict=False)
        first, wanted = next((pair for pair in pairs if pair[0] != pair[1]), (None, None))
        raise PublishError(f"{path} reads back with {what} {first!r} where {wanted!r} was written")
