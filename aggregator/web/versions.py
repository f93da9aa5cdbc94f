"""Days and stories for machines: JSON and Atom beside the pages, at the same addresses with `.json` and `.atom`.

`/day/2026-11-21.json` (the filters and `page` of the page work here too):

    {"day": "2026-11-21", "url": …, "timezone": "UTC", "next": null or the next page's address,
     "stories": [{"story_id": 50, "url": …, "headline": …, "status": "new", "topic": …, "topics": [every topic],
                  "language": "en", "articles": 3, "outlets": 3, "articles_total": 8, "outlets_total": 8,
                  "first_day": …, "first_seen_at": …, "last_seen_at": …, "series": null, "serial": null,
                  "outlet_names": [in order of appearance]}]}

`/story/50.json`: the number, the days as rows of the view `stories_by_day`, the neighbours in its series, and
every article with `rule`, both links, and `why`: the ledger in words.
"""

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from typing import Any, Final

from starlette.responses import Response

from aggregator import explain
from aggregator.publish.text import safe_url, scrub
from aggregator.store import browsing, reading
from aggregator.web.days import PAGE_STORIES, StoryLine, day_asked, filter_asked, story_lines
from aggregator.web.site import Visit, answer
from aggregator.web.stories import PAGE_ARTICLES, current_story_id, story_head
from aggregator.web.templating import long_day

_ATOM: Final = "http://www.w3.org/2005/Atom"


def day_json(visit: Visit) -> Response:
    day, page = day_asked(visit), visit.page_number()
    rows = browsing.read_ranked(
        visit.connection, day, filter_asked(visit), limit=PAGE_STORIES + 1, offset=(page - 1) * PAGE_STORIES
    )
    further = visit.absolute(visit.here(page=page + 1)) if len(rows) > PAGE_STORIES else None
    stories = [
        {
            **line.row,
            "topics": line.row["topics"].strip("/").split("/"),
            "url": visit.absolute(f"/story/{line.row['story_id']}"),
            "outlet_names": line.outlets,
        }
        for line in story_lines(visit, day, rows[:PAGE_STORIES])
    ]
    place = {"day": day, "url": visit.absolute(f"/day/{day}"), "timezone": visit.site.timezone}
    return _json(visit, {**place, "next": further, "stories": stories})


def story_json(visit: Visit) -> Response:
    story_id = current_story_id(visit, visit.number("story_id"))
    ids = reading.story_ids(visit.connection, story_id)
    members = browsing.read_members(visit.connection, ids, limit=10 * PAGE_ARTICLES)
    joins = explain.strongest_joins(visit.connection, [row["article_id"] for row in members])
    head = story_head(visit, story_id, ids)
    articles = [
        {
            **row,
            "is_lead": bool(row["is_lead"]),
            "is_addendum": bool(row["is_addendum"]),
            "why": str(joins.get(row["article_id"], "alone so far")),
        }
        for row in members
    ]
    return _json(
        visit,
        {
            "story_id": story_id,
            "url": visit.absolute(f"/story/{story_id}"),
            "days": head["days"],
            "previous": head["previous"],
            "next": head["next"],
            "articles": articles,
        },
    )


def day_atom(visit: Visit) -> Response:
    """A day's widest stories, one entry each; an entry's id is the story's, its time that of its last article."""
    day = day_asked(visit)
    rows = browsing.read_ranked(visit.connection, day, filter_asked(visit), limit=PAGE_STORIES)
    entries = [_story_entry(visit, line) for line in story_lines(visit, day, rows)]
    updated = max((row["last_seen_at"] for row in rows), default=f"{day}T00:00:00Z")
    return _atom(visit, f"/day/{day}", f"Stories of {long_day(day)}", updated, entries)


def _story_entry(visit: Visit, line: StoryLine) -> ET.Element:
    row = line.row
    words = f"{', '.join(line.outlets)}. {row['status']}, {row['articles']} articles"
    address = visit.absolute(f"/story/{row['story_id']}")
    ident = f"tag:headline-aggregator,{row['first_day']}:story:{row['story_id']}"
    return _entry(ident, row["headline"], address, row["last_seen_at"], words, None)


def story_atom(visit: Visit) -> Response:
    """A story's newest articles, one entry each, linked to their publishers as far as they are known."""
    story_id = current_story_id(visit, visit.number("story_id"))
    ids = reading.story_ids(visit.connection, story_id)
    members = browsing.read_members(visit.connection, ids, limit=10 * PAGE_ARTICLES)
    newest = sorted(members, key=lambda row: (row["first_seen_at"], row["article_id"]), reverse=True)
    entries = [_article_entry(visit, row) for row in newest[:PAGE_STORIES]]
    latest = story_head(visit, story_id, ids)["latest"]
    title = latest["headline"] if latest else f"Story {story_id}"
    updated = newest[0]["first_seen_at"] if newest else "1970-01-01T00:00:00Z"
    return _atom(visit, f"/story/{story_id}", title, updated, entries)


def _article_entry(visit: Visit, row: Mapping[str, Any]) -> ET.Element:
    page = visit.absolute(f"/article/{row['article_id']}")
    address = safe_url(row["publisher_url"]) or safe_url(row["link"]) or page
    ident = f"tag:headline-aggregator,{row['day']}:article:{row['article_id']}"
    return _entry(ident, row["headline"], address, row["first_seen_at"], row["outlet"], row["outlet"])


def _json(visit: Visit, value: Mapping[str, Any]) -> Response:
    text = json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n"
    return answer(visit.request, text.encode("utf-8", "replace"), "application/json")


def _atom(visit: Visit, path: str, title: str, updated: str, entries: Iterable[ET.Element]) -> Response:
    feed = ET.Element("feed", {"xmlns": _ATOM})
    _add(feed, "id", f"tag:headline-aggregator,2026:{path}")
    _add(feed, "title", title)
    _add(feed, "updated", updated)
    _add(_add(feed, "author"), "name", "headline-aggregator")
    ET.SubElement(feed, "link", {"rel": "self", "href": visit.absolute(f"{path}.atom")})
    ET.SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": visit.absolute(path)})
    feed.extend(entries)
    return answer(
        visit.request, ET.tostring(feed, encoding="utf-8", xml_declaration=True), "application/atom+xml"
    )


def _entry(ident: str, title: str, address: str, updated: str, words: str, author: str | None) -> ET.Element:
    entry = ET.Element("entry")
    _add(entry, "id", ident)
    _add(entry, "title", title)
    _add(entry, "updated", updated)
    if author:
        _add(_add(entry, "author"), "name", author)
    ET.SubElement(entry, "link", {"rel": "alternate", "href": address})
    _add(entry, "content", words)
    return entry


def _add(parent: ET.Element, tag: str, text: str | None = None) -> ET.Element:
    child = ET.SubElement(parent, tag)
    child.text = None if text is None else scrub(text)
    return child
