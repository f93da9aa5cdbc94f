"""Google's opaque links from the feed to the publisher's URL in the store, with Google in all its moods."""

from datetime import UTC, datetime, timedelta

from aggregator.clock import ManualClock
from aggregator.pipeline.links import resolve_links
from aggregator.replica import Article, Faults, FeedFault, Item, Outlet, Replica, Snapshot
from tests.system.home import Feed, Home, dump, poll_all, rows, stories

NOW = datetime(2026, 1, 7, 6, tzinfo=UTC)
WORLD = Feed("World", google_topic="WORLD")
SUBJECTS = (
    "Osterra ferry strike enters second week",
    "Belmora flood barrier fails inspection",
    "Comet Adler visible before dawn",
    "Skarn Airways grounds its turboprops",
    "Northern Strait fishing quota cut by a third",
    "Orrery telescope finds a ringed moon",
)
TELLINGS = ("{}", "{}, officials say", "What we know: {}", "{} after long dispute", "{} – live report")
OUTLETS = [
    Outlet(f"outlet-{number}", f"Outlet {number}", f"www.outlet-{number}.example") for number in range(12)
]


def news(count):
    """`count` articles with opaque links in items of up to five that tell of one thing."""
    items = []
    for first in range(0, count, len(TELLINGS)):
        subject = SUBJECTS[first // len(TELLINGS) % len(SUBJECTS)]
        told = [
            Article(
                telling.format(subject),
                OUTLETS[(first + number) % len(OUTLETS)],
                f"https://{OUTLETS[(first + number) % len(OUTLETS)].host}/news/{first + number}",
                NOW - timedelta(minutes=first + number),
            )
            for number, telling in enumerate(TELLINGS[: count - first])
        ]
        items.append(Item(tuple(told)))
    return Snapshot(tuple(items))


def work(home, snapshot, job, *, faults, budget=100, **google):
    """Serve `snapshot`, poll it, then do `job(stages, replica, clock)`."""
    clock = ManualClock(NOW)
    with Replica({"en-US/WORLD": snapshot}, faults=faults, now=clock.now) as replica:
        tables = {"google_news": {"page_budget": budget, **google}}
        home.configure([WORLD], base_url=replica.base_url, tables=tables)

        async def run(stages):
            await poll_all(stages)
            return await job(stages, replica, clock)

        return home.work(clock, run)


def posts(replica):
    return sum(request.method == "POST" for request in replica.requests)


def resolved(home):
    return rows(home.store, "SELECT count(*) FROM link_queue WHERE state = 'resolved'")[0][0]


def test_sixty_opaque_links_resolve_in_two_posts(tmp_path):
    home, snapshot = Home(tmp_path), news(60)

    async def job(stages, replica, clock):
        await resolve_links(stages)
        return posts(replica)

    assert work(home, snapshot, job, faults=Faults(page_budget=None)) == 2
    stored = rows(home.store, "SELECT headline, publisher_url FROM story_articles")
    assert set(stored) == {(article.headline, article.url) for article in snapshot.articles}


def test_what_google_refuses_stays_queued_and_is_done_when_the_refusal_ends(tmp_path):
    home, found = Home(tmp_path), []

    async def job(stages, replica, clock):
        await resolve_links(stages)
        found.append((resolved(home), len(replica.requests)))
        clock.advance(timedelta(minutes=58))
        await resolve_links(stages)
        found.append((resolved(home), len(replica.requests)))
        for _ in range(12):
            clock.advance(timedelta(hours=2))
            await resolve_links(stages)

    work(home, news(30), job, faults=Faults(page_budget=10, refusal_seconds=3500), budget=40)

    refused, waiting = found
    assert refused[0] == 10
    assert waiting == refused, "nothing is asked while the breaker is open"
    assert resolved(home) == 30
    assert rows(home.store, "SELECT count(*) FROM link_queue WHERE attempts > 1") == [(0,)]


def test_our_own_budget_survives_a_restart(tmp_path):
    home, snapshot = Home(tmp_path), news(30)
    clock = ManualClock(NOW)
    with Replica({"en-US/WORLD": snapshot}, faults=Faults(page_budget=None), now=clock.now) as replica:
        home.configure([WORLD], base_url=replica.base_url, tables={"google_news": {"page_budget": 10}})
        home.work(clock, poll_all)
        for expected in (10, 10):
            home.work(clock, resolve_links)
            assert resolved(home) == expected
        clock.advance(timedelta(hours=2))
        home.work(clock, resolve_links)
        assert resolved(home) == 20


def test_with_the_consent_wall_up_all_resolve_and_no_word_of_it_is_stored(tmp_path):
    home = Home(tmp_path)

    async def job(stages, replica, clock):
        await resolve_links(stages)
        return replica.counts["consent"]

    assert work(home, news(30), job, faults=Faults(page_budget=None, has_consent_wall=True)) > 0
    assert resolved(home) == 30
    text = repr(dump(home.store)).casefold()
    for word in ("before you continue", "consent.google", "cookie", "sorry/index"):
        assert word not in text


def test_a_wall_in_place_of_the_feed_is_a_failure_and_no_article(tmp_path):
    home = Home(tmp_path)
    clock = ManualClock(NOW)
    with Replica({"en-US/WORLD": news(5)}, faults=Faults(feed=FeedFault.CONSENT), now=clock.now) as replica:
        home.configure([WORLD], base_url=replica.base_url)
        home.work(clock, poll_all)
        replica.set_faults(Faults())
        clock.advance(timedelta(hours=1))
        assert rows(home.store, "SELECT count(*) FROM articles") == [(0,)]
        assert rows(home.store, "SELECT last_outcome, last_success_at FROM feed_health") == [("hard", None)]
        home.work(clock, poll_all)
    assert rows(home.store, "SELECT count(*) FROM articles") == [(5,)]


def test_grouping_does_not_notice_whether_links_are_resolved(tmp_path):
    partitions = []
    for name, is_on in (("on", True), ("off", False)):
        home = Home(tmp_path / name)

        async def job(stages, replica, clock):
            if stages.settings.google_news.resolve:
                await resolve_links(stages)
                stages.grouper.regroup(stages.settings, clock.now())

        work(home, news(30), job, faults=Faults(page_budget=None), resolve=is_on)
        partitions.append(stories(home.store))
        assert resolved(home) == (30 if is_on else 0)
    assert partitions[0] == partitions[1]
    assert len(partitions[0]) == len(SUBJECTS)
