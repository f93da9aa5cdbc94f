"""Google's feed documents, character for character. Pure.

Facts
-----
* One line of UTF-8 without line breaks; the order of the children is fixed; `media` is declared and
  not used. Only `&`, `<` and `>` are escaped in XML, quotes stand as they are.
* The description is HTML in which headline and outlet are *not* escaped: a bare `&` is "&amp;" in the
  XML, while the separator `&nbsp;&nbsp;` becomes "&amp;nbsp;&amp;nbsp;".
* A group of two or more is `<ol><li>…`, a single article has no list. The first one listed is the item
  itself; its headline, " - " and its outlet are the item's title.
* Until 2023 the guid was the decimal number of the story and every description ended with a link to the
  story's full coverage; for a few weeks of 2022 the links were the publishers'.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from aggregator.replica.content import Article, Item, RecordedItem, Snapshot
from aggregator.replica.faults import FeedForm
from aggregator.replica.minting import google_id, google_link, story_id, story_number

_COPYRIGHT = (
    "Copyright © {year} Google. All rights reserved. This XML feed is made available solely for the"
    " purpose of rendering Google News results within a personal feed reader for personal,"
    " non-commercial use. Any other use of the feed is expressly prohibited. By accessing this feed or"
    " using these results in any manner whatsoever, you agree to be bound by the foregoing restrictions."
)
_IMAGE = (
    "<image><title>Google News</title><url>https://lh3.googleusercontent.com/"
    "-DR60l-K8vnyi99NZovm9HlXyZwQ85GMDxiwJWzoasZYCUrPuUM_P_4Rb7ei03j-0nRs0c4F=w256</url>"
    "<link>https://news.google.com/</link><height>256</height><width>256</width></image>"
)
_COVERAGE = (
    '<strong><a href="https://news.google.com/stories/{id}?oc=5" target="_blank">'
    "View full coverage on Google News</a></strong>"
)
_WITH_COVERAGE = (FeedForm.COVERAGE_2019, FeedForm.COVERAGE_2023)


@dataclass(frozen=True, slots=True)
class Channel:
    """The head of a document: `title` without " - Google News"; `built` is the time of the answer."""

    title: str
    link: str
    language: str
    built: datetime


def google_feed(channel: Channel, snapshot: Snapshot, form: FeedForm = FeedForm.CURRENT) -> str:
    """Return the whole document."""
    items = "".join(
        _item(item if isinstance(item, RecordedItem) else _written(item, form)) for item in snapshot.items
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel>'
        f"{_head(channel, form)}{items}</channel></rss>"
    )


def escape(text: str) -> str:
    """Escape for XML as Google does: quotes stay."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def rfc822(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def _head(channel: Channel, form: FeedForm) -> str:
    is_old = form in (FeedForm.COVERAGE_2019, FeedForm.DIRECT_2022, FeedForm.COVERAGE_2023)
    copyright_notice = (
        f"{channel.built.year} Google Inc." if is_old else _COPYRIGHT.format(year=channel.built.year)
    )
    return (
        "<generator>NFE/5.0</generator>"
        f"<title>{escape(channel.title)} - Google News</title>"
        f"<link>{escape(channel.link)}</link>"
        f"<language>{channel.language}</language>"
        "<webMaster>news-webmaster@google.com</webMaster>"
        f"<copyright>{copyright_notice}</copyright>"
        f"<lastBuildDate>{rfc822(channel.built)}</lastBuildDate>"
        f"{'' if is_old else _IMAGE}"
        "<description>Google News</description>"
    )


def _item(item: RecordedItem) -> str:
    return (
        f"<item><title>{escape(item.title)}</title>"
        f"<link>{escape(item.link)}</link>"
        f'<guid isPermaLink="false">{item.guid}</guid>'
        f"<pubDate>{rfc822(item.published)}</pubDate>"
        f"<description>{escape(item.description)}</description>"
        f'<source url="{escape(item.outlet_url)}">{escape(item.outlet)}</source></item>'
    )


def _written(item: Item, form: FeedForm) -> RecordedItem:
    """Return `item` as a recording of a feed of that form would have it."""
    lead = item.lead
    return RecordedItem(
        title=f"{lead.headline} - {lead.outlet.name}",
        link=_link_of(form)(lead),
        guid=str(story_number(lead.url)) if form in _WITH_COVERAGE else google_id(lead),
        published=item.published or lead.published,
        description=_description(item, form),
        outlet=lead.outlet.name,
        outlet_url=f"https://{lead.outlet.host}",
    )


def _description(item: Item, form: FeedForm) -> str:
    articles = item.articles[:1] if form is FeedForm.NO_LISTS else item.articles
    link_of = _link_of(form)
    listed = [_listed(article, link_of(article)) for article in articles]
    coverage = _COVERAGE.format(id=story_id(story_number(item.lead.url))) if form in _WITH_COVERAGE else ""
    if len(listed) == 1:
        return listed[0] + coverage
    rows = [*listed, coverage] if coverage else listed
    return "<ol>" + "".join(f"<li>{row}</li>" for row in rows) + "</ol>"


def _listed(article: Article, link: str) -> str:
    return (
        f'<a href="{link}" target="_blank">{article.headline}</a>&nbsp;&nbsp;'
        f'<font color="#6f6f6f">{article.outlet.name}</font>'
    )


def _link_of(form: FeedForm) -> Callable[[Article], str]:
    match form:
        case FeedForm.DIRECT_2022:
            return lambda article: article.url
        case FeedForm.COVERAGE_2019:
            return lambda article: f"https://news.google.com/__i/rss/rd/articles/{google_id(article)}?oc=5"
    return google_link
