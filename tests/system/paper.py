"""A paper without a network: a store that gets its headlines by hand, and the digests of one configuration."""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from aggregator.model import ArticleDraft, DatedArticle, Identity, Outcome, PollRecord
from aggregator.pipeline.digests import DigestReport, make_due_digests
from aggregator.pipeline.local_grouper import LocalGrouper
from aggregator.settings import DaySettings, DigestSettings, FeedSettings, Settings
from aggregator.store import Store, feeds, open_reader, open_store, polls

FEED = FeedSettings("World", "world", "https://courier.example/feed", "en", "US", 30, is_google=False)


@dataclass
class Paper:
    """A home and its settings; `store` is the writer while the paper is open."""

    home: Path
    settings: Settings
    store: Store

    @property
    def grouper(self) -> LocalGrouper:
        return LocalGrouper(self.store)

    @property
    def timezone(self) -> ZoneInfo:
        return self.settings.day.zone

    def hear(
        self, now: datetime, *headlines: str, outlet: str = "Courier", seen: datetime | None = None
    ) -> None:
        """A poll that brings headlines which are dated `now` and seen then, or later if `seen` is given."""
        seen = seen or now
        drafts = [_draft(headline, outlet, now) for headline in headlines]
        day = now.astimezone(self.timezone).date()
        with open_reader(self.store.path) as connection:
            [feed] = feeds.load_feeds(connection)
        record = PollRecord(
            feed=replace(feed, last_polled_at=seen),
            started_at=seen,
            outcome=Outcome.MODIFIED,
            status=200,
            failure=None,
            articles=tuple(DatedArticle(draft, seen, now, day) for draft in drafts),
            entries=len(drafts),
            skipped=0,
            wire_bytes=0,
            took_ms=0,
        )
        self.store.write(partial(polls.record_poll, record=record))

    def regroup(self, now: datetime) -> None:
        self.grouper.regroup(self.settings, now)

    def tick(self, now: datetime) -> list[DigestReport]:
        """What the daemon does about digests."""
        return make_due_digests(self.grouper, self.home, self.settings, now)

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with open_reader(self.store.path) as connection:
            return [tuple(row) for row in connection.execute(query, values)]

    def files(self) -> dict[str, bytes]:
        """Every file of every digest, by its path below the home."""
        found = (
            path for path in self.home.rglob("*") if path.is_file() and not path.name.startswith("news.db")
        )
        return {path.relative_to(self.home).as_posix(): path.read_bytes() for path in sorted(found)}


@contextmanager
def open_paper(home: Path, *digests: DigestSettings, timezone: str = "UTC"):
    settings = Settings(day=DaySettings(timezone), feeds=(FEED,), digests=digests)
    with open_store(home / "news.db") as store:
        store.write(partial(feeds.sync_feeds, feeds=[FEED], now=datetime.now(ZoneInfo("UTC"))))  # noqa: TID251
        yield Paper(home, settings, store)


def _draft(headline: str, outlet: str, published: datetime) -> ArticleDraft:
    link = f"https://www.{outlet.lower()}.example/{published:%m%d%H%M}/{headline.replace(' ', '-')}"
    return ArticleDraft(
        identity=Identity(f"url:{link}"),
        headline=headline,
        outlet=outlet,
        outlet_host=f"www.{outlet.lower()}.example",
        language="en",
        link=link,
        published=published,
        is_day_precise=False,
        summary=None,
        entry_id=None,
        needs_resolving=False,
        entry_position=0,
        list_position=0,
    )


def live_on(home: Path, first: date, last: date) -> None:
    """What a process does that lives from `first` to `last` in Berlin, five hours at a step: it hears something and
    makes the digests that are due. It goes on where the one before it ended."""
    digest = DigestSettings("world", "World", at="02:30", formats=("text", "atom"), out="digests")
    with open_paper(home, digest, timezone="Europe/Berlin") as paper:
        [(heard,)] = paper.rows("SELECT max(started_at) FROM polls")
        now = datetime.fromisoformat(str(heard)) if heard else datetime.combine(first, time(1), UTC)
        while now.date() <= last + timedelta(days=5):
            now += timedelta(hours=5)
            told = now if now.hour % 2 else now - timedelta(days=1)
            paper.hear(told, f"Bulletin of {now:%d %B at %H} from Vennhavn", seen=now)
            paper.tick(now)
