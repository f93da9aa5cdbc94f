"""An issue as a feed of stories: one entry for each story instead of one for each article. Pure.

    2026-01-07-world.atom        Atom 1.0 (RFC 4287)
    2026-01-07-world.feed.json   JSON Feed 1.1

Facts
-----
* Readers know an entry by its id alone and for ever. A story's number is its own only within one store, so the
  id also holds the topic and the day on which the story was first seen: a store that is begun anew does
  not repeat the ids of the old one. It is a tag URI (RFC 4151).
* Readers show an entry again when `updated` moves. It is the moment of the day's last article that
  brought something: an outlet that had none yet, or a word that is new in the story. A second headline of
  the same outlet moves nothing, nor does a rebuild.
* RFC 4287 wants an author somewhere: the feed itself is one, outlets stand in the content.
* RFC 4287 wants a feed to name its own address (`self`), by which readers know it when it moves. It is the
  one that stays, `world.atom`, in each day's file as well.
* Atom has no entry without content or a link, so the content is always there.
"""

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

from aggregator.errors import PublishError
from aggregator.model import DigestArticle, RenderedFile
from aggregator.publish.formats.json_digest import time_text
from aggregator.publish.issue import Issue, IssueStory
from aggregator.publish.text import slug

ATOM: Final = "http://www.w3.org/2005/Atom"
JSON_FEED: Final = "https://jsonfeed.org/version/1.1"
_AUTHORITY: Final = "headline-aggregator"
_SPECIFIED: Final = "2026"  # the tag URI's date for a topic, which has no first day
_REPORT: Final = Markup("<li><b>{outlet}</b>: {articles}</li>")
_LINK: Final = Markup('<a href="{link}">{text}</a>')


def render_atom(issue: Issue) -> tuple[RenderedFile, ...]:
    """Return the Atom feed of an issue, one entry for each story in reading order."""
    feed = ET.Element("feed", {"xmlns": ATOM, "xml:lang": issue.language})
    _add(feed, "id", feed_id(issue))
    _add(feed, "title", issue.title)
    _add(feed, "subtitle", issue.dek)
    _add(feed, "updated", time_text(feed_updated_at(issue)))
    if address := _subscribed(issue, "atom"):
        _add(feed, "link", rel="self", type="application/atom+xml", href=address)
        _add(feed, "link", rel="alternate", href=_home(issue))
    _add(_add(feed, "author"), "name", issue.day.title)
    _add(feed, "generator", "headline-aggregator")
    for section, story in _stories(issue):
        _add_entry(feed, issue, section, story)
    ET.indent(feed, " ")
    text = '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(feed, encoding="unicode") + "\n"
    return (RenderedFile(f"{issue.stem}.atom", text),)


def render_jsonfeed(issue: Issue) -> tuple[RenderedFile, ...]:
    """Return the JSON Feed of an issue, one item for each story in reading order."""
    feed = {
        "version": JSON_FEED,
        "title": issue.title,
        "home_page_url": _home(issue),
        "feed_url": _subscribed(issue, "feed.json"),
        "description": issue.dek,
        "language": issue.language,
        "authors": [{"name": issue.day.title}],
        "items": [_item(issue, section, story) for section, story in _stories(issue)],
    }
    known = {key: value for key, value in feed.items() if value}
    text = json.dumps({**known, "items": feed["items"]}, ensure_ascii=False, indent=1) + "\n"
    return (RenderedFile(f"{issue.stem}.feed.json", text),)


def _subscribed(issue: Issue, ending: str) -> str:
    """Return the address that readers subscribe to, which always has the newest day; "" if it is not known."""
    return f"{_home(issue)}{slug(issue.day.topic, 'topic')}.{ending}" if issue.base_url else ""


def _home(issue: Issue) -> str:
    return f"{issue.base_url.rstrip('/')}/" if issue.base_url else ""


def verify_atom(issue: Issue, files: Sequence[RenderedFile]) -> None:
    """Parse the feed back: ids, headlines and links in their order.

    Raises:
        PublishError: it is not XML or says something else; names the file.
    """
    for file in files:
        try:
            feed = ET.fromstring(file.text)
        except (ET.ParseError, ValueError) as error:
            raise PublishError(f"{file.path}: not XML: {error}") from error
        found = [
            (_text(entry, "id"), _text(entry, "title"), _alternate(entry))
            for entry in feed.iterfind(f"{{{ATOM}}}entry")
        ]
        if found != _expected(issue):
            raise PublishError(f"{file.path}: does not give the stories back")


def verify_jsonfeed(issue: Issue, files: Sequence[RenderedFile]) -> None:
    """Parse the feed back: ids, headlines and links in their order.

    Raises:
        PublishError: it is not JSON or says something else; names the file.
    """
    for file in files:
        try:
            items = json.loads(file.text)["items"]
            found = [(item["id"], item["title"], item.get("url")) for item in items]
        except (ValueError, KeyError) as error:
            raise PublishError(f"{file.path}: not a JSON Feed: {error!r}") from error
        if found != _expected(issue):
            raise PublishError(f"{file.path}: does not give the stories back")


def feed_id(issue: Issue) -> str:
    """Return the id of a topic's feed, the same every day."""
    return f"tag:{_AUTHORITY},{_SPECIFIED}:{slug(issue.day.topic, 'topic')}"


def entry_id(issue: Issue, story: IssueStory) -> str:
    """Return the id of a story's entry, the same on each of its days."""
    begun = story.story.first_seen.astimezone(UTC).date()
    return f"tag:{_AUTHORITY},{begun}:{slug(issue.day.topic, 'topic')}/story-{story.story.story_id}"


def updated_at(story: IssueStory) -> datetime:
    """Return when the day's last article came that brought a new outlet or a new word."""
    articles = [(article, report.outlet) for report in story.reports for article in report.articles]
    articles.sort(key=lambda pair: (pair[0].first_seen, pair[1], pair[0].headline))
    waiting = {word.casefold() for word in story.story.new_words}
    outlets: set[str] = set()
    updated = articles[0][0].first_seen
    for article, outlet in articles:
        brought = {word for word in waiting if word in article.headline.casefold()}
        if outlet not in outlets or brought:
            updated = article.first_seen
        outlets.add(outlet)
        waiting -= brought
    return updated


def feed_updated_at(issue: Issue) -> datetime:
    """Return when the newest story changed; the end of the day if it has none."""
    day_end = datetime.combine(issue.date + timedelta(days=1), time(), ZoneInfo(issue.day.timezone))
    return max((updated_at(story) for story in issue.stories), default=day_end)


def content_html(story: IssueStory) -> Markup:
    """Return a story's facts and its outlets with headlines and links, as HTML without attributes of ours."""
    reports = Markup("").join(
        _REPORT.format(outlet=report.outlet, articles=Markup("; ").join(map(_article_html, report.articles)))
        for report in story.reports
    )
    facts = " · ".join(filter(None, (story.facts, story.neighbours)))
    return Markup("<p>{}</p><ul>{}</ul>").format(facts, reports)


def _article_html(article: DigestArticle) -> Markup:
    if article.link is None:
        return Markup("{}").format(article.headline)
    return _LINK.format(link=article.link, text=article.headline)


def _content_text(story: IssueStory) -> str:
    lines = [
        f"{report.outlet}: {'; '.join(article.headline for article in report.articles)}"
        for report in story.reports
    ]
    return "\n".join(filter(None, (story.facts, story.neighbours, *lines)))


def _add_entry(feed: ET.Element, issue: Issue, section: str, story: IssueStory) -> None:
    entry = _add(feed, "entry")
    _add(entry, "id", entry_id(issue, story))
    _add(entry, "title", story.headline)
    _add(entry, "updated", time_text(updated_at(story)))
    _add(entry, "published", time_text(story.story.first_seen))
    if story.link:
        _add(entry, "link", rel="alternate", type="text/html", href=story.link)
    if section:
        _add(entry, "category", term=section)
    _add(entry, "content", str(content_html(story)), type="html")


def _item(issue: Issue, section: str, story: IssueStory) -> dict[str, Any]:
    item = {
        "id": entry_id(issue, story),
        "url": story.link,
        "title": story.headline,
        "content_html": str(content_html(story)),
        "content_text": _content_text(story),
        "date_published": time_text(story.story.first_seen),
        "date_modified": time_text(updated_at(story)),
        "tags": [section] if section else None,
    }
    return {key: value for key, value in item.items() if value is not None}


def _stories(issue: Issue) -> Iterator[tuple[str, IssueStory]]:
    """Yield each story with the title of its section, "" where there are no sections."""
    for section in issue.sections:
        yield from ((section.title, story) for story in section.stories)
    yield from ((issue.also_title, story) for story in issue.also)


def _expected(issue: Issue) -> list[tuple[str, str, str | None]]:
    return [(entry_id(issue, story), story.headline, story.link) for story in issue.stories]


def _add(parent: ET.Element, tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, attributes)
    element.text = text
    return element


def _text(entry: ET.Element, tag: str) -> str:
    return entry.findtext(f"{{{ATOM}}}{tag}", "")


def _alternate(entry: ET.Element) -> str | None:
    link = entry.find(f"{{{ATOM}}}link[@rel='alternate']")
    return None if link is None else link.get("href")
