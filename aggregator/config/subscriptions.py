"""What people bring (an address, a list of outlines) as the `[[feeds]]` tables of a configuration. Pure.

A table is checked as the whole configuration would check it, alone; names are made unique, and an
address that is there already is not added again. What cannot go in is told by name and keeps nothing else out.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from aggregator.config.kinds import UNPRINTABLE, shortened
from aggregator.config.opml import FOLDER_MARK, Outline
from aggregator.config.reading import parse_feed
from aggregator.errors import ConfigError
from aggregator.google.editions import LANGUAGE_TAG, Edition, base_language
from aggregator.google.feed_urls import address_of_url, edition_of_url, is_google_url
from aggregator.settings import FeedSettings, GoogleNewsSettings, Settings

MAX_NAME_CHARACTERS = 100
MAX_TOPIC_CHARACTERS = 60
DEFAULT_TOPIC = "news"


@dataclass(frozen=True, slots=True)
class Addition:
    """A feed that may go in: its table as it would be written, and as it would be read."""

    table: dict[str, Any]
    feed: FeedSettings


@dataclass(frozen=True, slots=True)
class Known:
    """A feed whose address is there already, under `as_name`."""

    name: str
    as_name: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A feed that cannot go in; `why` is a sentence without its full stop."""

    name: str
    why: str


Judged = Addition | Known | Refused


class Subscriptions:
    """The feeds of a configuration and those that are to join them, one by one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._name_of_url = {feed.url: feed.name for feed in settings.feeds}
        self._names = {feed.name.casefold() for feed in settings.feeds}
        self._numbers: defaultdict[str, int] = defaultdict(lambda: 1)  # of the last feed of a name
        self._topics = {feed.topic.casefold(): feed.topic for feed in settings.feeds}

    def judge(
        self, url: str, *, name: str, topic: str, site: str | None = None, language: str | None = None
    ) -> Judged:
        """Decide on one feed; an `Addition` counts as there from now on.

        `name` is made fit (one line, 100 characters at most, no other feed's), and so is `topic`; empty ones
        follow from the address. `site` and `language` are taken only if they make sense: a list may hold anything.
        """
        label = _line(name, MAX_NAME_CHARACTERS) or _host(url)
        try:
            keys = _address_keys(url, self._settings.google_news)
            label = _line(name, MAX_NAME_CHARACTERS) or _name_of(keys)
            table: dict[str, Any] = {"name": label, "topic": self._topic(topic or _topic_of(keys)), **keys}
            feed = parse_feed(table, self._settings, label)
        except ValueError as error:  # a page of Google News that has no feed
            return Refused(label, f"{shortened(url)}: {error}")
        except ConfigError as error:
            reasons = (f"found {problem.found}; allowed: {problem.allowed}" for problem in error.problems)
            return Refused(label, "; ".join(reasons))
        if feed.url in self._name_of_url:
            return Known(label, self._name_of_url[feed.url])
        table["name"] = self._free_name(label)
        addition = self._with_extras(Addition(table, replace(feed, name=table["name"])), site, language)
        self._name_of_url[feed.url] = addition.feed.name
        self._names.add(addition.feed.name.casefold())
        self._topics.setdefault(feed.topic.casefold(), feed.topic)
        return addition

    def judge_outlines(self, outlines: Iterable[Outline], *, topic: str) -> Iterator[Judged]:
        """Decide on the feeds of a list one by one; its folders become topics, `topic` is for those outside of any."""
        for outline in outlines:
            yield self.judge(
                outline.url,
                name=outline.title,
                topic=topic_of_folders(outline.folders) or topic,
                site=outline.site,
                language=outline.language,
            )

    def _with_extras(self, addition: Addition, site: str | None, language: str | None) -> Addition:
        extras = {"site": site}
        default = base_language(self._settings.google_news.language)
        if not addition.feed.is_google and language and LANGUAGE_TAG.fullmatch(language):
            extras["language"] = None if base_language(language) == default else language
        for key, value in extras.items():
            if value is not None:
                table = {**addition.table, key: value}
                try:
                    addition = Addition(table, parse_feed(table, self._settings, addition.feed.name))
                except ConfigError:
                    continue  # no reason to do without the feed
        return addition

    def _free_name(self, name: str) -> str:
        free = name
        while free.casefold() in self._names:
            self._numbers[name] += 1
            ending = f" ({self._numbers[name]})"
            free = name[: MAX_NAME_CHARACTERS - len(ending)] + ending
        return free

    def _topic(self, topic: str) -> str:
        """The topic as it is written already, if only case differs: files of topics lie side by side."""
        fit = _line(topic, MAX_TOPIC_CHARACTERS)
        return self._topics.get(fit.casefold(), fit)


def topic_of_folders(folders: Sequence[str]) -> str:
    """Return nested folders as one topic, "World › Asia"; the outermost go first when there are too many.

    A slash becomes a dash, for topics are names of files. Folders without letter or figure are left out.
    """
    names = [_line(folder.replace("/", "-").replace("\\", "-"), MAX_TOPIC_CHARACTERS) for folder in folders]
    names = [name for name in names if any(character.isalnum() for character in name)]
    while len(FOLDER_MARK.join(names)) > MAX_TOPIC_CHARACTERS:
        names = names[1:]
    return FOLDER_MARK.join(names)


def _address_keys(url: str, google: GoogleNewsSettings) -> dict[str, str]:
    """Return the keys that say where a feed is. Raises ValueError for a Google address without a feed."""
    if not is_google_url(url):
        return {"url": url}
    default = Edition(google.language, google.country)
    edition = edition_of_url(url, default)
    key, value = address_of_url(url, edition)
    if key == "url":
        return {"url": url}  # its edition stands in the address
    # A topic id says for itself which edition it is of, which need not be the one of the address.
    is_said = edition == default and key != "google_topic_id"
    return {key: value} if is_said else {key: value, "language": edition.language, "country": edition.country}


def _name_of(keys: Mapping[str, str]) -> str:
    """Return a name for a feed of which nothing is known but where it is."""
    if "url" in keys:
        return _host(keys["url"])
    names = (keys.get("google_topic", "").title(), keys.get("google_query"), keys.get("google_geo"))
    return _line(next(filter(None, names), "Google News"), MAX_NAME_CHARACTERS)


def _topic_of(keys: Mapping[str, str]) -> str:
    return keys.get("google_topic", DEFAULT_TOPIC).lower()


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or url)[:MAX_NAME_CHARACTERS]
    except ValueError:
        return shortened(url)


def _line(text: str, max_characters: int) -> str:
    """Return text without control characters and outer spaces, cut with "…" where it is too long."""
    line = UNPRINTABLE.sub(" ", text).strip()
    return line if len(line) <= max_characters else line[: max_characters - 1].rstrip() + "…"
