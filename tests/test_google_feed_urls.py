"""Editions and the addresses of Google News feeds."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.google.editions import Edition, base_language
from aggregator.google.feed_urls import (
    SECTIONS,
    edition_of_topic_id,
    edition_of_url,
    geo_feed_url,
    is_google_feed,
    is_search_feed,
    rewrite_web_url,
    search_feed_url,
    topic_feed_url,
    topic_id_feed_url,
)
from aggregator.google.ids import parse_topic_id

US = Edition("en-US", "US")
US_QUERY = "?hl=en-US&gl=US&ceid=US:en"
WORLD_ID = "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGx1YlY4U0FtVnVHZ0pWVXlnQVAB"
HEALTH_ID = "CAAqIQgKIhtDQkFTRGdvSUwyMHZNR3QwTlRFU0FtVnVLQUFQAQ"
WORLD_JAPAN_ID = "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGx1YlY4U0FtcGhHZ0pLVUNnQVAB"

# language, country as written → hl, ceid, language tag of topic ids
EDITIONS = {
    "United States": ("en-US", "US", "en-US", "US:en", "en"),
    "Canada": ("en-CA", "CA", "en-CA", "CA:en", "en"),
    "Canada in French": ("fr-CA", "CA", "fr-CA", "CA:fr", "fr-CA"),
    "Great Britain": ("en-GB", "GB", "en-GB", "GB:en", "en-GB"),
    "India in English": ("en-IN", "IN", "en-IN", "IN:en", "en-GB"),
    "English of a country, named by the country alone": ("en", "AU", "en-AU", "AU:en", "en-GB"),
    "any case": ("EN-us", "us", "en-US", "US:en", "en"),
    "Germany": ("de", "DE", "de", "DE:de", "de"),
    "Germany, written with its country": ("de-DE", "DE", "de", "DE:de", "de"),
    "Austria": ("de-AT", "AT", "de", "AT:de", "de"),
    "France": ("fr", "FR", "fr", "FR:fr", "fr"),
    "Brazil": ("pt-BR", "BR", "pt-BR", "BR:pt-419", "pt-BR"),
    "Brazil, as ceid has it": ("pt-419", "BR", "pt-BR", "BR:pt-419", "pt-BR"),
    "Portugal": ("pt", "PT", "pt-PT", "PT:pt-150", "pt-PT"),
    "Mexico": ("es-419", "MX", "es-419", "MX:es-419", "es-419"),
    "Mexico, written with its country": ("es-MX", "MX", "es-419", "MX:es-419", "es-419"),
    "United States in Spanish": ("es-419", "US", "es-419", "US:es-419", "es-419"),
    "Spain": ("es", "ES", "es", "ES:es", "es"),
    "China": ("zh-CN", "CN", "zh-CN", "CN:zh-Hans", "zh-CN"),
    "China, by script": ("zh-Hans", "CN", "zh-CN", "CN:zh-Hans", "zh-CN"),
    "Taiwan": ("zh-TW", "TW", "zh-TW", "TW:zh-Hant", "zh-TW"),
    "Taiwan, by script": ("zh-hant-tw", "TW", "zh-TW", "TW:zh-Hant", "zh-TW"),
    "Hong Kong": ("zh-Hant", "HK", "zh-HK", "HK:zh-Hant", "zh-HK"),
    "Ukraine": ("uk", "UA", "uk", "UA:uk", "uk"),
    "Ukraine in Russian": ("ru", "UA", "ru", "UA:ru", "ru"),
    "Israel": ("he", "IL", "he", "IL:he", "iw"),
    "Israel, by the old code": ("iw", "IL", "he", "IL:he", "iw"),
    "Malaysia": ("ms", "MY", "ms-MY", "MY:ms", "ms-MY"),
    "Finland": ("fi", "FI", "fi-FI", "FI:fi", "fi-FI"),
    "Norway": ("nb", "NO", "no", "NO:no", "no"),
    "Japan": ("ja", "JP", "ja", "JP:ja", "ja"),
    "one that Google does not have": ("cy", "GB", "cy", "GB:cy", "cy"),
}


@pytest.mark.parametrize(
    ("language", "country", "hl", "ceid", "topic"), EDITIONS.values(), ids=EDITIONS.keys()
)
def test_edition_in_its_spellings(language, country, hl, ceid, topic):
    edition = Edition(language, country)

    assert (edition.language, edition.ceid, edition.topic_language) == (hl, ceid, topic)
    assert edition.query == f"hl={hl}&gl={country.upper()}&ceid={ceid}"
    assert Edition(edition.language, edition.country) == edition


@pytest.mark.parametrize(
    ("language", "country"), [("english", "US"), ("", "US"), ("en_US", "US"), ("en", "USA"), ("en", "1A")]
)
def test_what_is_no_edition_is_refused(language, country):
    with pytest.raises(ValueError, match="is not a"):
        Edition(language, country)


def test_base_language_is_the_same_for_all_spellings():
    assert base_language("en-US") == base_language("EN") == "en"
    assert base_language("iw") == base_language("he-IL") == "he"


# The ids that Google itself gives these sections, as public code has quoted them for years.
READY_IDS = {
    ("en-US", "US"): {
        "WORLD": WORLD_ID,
        "BUSINESS": "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGx6TVdZU0FtVnVHZ0pWVXlnQVAB",
        "TECHNOLOGY": "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGRqTVhZU0FtVnVHZ0pWVXlnQVAB",
        "ENTERTAINMENT": "CAAqJggKIiBDQkFTRWdvSUwyMHZNREpxYW5RU0FtVnVHZ0pWVXlnQVAB",
        "SPORTS": "CAAqJggKIiBDQkFTRWdvSUwyMHZNRFp1ZEdvU0FtVnVHZ0pWVXlnQVAB",
        "SCIENCE": "CAAqJggKIiBDQkFTRWdvSUwyMHZNRFp0Y1RjU0FtVnVHZ0pWVXlnQVAB",
        "HEALTH": HEALTH_ID,
    },
    ("de", "DE"): {
        "WORLD": "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGx1YlY4U0FtUmxHZ0pFUlNnQVAB",
        "BUSINESS": "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGx6TVdZU0FtUmxHZ0pFUlNnQVAB",
        "TECHNOLOGY": "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGRqTVhZU0FtUmxHZ0pFUlNnQVAB",
    },
    ("fr", "FR"): {
        "WORLD": "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGx1YlY4U0FtWnlHZ0pHVWlnQVAB",
        "BUSINESS": "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGx6TVdZU0FtWnlHZ0pHVWlnQVAB",
        "TECHNOLOGY": "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGRqTVhZU0FtWnlHZ0pHVWlnQVAB",
    },
    ("ja", "JP"): {
        "WORLD": WORLD_JAPAN_ID,
        "BUSINESS": "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGx6TVdZU0FtcGhHZ0pLVUNnQVAB",
        "TECHNOLOGY": "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGRqTVhZU0FtcGhHZ0pLVUNnQVAB",
    },
    ("pt-BR", "BR"): {"WORLD": "CAAqKggKIiRDQkFTRlFvSUwyMHZNRGx1YlY4U0JYQjBMVUpTR2dKQ1VpZ0FQAQ"},
    ("zh-CN", "CN"): {"WORLD": "CAAqKggKIiRDQkFTRlFvSUwyMHZNRGx1YlY4U0JYcG9MVU5PR2dKRFRpZ0FQAQ"},
    ("zh-TW", "TW"): {"WORLD": "CAAqKggKIiRDQkFTRlFvSUwyMHZNRGx1YlY4U0JYcG9MVlJYR2dKVVZ5Z0FQAQ"},
    ("he", "IL"): {"WORLD": "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGx1YlY4U0FtbDNHZ0pKVENnQVAB"},
    ("ms", "MY"): {"WORLD": "CAAqKggKIiRDQkFTRlFvSUwyMHZNRGx1YlY4U0JXMXpMVTFaR2dKTldTZ0FQAQ"},
    ("fi", "FI"): {"WORLD": "CAAqKggKIiRDQkFTRlFvSUwyMHZNRGx1YlY4U0JXWnBMVVpKR2dKR1NTZ0FQAQ"},
    ("en-IN", "IN"): {"WORLD": "CAAqKggKIiRDQkFTRlFvSUwyMHZNRGx1YlY4U0JXVnVMVWRDR2dKSlRpZ0FQAQ"},
    ("en-CA", "CA"): {"BUSINESS": "CAAqJggKIiBDQkFTRWdvSUwyMHZNRGx6TVdZU0FtVnVHZ0pEUVNnQVAB"},
}
READY = [
    pytest.param(Edition(*edition), section, identifier, id=f"{section} {edition[0]} {edition[1]}")
    for edition, sections in READY_IDS.items()
    for section, identifier in sections.items()
]


@pytest.mark.parametrize(("edition", "section", "identifier"), READY)
def test_section_has_the_id_that_google_gives_it(edition, section, identifier):
    assert (
        topic_feed_url(section, edition) == f"https://news.google.com/rss/topics/{identifier}?{edition.query}"
    )


def test_sections_without_an_id_are_asked_for_by_name():
    assert topic_feed_url("top", US) == f"https://news.google.com/rss{US_QUERY}"
    assert (
        topic_feed_url("Nation", US)
        == f"https://news.google.com/rss/headlines/section/topic/NATION{US_QUERY}"
    )


def test_unknown_section_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="WORLD, BUSINESS"):
        topic_feed_url("WEATHER", US)


def test_search_and_place_are_encoded():
    query = '"rail strike" OR walkout when:12h C++'

    assert search_feed_url("a b", US) == "https://news.google.com/rss/search?q=a+b&hl=en-US&gl=US&ceid=US:en"
    assert parse_qs(urlsplit(search_feed_url(query, US)).query)["q"] == [query]
    assert (
        geo_feed_url("São Paulo/SP", US)
        == f"https://news.google.com/rss/headlines/section/geo/S%C3%A3o%20Paulo%2FSP{US_QUERY}"
    )


WORLD_FEED = f"https://news.google.com/rss/topics/{WORLD_ID}"
SEARCH_FEED = "https://news.google.com/rss/search?q=tariffs+when%3A1d&"
REWRITTEN = {
    "front page": ("https://news.google.com/", "https://news.google.com/rss?"),
    "front page without a slash": ("https://news.google.com", "https://news.google.com/rss?"),
    "home": ("https://news.google.com/home?hl=en-US&gl=US&ceid=US:en", "https://news.google.com/rss?"),
    "top stories": ("https://news.google.com/topstories", "https://news.google.com/rss?"),
    "top feed": ("https://news.google.com/rss", "https://news.google.com/rss?"),
    "top feed, old": ("https://news.google.com/news/rss/", "https://news.google.com/rss?"),
    "top feed by letter": ("https://news.google.com/rss?topic=h", "https://news.google.com/rss?"),
    "topic page": (f"https://news.google.com/topics/{WORLD_ID}", WORLD_FEED + "?"),
    "topic page, http, default port": (f"http://news.google.com:80/topics/{WORLD_ID}", WORLD_FEED + "?"),
    "topic page of a signed-in reader": (f"https://news.google.com/u/1/topics/{WORLD_ID}", WORLD_FEED + "?"),
    "topic page with other parameters": (f"https://news.google.com/topics/{WORLD_ID}?oc=3", WORLD_FEED + "?"),
    "topic feed": (f"{WORLD_FEED}?ceid=US%3Aen&hl=en-US&gl=US", WORLD_FEED + "?"),
    "sub-section": (
        f"https://news.google.com/topics/{WORLD_ID}/sections/CAQiRkNCQVNMUW9J",
        f"{WORLD_FEED}/sections/CAQiRkNCQVNMUW9J?",
    ),
    "section by name": (
        "https://news.google.com/headlines/section/topic/world",
        "https://news.google.com/rss/headlines/section/topic/WORLD?",
    ),
    "section by name, 2017": (
        "https://news.google.com/news/rss/headlines/section/topic/WORLD/",
        "https://news.google.com/rss/headlines/section/topic/WORLD?",
    ),
    "section by letter, before 2017": ("https://news.google.com/news?topic=w&output=rss", WORLD_FEED + "?"),
    "place": (
        "https://news.google.com/headlines/section/geo/S%C3%A3o%20Paulo",
        "https://news.google.com/rss/headlines/section/geo/S%C3%A3o%20Paulo?",
    ),
    "search page": ("https://news.google.com/search?q=tariffs%20when:1d&hl=en-US", SEARCH_FEED),
    "search feed": (f"{SEARCH_FEED}hl=en-US&gl=US&ceid=US:en", SEARCH_FEED),
    "search feed, 2017": ("https://news.google.com/news/rss/search?q=tariffs+when:1d&hl=en", SEARCH_FEED),
    "search feed, before 2017": ("https://news.google.com/news?q=tariffs+when%3A1d&output=rss", SEARCH_FEED),
}


@pytest.mark.parametrize(("url", "feed"), REWRITTEN.values(), ids=REWRITTEN.keys())
def test_address_of_google_news_becomes_its_feed(url, feed):
    rewritten = rewrite_web_url(url, US)

    assert rewritten == f"{feed}{US.query}"
    assert is_google_feed(rewritten)
    assert rewrite_web_url(rewritten, US) == rewritten


NO_FEED = {
    "one article": ("https://news.google.com/articles/CBMiK2h0dHBz?hl=en-US", "one article, not a feed"),
    "one article, from a feed": ("https://news.google.com/rss/articles/CBMiK2h0dHBz?oc=5", "one article"),
    "an outlet's page": ("https://news.google.com/publications/CAAqBwgKMO2-mAsw", "google_query"),
    "a story's coverage": ("https://news.google.com/stories/CAAqNggKIjBDQklT", "google_query"),
    "a personal page": ("https://news.google.com/foryou?hl=en-US", "personal page"),
    "a section path that Google would not know": (
        "https://news.google.com/rss/headlines/section/technology",
        "would answer with the top stories",
    ),
    "an unknown section": ("https://news.google.com/rss/headlines/section/topic/WEATHER", "no feed"),
    "an unknown letter": ("https://news.google.com/news?topic=zz", "topic=zz is not a section"),
    "a topic without an id": ("https://news.google.com/topics/", "/topics is no feed"),
    "another host": ("https://news.example/rss", "not an address of news.google.com"),
}


@pytest.mark.parametrize(("url", "why"), NO_FEED.values(), ids=NO_FEED.keys())
def test_address_without_a_feed_is_refused_with_the_reason(url, why):
    with pytest.raises(ValueError, match=why):
        rewrite_web_url(url, US)


LOCALES = {
    "all three": ("hl=de&gl=DE&ceid=DE:de", Edition("de", "DE")),
    "colon encoded": ("ceid=BR%3Apt-419", Edition("pt-BR", "BR")),
    "ceid alone": ("ceid=GB:en&oc=3", Edition("en-GB", "GB")),
    "ceid of Hong Kong": ("ceid=HK:zh-Hant", Edition("zh-HK", "HK")),
    "hl alone": ("hl=en", Edition("en-US", "US")),
    "none": ("q=x", US),
}


@pytest.mark.parametrize(("query", "edition"), LOCALES.values(), ids=LOCALES.keys())
def test_edition_of_an_address(query, edition):
    assert edition_of_url(f"https://news.google.com/search?{query}", US) == edition


def test_edition_of_a_topic_id():
    germany = Edition("de", "DE")

    assert edition_of_topic_id(WORLD_JAPAN_ID, US) == Edition("ja", "JP")
    assert edition_of_topic_id(HEALTH_ID, Edition("en-GB", "GB")) == Edition("en-GB", "GB")
    assert edition_of_topic_id(HEALTH_ID, germany) == Edition("en", "DE")
    india = READY_IDS["en-IN", "IN"]["WORLD"]
    assert edition_of_topic_id(india, US) == Edition("en-IN", "IN")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "news.google.com/rss",
        "https://news.google.com/topics/x",
        "https://[::1",
        "https://news.google.com.evil.example/rss",
    ],
)
def test_what_is_not_a_google_feed(url):
    assert not is_google_feed(url)


@given(
    language=st.from_regex(r"[a-z]{2,3}(-[A-Z]{2})?", fullmatch=True),
    country=st.from_regex(r"[A-Z]{2}", fullmatch=True),
    section=st.sampled_from(SECTIONS),
)
def test_every_edition_has_every_section(language, country, section):
    edition = Edition(language, country)
    url = topic_feed_url(section, edition)

    assert is_google_feed(url)
    assert rewrite_web_url(url, edition) == url
    assert edition_of_url(url, US) == edition
    if "/topics/" in url:
        identifier = urlsplit(url).path.rpartition("/")[2]
        assert topic_id_feed_url(identifier, edition) == url
        assert parse_topic_id(identifier).language == edition.topic_language


@given(st.text())
def test_any_search_survives_the_way_into_an_address_and_back(query):
    url = search_feed_url(query, US)

    if query:
        assert parse_qs(urlsplit(url).query, keep_blank_values=True)["q"] == [query]


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=60))
def test_any_path_is_rewritten_to_a_feed_or_refused(path):
    try:
        assert is_google_feed(rewrite_web_url(f"https://news.google.com/{path}", US))
    except ValueError as error:
        assert str(error)  # noqa: PT017


SEARCHES = {
    "https://news.google.com/rss/search?q=x&hl=en-US&gl=US&ceid=US:en": True,
    "https://news.google.com/rss/searching": False,
    "https://news.google.com/rss/topics/CAAq": False,
    "https://times.example/rss/search?q=x": False,
    "http://[": False,
}


@pytest.mark.parametrize(("url", "is_search"), SEARCHES.items(), ids=SEARCHES.keys())
def test_search_feeds_are_known(url, is_search):
    assert is_search_feed(url) is is_search
