"""A numbered series among other outlets' reports, as Google lists them: one story a day, linked to its neighbours."""

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.clock import ManualClock
from aggregator.replica import Replica, Snapshot
from aggregator.replica.content import RecordedItem
from tests.system.home import Feed, Home, poll_all, rows, stories

WORLD = Feed("World", google_topic="WORLD")
START = datetime(2026, 1, 1, 9, tzinfo=UTC)
SERIES = "Strait of Osterra blockade: List of key events, day {}"
OTHERS = (
    ("Blockade update: 131 ships wait off Osterra, most of them east of Cape Ferro", "Belmora Post"),
    ("45 freighters turned back: patrol boats closed two lanes near the Antonine Light", "Новини Белмори"),
    ("The longest queues are reported from Cape Ferro – Harbour Office", "UA.SHIPS"),
    ("Osterra Blockade, Day {}: Marand — “An Open Strait, but Not at Any Price”", "HV WorldWatch"),
)


def google_id(name):
    return f"CBMi{name.encode().hex():0<60}"


def item(day_number, published, others=OTHERS):
    """One `<ol>` with the series' issue as its lead, as the topic feed of that day shows it."""
    listed = [(SERIES, "Al Harbour"), *others]
    lines = []
    for headline, outlet in listed:
        link = f"https://news.google.com/rss/articles/{google_id(f'{outlet} {day_number}')}?oc=5"
        lines.append(
            f'<li><a href="{link}" target="_blank">{headline.format(day_number)}</a>&nbsp;&nbsp;'
            f'<font color="#6f6f6f">{outlet}</font></li>'
        )
    lead = google_id(f"Al Harbour {day_number}")
    return RecordedItem(
        title=f"{SERIES.format(day_number)} - Al Harbour",
        link=f"https://news.google.com/rss/articles/{lead}?oc=5",
        guid=lead,
        published=published,
        description=f"<ol>{''.join(lines)}</ol>",
        outlet="Al Harbour",
        outlet_url="https://www.al-harbour.example",
    )


def polled(home, *shown):
    """Show each (moment, items) in turn, and poll each."""
    clock = ManualClock(shown[0][0])
    with Replica(now=clock.now) as replica:
        home.configure([WORLD], base_url=replica.base_url)

        async def polls(stages):
            for at, items in shown:
                clock.jump_to(at)
                replica.show("en-US/WORLD", Snapshot(tuple(items)))
                await poll_all(stages)

        home.work(clock, polls)
    return home


@pytest.mark.parametrize("days_later", [0, 300], ids=["on its day", "long after"])
def test_one_list_of_five_outlets_is_one_story(tmp_path, days_later):
    home = polled(Home(tmp_path), (START + timedelta(days=days_later), [item("1,407", START)]))

    assert rows(home.store, "SELECT count(*), count(DISTINCT outlet) FROM articles") == [(5, 5)]
    assert len(stories(home.store)) == 1
    view = rows(home.store, "SELECT day, articles, outlets, headline, serial FROM stories_by_day")
    assert view == [("2026-01-01", 5, 5, SERIES.format("1,407"), "day 1,407")]


ISSUES = [("1,371", START - timedelta(days=36)), ("1,407", START), ("1,413", START + timedelta(days=6))]


def each_on_its_day(home, others):
    return polled(home, *((at, [item(number, at, others)]) for number, at in ISSUES))


def all_at_once(home, others):
    return polled(home, (START + timedelta(days=7), [item(number, at, others) for number, at in ISSUES]))


def all_of_one_day(home, others):
    return polled(home, (START, [item(number, START, others) for number, _ in ISSUES]))


def newest_first(home, others):
    now = START + timedelta(days=7)
    return polled(home, *((now, [item(number, at, others)]) for number, at in reversed(ISSUES)))


@pytest.mark.parametrize("others", [(), OTHERS], ids=["alone", "in a list"])
@pytest.mark.parametrize("come", [each_on_its_day, all_at_once, all_of_one_day, newest_first])
def test_the_issues_of_a_series_are_stories_of_their_own_linked_in_order(tmp_path, come, others):
    home = come(Home(tmp_path), others)

    issues = rows(
        home.store,
        "SELECT d.serial, s.story_id, s.previous_story_id, s.next_story_id"
        "  FROM story_days AS d JOIN stories AS s USING (story_id) WHERE d.serial IS NOT NULL ORDER BY d.serial",
    )
    assert [serial for serial, *_ in issues] == ["day 1,371", "day 1,407", "day 1,413"]
    first, second, third = (story_id for _, story_id, *_ in issues)
    assert len({first, second, third}) == 3
    assert [links for _, _, *links in issues] == [[None, second], [first, third], [second, None]]
