"""Ids as Google mints them, recordings shown again, and the demo's few days of news."""

import gzip
import json
import re
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.google.ids import ArticleKind, parse_article_id, parse_topic_id
from aggregator.replica import Article, Item, LinkKind, Outlet, Snapshot
from aggregator.replica.content import midnight_pacific
from aggregator.replica.demo_content import OWN_FEEDS, articles, days
from aggregator.replica.minting import amp_url, google_id, has_amp_token, story_id, story_number
from aggregator.replica.replay import load_recording
from aggregator.replica.rss import Channel, google_feed

OUTLET = Outlet("buoy", "The Buoy", "thebuoy.example")
NOW = datetime(2026, 7, 14, 4, 8, 56, tzinfo=UTC)
TODAY = date(2026, 11, 21)


def article(url: str, link_kind: LinkKind = LinkKind.OPAQUE) -> Article:
    return Article("Otter seen", OUTLET, url, NOW, link_kind)


# --- ids

PLAIN = "https://thebuoy.example/2026/07/otter"
LONG = f"https://thebuoy.example/{'very-' * 30}long"
FOREIGN = "https://thebuoy.example/straße/выдра"
VIDEO = "https://www.youtube.com/watch?v=otter_00001"
IDS = {
    "legacy": (PLAIN, LinkKind.LEGACY, ArticleKind.URL, PLAIN, None),
    "legacy with an empty second field": (PLAIN, LinkKind.LEGACY_EMPTY_AMP, ArticleKind.URL, PLAIN, None),
    "legacy with AMP": (PLAIN, LinkKind.LEGACY_AMP, ArticleKind.URL, PLAIN, amp_url(PLAIN)),
    "legacy with a length of two bytes": (LONG, LinkKind.LEGACY, ArticleKind.URL, LONG, None),
    "legacy beyond ASCII": (FOREIGN, LinkKind.LEGACY, ArticleKind.URL, FOREIGN, None),
    "video": (VIDEO, LinkKind.YOUTUBE, ArticleKind.YOUTUBE, VIDEO, None),
    "opaque": (PLAIN, LinkKind.OPAQUE, ArticleKind.OPAQUE, None, None),
}


@pytest.mark.parametrize(("url", "link_kind", "kind", "read", "amp"), IDS.values(), ids=IDS.keys())
def test_ids_say_what_real_ones_say(
    url: str, link_kind: LinkKind, kind: ArticleKind, read: str | None, amp: str | None
) -> None:
    said = parse_article_id(google_id(article(url, link_kind)))

    assert (said.kind, said.url, said.amp_url) == (kind, read, amp)


def test_opaque_ids_have_the_shape_and_the_spread_of_real_ones() -> None:
    urls = [f"https://thebuoy.example/{n}" for n in range(1_000)]
    tokens = [parse_article_id(google_id(article(url))).token or "" for url in urls]

    assert all(re.fullmatch(r"AU_yqL[MNOP][\w-]{57,501}", token) for token in tokens)
    assert 0.15 < sum(map(has_amp_token, urls)) / len(urls) < 0.23
    assert len(set(tokens)) == len(tokens)


@given(st.text(min_size=1, max_size=300))
def test_an_article_has_one_id_for_ever(path: str) -> None:
    assert google_id(article(f"https://thebuoy.example/{path}")) == google_id(
        article(f"https://thebuoy.example/{path}")
    )


def test_a_story_id_is_not_taken_for_a_topic() -> None:
    with pytest.raises(ValueError, match="story"):
        parse_topic_id(story_id(story_number(PLAIN)))


MIDNIGHTS = {"summer": (date(2026, 7, 14), 7), "winter": (date(2026, 1, 14), 8)}


@pytest.mark.parametrize(("day", "hour"), MIDNIGHTS.values(), ids=MIDNIGHTS.keys())
def test_a_day_without_a_time_is_midnight_in_california(day: date, hour: int) -> None:
    assert midnight_pacific(day) == datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


# --- recordings

LINK = "https://news.google.com/rss/articles/CBMi{}?oc=5"
GROUP = (
    f'<ol><li><a href="{LINK.format("AAA")}" target="_blank">Otter & "friends" seen</a>&nbsp;&nbsp;'
    '<font color="#6f6f6f">Dawn - Evening Edition</font></li></ol>'
)
ROWS = [
    {
        "time": "2026-01-02T05:30:00+06:00",
        "feed": "https://news.google.com/rss/topics/X?hl=en-US&gl=US&ceid=US:en",
        "items": [
            {
                "title": 'Otter & "friends" seen - Dawn - Evening Edition',
                "link": LINK.format("AAA"),
                "date": "2026-01-01",
                "description": GROUP,
            },
            {
                "title": "Heron - a bird - Dawn - Evening Edition",
                "link": LINK.format("BBB"),
                "date": "2026-01-01",
                "description": None,
            },
            {"title": "Tide - The Buoy", "link": LINK.format("CCC"), "date": "2026-01-02", "description": ""},
        ],
    },
    {
        "time": "2026-01-02T09:00:00+00:00",
        "feed": "https://news.google.com/rss/topics/X?hl=en-US&gl=US&ceid=US:en",
        "items": [{"title": "Tide - The Buoy", "link": LINK.format("CCC"), "date": "2026-01-02"}],
    },
]


@pytest.fixture(params=["recording.jsonl", "recording.jsonl.gz"])
def recording(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / request.param
    text = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def test_a_recording_goes_over_the_wire_as_it_was(recording: Path) -> None:
    first, _ = load_recording(recording)
    document = ElementTree.fromstring(google_feed(Channel("World", "x", "en-US", NOW), first.snapshot))
    items = document.findall(".//item")

    assert first.at == datetime(2026, 1, 1, 23, 30, tzinfo=UTC)
    assert [item.findtext("title") for item in items] == [row["title"] for row in ROWS[0]["items"]]
    assert [item.findtext("guid") for item in items] == ["CBMiAAA", "CBMiBBB", "CBMiCCC"]
    assert items[0].findtext("description") == GROUP
    assert items[1].findtext("description") == (
        f'<a href="{LINK.format("BBB")}" target="_blank">Heron - a bird</a>&nbsp;&nbsp;'
        '<font color="#6f6f6f">Dawn - Evening Edition</font>'
    )
    assert [item.findtext("source") for item in items] == [*["Dawn - Evening Edition"] * 2, "The Buoy"]


def test_what_a_recording_lacks_is_made_up_the_same_way_each_time(recording: Path) -> None:
    first, second = load_recording(recording)
    published = [item.published for item in first.snapshot.items]

    assert load_recording(recording) == (first, second)
    assert all(moment and moment <= first.at for moment in published)
    assert [moment.date() for moment in published[:2] if moment] == [date(2026, 1, 1)] * 2
    assert second.snapshot.items[0].published == published[2]


# --- the demo

MOMENTS = days(TODAY)
ARTICLES = articles(TODAY)
GOOGLE_SECTIONS = ("en-US/WORLD", "en-US/BUSINESS", "en-US/TECHNOLOGY", "de-DE/WORLD")


def items_of(snapshot: Snapshot) -> list[Item]:
    return [item for item in snapshot.items if isinstance(item, Item)]


def test_the_demo_has_enough_of_everything() -> None:
    german = [article for article in ARTICLES if article.outlet.language == "de"]
    kinds = Counter(article.link_kind for article in ARTICLES)

    assert len(ARTICLES) >= 150
    assert len({article.story for article in ARTICLES}) >= 55
    assert (len(german), len({article.story for article in german})) == (23, 9)
    assert len({article.outlet for article in ARTICLES}) == 18
    assert all(kinds[kind] for kind in LinkKind)
    assert {article.outlet.host.rpartition(".")[2] for article in ARTICLES} == {"example", "com"}


def test_moments_run_over_four_days_and_end_today() -> None:
    moments = [moment.at for moment in MOMENTS]

    assert moments == sorted(set(moments))
    assert sorted({moment.date() for moment in moments}) == [TODAY - timedelta(days=n) for n in (3, 2, 1, 0)]


def test_every_article_is_shown_and_none_before_it_is_published() -> None:
    shown = set()
    for at, content in MOMENTS:
        for snapshot in content.values():
            assert all(article.published < at for article in snapshot.articles)
            shown |= set(snapshot.articles)

    assert shown == set(ARTICLES)


def test_a_google_feed_lists_an_article_once_and_at_most_five_to_a_group() -> None:
    for _, content in MOMENTS:
        for section in GOOGLE_SECTIONS:
            listed = content[section].articles
            assert len(listed) == len(set(listed))
            assert all(1 <= len(item.articles) <= 5 for item in items_of(content[section]))


def test_a_google_feed_parts_its_articles_by_story() -> None:
    for _, content in MOMENTS:
        for key in GOOGLE_SECTIONS:
            groups = items_of(content[key])
            assert all(len({article.story for article in item.articles}) == 1 for item in groups)
            assert len({item.lead.story for item in groups}) == len(groups)


def test_leads_change_while_the_members_stay() -> None:
    leads = defaultdict(set)
    for _, content in MOMENTS:
        for item in items_of(content["en-US/WORLD"]):
            leads[frozenset(item.articles)].add(item.lead)

    assert any(len(seen) > 1 for seen in leads.values())


def test_own_feeds_overlap_google_in_some_articles_and_stories() -> None:
    def shown_in(keys: tuple[str, ...]) -> set[Article]:
        return {article for _, content in MOMENTS for key in keys for article in content[key].articles}

    google = shown_in(GOOGLE_SECTIONS)
    own = shown_in(tuple(f"outlet:{slug}" for slug in OWN_FEEDS))

    assert len(google & own) >= 2
    assert {article.story for article in own - google} & {article.story for article in google}
    assert {article.story for article in own} - {article.story for article in google}


def test_a_report_of_a_closed_day_comes_late() -> None:
    first_shown: dict[Article, datetime] = {}
    for at, content in MOMENTS:
        for snapshot in content.values():
            for each in snapshot.articles:
                first_shown.setdefault(each, at)

    assert [each.outlet.name for each, at in first_shown.items() if at.date() > each.published.date()] == [
        "Strait Daily - International Edition"
    ]


def test_one_agency_text_is_at_several_outlets() -> None:
    copies = Counter(each.headline for each in ARTICLES if "{" not in each.headline)

    assert copies.most_common(1)[0][1] == 3


def test_a_day_names_itself_in_its_headlines() -> None:
    briefings = [each.headline for each in ARTICLES if each.headline.startswith("Morning briefing")]

    assert briefings == [f"Morning briefing, {day} November: what to know today" for day in (18, 19, 20, 21)]
    assert not [each.headline for each in ARTICLES if "{" in each.headline]
