"""A day as one Markdown file (CommonMark, no extension used, no raw HTML). Pure.

    # World: 7 January 2026
    14 stories from 31 outlets on Wednesday, 7 January 2026, 9 new, 5 updated; times in Europe/Berlin.
    ## Ferry runs aground off Skagen
    New · first seen 09:14 · 2 outlets, 2 headlines
    - **Harbour Post**: [Ferry runs aground off Skagen](https://…)
    - **Nordlicht Kurier**: [Fähre läuft vor Skagen auf Grund](https://…)
    ## Also reported
    - **Valley Times**: [Bridge to close for repairs](https://…)

Every headline of the day is in the file exactly once, under its outlet; parsing the file gives
back headline, outlet and link.
"""

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from aggregator.model import DigestArticle, DigestDay, DigestStory, RenderedFile
from aggregator.publish.text import escape_markdown, markdown_link, safe_url, slug
from aggregator.publish.wording import (
    day_dek,
    day_title,
    facts,
    headline_text,
    outlet_name,
    series_neighbours,
)

ALSO_REPORTED = "Also reported"


def render_markdown(day: DigestDay) -> tuple[RenderedFile, ...]:
    """Return the one file of a topic and day, stories in the order given; "no stories" is a file too."""
    blocks = [f"# {escape_markdown(day_title(day))}", escape_markdown(day_dek(day)), *day_blocks(day)]
    return (RenderedFile(f"{day_stem(day)}.md", joined(blocks)),)


def day_stem(day: DigestDay) -> str:
    """Return the file name of a day without its ending: "2026-01-07-world", "…-addendum"."""
    return f"{day.day.isoformat()}-{slug(day.topic, 'topic')}" + ("-addendum" if day.is_addendum else "")


def day_blocks(day: DigestDay) -> Iterator[str]:
    """Yield what stands under the dek: stories, the list of single-outlet stories, the feeds."""
    for story in day.stories:
        if len(story.outlets) > 1:
            yield f"## {escape_markdown(headline_text(story.headline))}"
            yield from story_blocks(story, day)
    singles = [story for story in day.stories if len(story.outlets) == 1]
    if singles:
        yield f"## {ALSO_REPORTED}"
        yield "\n".join(_single_line(story) for story in singles)
    feeds = [markdown_link(urlsplit(url).netloc, url) for url in day.source_urls if safe_url(url)]
    if feeds:
        yield f"Feeds: {', '.join(feeds)}"


def story_blocks(story: DigestStory, day: DigestDay) -> Iterator[str]:
    """Yield a story's facts, its place in a series, and its outlets with headlines and links."""
    yield escape_markdown(facts(story, day))
    neighbours = series_neighbours(story)
    if neighbours:
        yield escape_markdown(neighbours)
    yield "\n".join(_outlet_lines(story))


def joined(blocks: Iterable[str]) -> str:
    """Return the text of a document: blocks parted by blank lines, one line end at its end."""
    return "\n\n".join(blocks) + "\n"


def _outlet_lines(story: DigestStory) -> Iterator[str]:
    by_outlet: dict[str, list[DigestArticle]] = {}
    for article in story.articles:
        by_outlet.setdefault(outlet_name(article.outlet), []).append(article)
    for outlet, articles in by_outlet.items():
        links = "; ".join(markdown_link(headline_text(one.headline), one.link) for one in articles)
        yield f"- **{escape_markdown(outlet)}**: {links}"


def _single_line(story: DigestStory) -> str:
    neighbours = series_neighbours(story)
    return "".join(_outlet_lines(story)) + (f" ({escape_markdown(neighbours)})" if neighbours else "")
