"""A day as posts for a Hugo site: one for each story and one for the day. Pure.

    hugo/2026-01-07-world.md             the day
    hugo/2026-01-07-world/story-412.md   a story

Facts
-----
* Hugo renders the front matter's `summary` as Markdown, all other values are plain text.
* Its own templates take `series` for a list of names.
* A post with a date in the future is not built; a day is published after its end, so none has.
* Two posts of one folder with one slug overwrite each other without a word.
* A file name is made of the date, the topic and the story's id alone; the slug only makes the
  address readable.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, time
from itertools import chain
from typing import TypeAlias
from zoneinfo import ZoneInfo

from aggregator.model import DigestDay, DigestStory, RenderedFile
from aggregator.publish.markdown import day_blocks, day_stem, joined, story_blocks
from aggregator.publish.tags import MAX_TAGS, headline_tags, vouched_words
from aggregator.publish.text import escape_markdown, safe_url, scrub, shorten, slug, yaml_scalar
from aggregator.publish.wording import (
    day_dek,
    day_title,
    facts,
    headline_text,
    long_date,
    names,
    outlet_name,
)

FOLDER = "hugo"
DESCRIPTION_LIMIT = 300  # characters

Value: TypeAlias = str | bool | int | datetime | Sequence[str]
FrontMatter: TypeAlias = Sequence[tuple[str, Value]]


def render_hugo(day: DigestDay) -> tuple[RenderedFile, ...]:
    """Return the day's post and one post for each story, in the order given."""
    vouched = vouched_words(article.headline for story in day.stories for article in story.articles)
    tags = [_story_tags(story, vouched) for story in day.stories]
    stem = f"{FOLDER}/{day_stem(day)}"
    posts = [RenderedFile(f"{stem}.md", _day_post(day, tags))]
    for story, slug_, tags_ in zip(day.stories, _slugs(day.stories), tags, strict=True):
        path = f"{stem}/story-{story.story_id}.md"
        posts.append(RenderedFile(path, _story_post(story, day, slug_, tags_)))
    return tuple(posts)


def _story_post(story: DigestStory, day: DigestDay, slug_: str, tags: Sequence[str]) -> str:
    front: list[tuple[str, Value]] = [
        ("title", headline_text(story.headline)),
        ("date", _story_time(story, day)),
        ("description", _description(story)),
        ("summary", escape_markdown(_summary(story, day))),
        ("slug", slug_),
        ("image", ""),
        ("link", _link(story)),
        ("source", _source(day)),
        ("categories", [day.title]),
        ("tags", tags),
        ("draft", False),
        ("outlets", _outlets(story)),
        ("story_id", story.story_id),
        ("day", day.day.isoformat()),
    ]
    if story.series:
        front.append(("series", [story.series]))
    if story.serial:
        front.append(("serial", story.serial))
    return joined([_front_matter(front), *story_blocks(story, day)])


def _day_post(day: DigestDay, tags: Sequence[Sequence[str]]) -> str:
    headlines = "; ".join(headline_text(story.headline) for story in day.stories)
    front: list[tuple[str, Value]] = [
        ("title", day_title(day)),
        ("date", datetime.combine(day.day, time(23, 59, 59), ZoneInfo(day.timezone))),
        ("description", shorten(headlines or day_dek(day), DESCRIPTION_LIMIT)),
        ("summary", escape_markdown(day_dek(day))),
        ("slug", day_stem(day)),
        ("image", ""),
        ("link", ""),
        ("source", _source(day)),
        ("categories", [day.title]),
        ("tags", _day_tags(tags)),
        ("draft", False),
        ("outlets", list(dict.fromkeys(chain.from_iterable(map(_outlets, day.stories))))),
        ("day", day.day.isoformat()),
    ]
    if day.number is not None:
        front.append(("serial", f"{day.number:,}"))
    return joined([_front_matter(front), escape_markdown(day_dek(day)), *day_blocks(day)])


def _front_matter(pairs: FrontMatter) -> str:
    lines = ["---", *(line for key, value in pairs for line in _yaml_lines(key, value)), "---"]
    return "\n".join(lines)


def _yaml_lines(key: str, value: Value) -> Iterator[str]:
    """Yield `key: value`; every text is a JSON-quoted scalar, so no value can end the front matter."""
    match value:
        case bool() | int():  # JSON's `true` and `12` are YAML's
            yield f"{key}: {str(value).lower()}"
        case datetime():
            yield f"{key}: {value.isoformat(timespec='seconds')}"
        case str():
            yield f"{key}: {yaml_scalar(value)}"
        case []:
            yield f"{key}: []"
        case _:
            yield f"{key}:"
            yield from (f"- {yaml_scalar(item)}" for item in value)


def _story_time(story: DigestStory, day: DigestDay) -> datetime:
    """Return when the lead appeared: as published if that was on the day, else as first seen."""
    lead = story.articles[0]
    zone = ZoneInfo(day.timezone)
    if lead.published is not None and lead.published.astimezone(zone).date() == day.day:
        return lead.published.astimezone(zone)
    return lead.first_seen.astimezone(zone)


def _description(story: DigestStory) -> str:
    """Say who reports what, in the feed's own words where it has more of them than the headline."""
    lead = story.articles[0]
    what = max(scrub(lead.summary or ""), headline_text(lead.headline), key=len)
    return shorten(f"Reported by {names(_outlets(story))}: {what}", DESCRIPTION_LIMIT)


def _summary(story: DigestStory, day: DigestDay) -> str:
    """Say how new and how wide the story is, and what other headlines make of it."""
    known = {headline_text(story.headline), headline_text(story.articles[0].headline)}
    others = {headline_text(article.headline): article.outlet for article in reversed(story.articles)}
    angles = [f"“{text}” ({outlet_name(others[text])})" for text in reversed(others) if text not in known]
    basis = f"{long_date(day.day)}: {facts(story, day)}"
    return shorten(". ".join([basis, "; ".join(angles)] if angles else [basis]), DESCRIPTION_LIMIT)


def _slugs(stories: Sequence[DigestStory]) -> list[str]:
    """Return a slug for each story, unlike any other of the day: equal ones get the story's id."""
    plain = [slug(story.headline, fallback=f"story-{story.story_id}") for story in stories]
    uses = Counter(plain)
    return [
        text if uses[text] == 1 else f"{text}-{story.story_id}"
        for text, story in zip(plain, stories, strict=True)
    ]


def _link(story: DigestStory) -> str:
    """Return the lead's address, or the first of another article if it has none, or ""."""
    return next(filter(None, (safe_url(article.link) for article in story.articles)), "")


def _source(day: DigestDay) -> str:
    return next(filter(None, map(safe_url, day.source_urls)), "")


def _outlets(story: DigestStory) -> list[str]:
    return list(dict.fromkeys(outlet_name(outlet) for outlet in story.outlets))


def _story_tags(story: DigestStory, vouched: frozenset[str]) -> tuple[str, ...]:
    return headline_tags([article.headline for article in story.articles], story.outlets, vouched)


def _day_tags(of_stories: Sequence[Sequence[str]]) -> list[str]:
    """Return the first tag of each story, the weightiest stories first."""
    firsts = [tags[0] for tags in of_stories if tags]
    return list({tag.casefold(): tag for tag in reversed(firsts)}.values())[::-1][:MAX_TAGS]
