"""What must be stored after a soak, worked out from the newsstand and the journal of its servers; and what is amiss.

A poll that the store calls a success has shown the program the feed's window of that moment, whatever came before or
after. So every article of every such window is stored, once, first seen at the first of them at the latest, and
nothing else is but what an answer that was cut short may have shown.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from aggregator.schedule import LATE_DAYS
from tests.system.home import check, rows
from tests.system.misfortune import PARTIAL, UNCHANGED, WHOLE, Answer
from tests.system.newsstand import Gazette, Told, key_of
from tests.system.soaking import ZONE, Census, Soaked

_HONEST = (WHOLE, UNCHANGED)
_IN_PART = (PARTIAL, "cut inside gzip")
_SUCCESS = ("modified", "unchanged")
_NOT_A_FAULT = "timeout"  # of the machine, when it is very busy
_GROWTH = 1.1
_KEPT_BYTES_OF_AN_ARTICLE = 500
_LATE = timedelta(hours=6)  # a host may ask for two hours of rest, again and again


@dataclass(frozen=True, slots=True)
class Poll:
    """A poll's row."""

    poll_id: int
    feed: str
    at: datetime
    outcome: str
    failure: str | None
    listings: int


class Oracle:
    """Holds what a soak left to what it must have left."""

    def __init__(self, soaked: Soaked) -> None:
        self._soaked = soaked
        self._stands = {stand.name: stand for stand in soaked.stands}
        self._answers: dict[tuple[str, datetime], Answer] = {
            (answer.feed, answer.at): answer for answer in soaked.answers
        }  # of two at one moment the last: the program repeats a request whose connection was closed
        self._polls = [
            Poll(poll_id, feed, datetime.fromisoformat(at), outcome, failure, listings)
            for poll_id, feed, at, outcome, failure, listings in self._rows(
                "SELECT poll_id, name, started_at, outcome, failure,"
                " (SELECT count(*) FROM listings AS l WHERE l.poll_id = p.poll_id)"
                " FROM polls AS p JOIN feeds USING (feed_id) ORDER BY poll_id"
            )
        ]
        self._due: dict[str, tuple[datetime, Told]] = {}
        for poll, kind in self._successes():
            if kind in _HONEST:
                for article in self._stands[poll.feed].window(poll.at):
                    self._due.setdefault(article.key, (poll.at, article))

    def _rows(self, query: str) -> list[tuple]:
        return rows(self._soaked.home.store, query)

    def _successes(self) -> Iterator[tuple[Poll, str]]:
        for poll in self._polls:
            if poll.outcome in _SUCCESS and (answer := self._answers.get((poll.feed, poll.at))):
                yield poll, answer.kind

    def violations(self) -> list[str]:
        """Whatever is not as it must be, in words."""
        if (verdict := check(self._soaked.home.store)) != "ok":
            return [f"integrity: {verdict}"]
        return [
            *self._bookkeeping(),
            *self._cadence(),
            *self._articles(),
            *self._listings(),
            *self._digests(),
            *self._stories(),
            *self._log(),
        ]

    def _bookkeeping(self) -> Iterator[str]:
        """Each answer has its poll, unless it could not be stored; each poll its answer, and says how that was."""
        outcomes = {(poll.feed, poll.at): poll for poll in self._polls}
        if len(outcomes) != len(self._polls):
            yield "a feed has two polls of one moment"
        for place in outcomes.keys() - self._answers.keys():
            yield f"a poll that no server knows of: {place}"
        for place, answer in self._answers.items():
            if answer.kind not in _HONEST:
                continue
            poll = outcomes.get(place)
            if poll is None:
                if answer.at not in self._soaked.fate.full_disk and answer.at not in self._soaked.deaths:
                    yield f"a good answer has no poll: {answer}"
            elif poll.outcome not in _SUCCESS and poll.failure != _NOT_A_FAULT:
                yield f"a good answer is taken for a failure: {answer}, {poll}"

    def _cadence(self) -> Iterator[str]:
        """After a success a feed is asked again in its time, as far as the daemon was awake and had room."""
        fate = self._soaked.fate
        pauses = (*fate.sleeps, fate.full_disk)
        by_feed: dict[str, list[Poll]] = {}
        for poll in self._polls:
            by_feed.setdefault(poll.feed, []).append(poll)
        for feed, polls in by_feed.items():
            interval = timedelta(minutes=self._stands[feed].interval_minutes)
            for poll, after in pairwise([*polls, replace(polls[-1], at=fate.end)]):
                paused = sum((pause.within(poll.at, after.at) for pause in pauses), timedelta(0))
                if poll.outcome in _SUCCESS and after.at - poll.at - paused > interval + _LATE:
                    yield f"{feed} was polled at {poll.at}, and not again before {after.at}"

    def _articles(self) -> Iterator[str]:
        stored = self._rows(
            "SELECT link, headline, published_at, first_seen_at, effective_at, day, merged_into FROM articles"
        )
        by_key = Counter(key_of(row[0]) for row in stored)
        yield from (f"stored {number} times: {key}" for key, number in by_key.items() if number > 1)
        yield from (f"lost: {key}, shown at {self._due[key][0]}" for key in self._due.keys() - by_key.keys())
        yield from (f"never told: {key}" for key in by_key.keys() - self._due.keys() - self._told_in_part())
        for link, *row in stored:
            if key_of(link) in self._due:
                yield from self._details(*self._due[key_of(link)], *row)

    def _beyond_due(self) -> int:
        """How many articles only an answer that was cut short has shown."""
        stored = {key_of(link) for (link,) in self._rows("SELECT link FROM articles")}
        return len((stored - self._due.keys()) & self._told_in_part())

    def _told_in_part(self) -> set[str]:
        return {
            article.key
            for answer in self._soaked.answers
            if answer.kind in _IN_PART
            for article in self._stands[answer.feed].window(answer.at)
        }

    def _details(
        self,
        shown_at: datetime,
        told: Told,
        headline: str,
        published_at: str | None,
        first_seen_at: str,
        effective_at: str,
        day: str,
        merged_into: int | None,
    ) -> Iterator[str]:
        first_seen = datetime.fromisoformat(first_seen_at)
        if first_seen > shown_at:
            yield f"{told.key} was shown at {shown_at} and first seen at {first_seen}"
        if headline != told.headline_at(first_seen):
            yield f"{told.key} has another headline: {headline}"
        if told.published and (not published_at or told.published != datetime.fromisoformat(published_at)):
            yield f"{told.key} was published at {told.published}, not {published_at}"
        if day != datetime.fromisoformat(effective_at).astimezone(ZoneInfo(ZONE)).date().isoformat():
            yield f"{told.key} of {effective_at} has the day {day}"
        if merged_into is not None:
            yield f"{told.key} was taken for another article"

    def _listings(self) -> Iterator[str]:
        """A section's document leaves a listing for each article, any other feed one for each article of its own."""
        for poll, kind in self._successes():
            stand = self._stands[poll.feed]
            if stand.is_google and kind == WHOLE and poll.outcome == "modified":
                listed = {article.key for article in stand.window(poll.at)}
                if poll.listings != len(listed):
                    yield f"{poll} has not the {len(listed)} listings of its document"
        listed = {
            (feed, key_of(link)): number
            for feed, link, number in self._rows(
                "SELECT f.name, a.link, count(*) FROM listings AS l JOIN articles AS a USING (article_id)"
                " JOIN feeds AS f ON f.feed_id = l.feed_id WHERE NOT f.is_google GROUP BY 1, 2"
            )
        }
        yield from (f"listed {number} times: {place}" for place, number in listed.items() if number > 1)
        for poll, kind in self._successes():
            stand = self._stands[poll.feed]
            if kind in _HONEST and not stand.is_google:
                for article in stand.window(poll.at):
                    if (poll.feed, article.key) not in listed:
                        yield f"no listing of {article.key} in {poll}"

    def _digests(self) -> Iterator[str]:
        """One for each local day that is over, each file as it was logged."""
        made = [
            date.fromisoformat(day)
            for (day,) in self._rows("SELECT day FROM digest_log WHERE addendum = 0 ORDER BY day")
        ]
        fate, zone = self._soaked.fate, ZoneInfo(ZONE)
        first, end = fate.start.astimezone(zone).date(), fate.end.astimezone(zone).date()
        expected = [first + timedelta(days=number) for number in range((end - first).days)]
        if made != expected:
            yield f"digests of {[str(day) for day in made]}, not {len(expected)} days from {first} on"
        for path, sha256 in self._rows("SELECT path, sha256 FROM digest_log"):
            if hashlib.sha256((self._soaked.home.folder / path).read_bytes()).hexdigest() != sha256:
                yield f"{path} is not what was logged"

    def _stories(self) -> Iterator[str]:
        """Each article is in one but what is archive: it was shown first when its day had taken its last addendum."""
        yield from (f"without a story: {key}" for key, is_archive in self._loose() if not is_archive)

    def _loose(self) -> Iterator[tuple[str, bool]]:
        """The articles that are in no story, and whether that is right."""
        loose = self._rows(
            "SELECT link, first_seen_at, day, day IN (SELECT day FROM closed_days) FROM articles"
            " WHERE article_id NOT IN (SELECT article_id FROM story_members)"
        )
        for link, first_seen_at, day, is_closed in loose:
            first_seen_day = datetime.fromisoformat(first_seen_at).astimezone(ZoneInfo(ZONE)).date()
            is_late = first_seen_day - date.fromisoformat(day) > timedelta(days=LATE_DAYS)
            yield key_of(link), is_late and bool(is_closed)

    def _log(self) -> Iterator[str]:
        for line in (self._soaked.home.folder / "log").read_text().splitlines():
            if "bug" in line or "Traceback" in line:
                yield f"log: {line}"

    def figures(self) -> Iterator[str]:
        """How much there was of what."""
        fate, polls = self._soaked.fate, Counter(poll.outcome for poll in self._polls)
        yield f"{(fate.end - fate.start).days} days, {len(self._stands)} feeds, seed {self._soaked.seed}"
        yield f"{len(self._polls)} polls: {_counted(polls)}"
        yield f"answers: {_counted(Counter(answer.kind for answer in self._soaked.answers))}"
        archived = sum(is_archive for _, is_archive in self._loose())
        yield (
            f"articles: {len(self._due)} due, {self._beyond_due()} more of answers that were cut,"
            f" {self.count('articles')} stored, {archived} of them too late for their day;"
            f" {self._never_shown()} came and went unseen; {self.count('listings')} listings"
        )
        spent = {census.born: census.cpu_seconds for census in self._soaked.censuses}
        yield (
            f"{len(self._soaked.deaths)} deaths, {self.count('digests')} digests with addenda,"
            f" {sum(spent.values()):.0f} s of processor"
        )

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self._rows(f"SELECT count(*) FROM {table}")[0][0])

    def _never_shown(self) -> int:
        """Articles of gazettes that no successful poll fell upon."""
        fate = self._soaked.fate
        published = {
            article.key
            for stand in self._soaked.stands
            if isinstance(stand, Gazette)
            for article in stand.articles
            if article.published and fate.start <= article.published < fate.end
        }
        return len(published - self._due.keys())


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counter.most_common())


def last_life(censuses: Sequence[Census]) -> list[Census]:
    return [census for census in censuses if census.born == censuses[-1].born]


def memory(censuses: Sequence[Census]) -> str:
    """The most that was resident in each third of a life."""
    most = ", ".join(f"{_most_megabytes(part):.0f}" for part in _thirds(censuses))
    return f"at most {most} MB resident in the thirds of one life of {_days(censuses):.0f} days"


def leaked(censuses: Sequence[Census], articles_a_day: float) -> list[str]:
    """By how much the last third of a life held more than the one before, if it is more than may stay of the articles that came.

    By then the windows that the daemon looks back through are full, and for what enters them something leaves. While
    it is in them, an article takes some 10,000 bytes (100 MB for eight days of a thousand); not a twentieth of these
    may stay. What was held at most is compared: resident memory goes up for a week and down at once, by some
    megabytes, as what is known of words is forgotten.
    """
    _, before, after = _thirds(censuses)
    megabytes = _most_megabytes(after) - _most_megabytes(before)
    articles = articles_a_day * _days(after)
    if megabytes * 1e6 <= _KEPT_BYTES_OF_AN_ARTICLE * articles:
        return []
    return [f"{megabytes:+.1f} MB in a third of a life, with {articles:.0f} articles"]


def _thirds(censuses: Sequence[Census]) -> tuple[Sequence[Census], Sequence[Census], Sequence[Census]]:
    size = len(censuses) // 3
    return censuses[: -2 * size], censuses[-2 * size : -size], censuses[-size:]


def _most_megabytes(censuses: Sequence[Census]) -> float:
    return max(census.resident_bytes for census in censuses) / 1e6


def _days(censuses: Sequence[Census]) -> float:
    return (censuses[-1].at - censuses[0].at) / timedelta(days=1)


def grown(censuses: Sequence[Census]) -> list[str]:
    """Classes of which there were clearly more at every moment of the last third of a life than ever before."""
    *before, after = _thirds(censuses)
    found = []
    for kind in sorted(after[-1].objects):
        most = max(census.objects.get(kind, 0) for part in before for census in part)
        least = min(census.objects.get(kind, 0) for census in after)
        if least > _GROWTH * most + 1:
            found.append(f"{kind}: at most {most}, then at least {least}")
    return found
