"""What a link alone says: canonical URLs, wrappers, identities."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.google.ids import article_id, youtube_id
from aggregator.resolve.canonical import canonical_url
from aggregator.resolve.identity import google_article_id, identify, needs_resolving
from aggregator.resolve.urls import is_publisher_url, registrable_domain
from aggregator.resolve.wrappers import Unwrapped, needs_following, unwrap

OPAQUE_ID = article_id("AU_yqLNq3vT0hZ8wYb1RkX2cM5pJd7fGs9aLeWuQiOoPzVtBnCxKmDrFhEyT46gS")
LEGACY_ID = article_id("https://www.outlet.example/world/ferry-strike-1?utm_source=rss", "")

CANONICAL = {
    "as it should be": ("https://outlet.example/a", "https://outlet.example/a"),
    "scheme and host are lower case, the path is not": (
        "HTTPS://Outlet.EXAMPLE/A",
        "https://outlet.example/A",
    ),
    "no path": ("https://outlet.example", "https://outlet.example/"),
    "spaces round it": ("  https://outlet.example/a\n", "https://outlet.example/a"),
    "default port of https": ("https://outlet.example:443/a", "https://outlet.example/a"),
    "default port of http": ("http://outlet.example:80/a", "http://outlet.example/a"),
    "the other's default port": ("http://outlet.example:443/a", "http://outlet.example:443/a"),
    "an empty port": ("https://outlet.example:/a", "https://outlet.example/a"),
    "a port of its own": ("http://127.0.0.1:8080/a", "http://127.0.0.1:8080/a"),
    "http stays http": ("http://outlet.example/a", "http://outlet.example/a"),
    "www stays": ("https://www.outlet.example/a", "https://www.outlet.example/a"),
    "a trailing slash stays": ("https://outlet.example/a/", "https://outlet.example/a/"),
    "the dot after the host goes": ("https://outlet.example./a", "https://outlet.example/a"),
    "the fragment goes": ("https://outlet.example/a#comments", "https://outlet.example/a"),
    "dot segments": ("https://outlet.example/x/../a/./b", "https://outlet.example/a/b"),
    "dot segments above the root": ("https://outlet.example/../../a", "https://outlet.example/a"),
    "double slashes stay": ("https://outlet.example//a", "https://outlet.example//a"),
    "backslashes in the path": ("https://outlet.example\\a", None),
    "backslashes further down": ("https://outlet.example/a\\b", "https://outlet.example/a/b"),
    "needless percent-encoding": ("https://outlet.example/%7Ejo/%61", "https://outlet.example/~jo/a"),
    "percent-encoding in small letters": ("https://outlet.example/a%2fb", "https://outlet.example/a%2Fb"),
    "a stray percent sign": ("https://outlet.example/100%", "https://outlet.example/100%25"),
    "a path in Cyrillic": ("https://outlet.example/ё", "https://outlet.example/%D1%91"),
    "spaces in the path": ("https://outlet.example/a b", "https://outlet.example/a%20b"),
    "a host in Cyrillic": ("https://вести.example/", "https://xn--b1agj9af.example/"),
    "a sharp s is not ss": ("https://straße.example/", "https://xn--strae-oqa.example/"),
    "full-width letters and dots": ("https://ｏｕｔｌｅｔ．example/", "https://outlet.example/"),
    "an underscore in the host": ("https://my_paper.example/", "https://my_paper.example/"),
    "an IPv6 address": ("http://[0:0::1]:80/a", "http://[::1]/a"),
    "parameters are sorted": ("https://outlet.example/?b=2&a=1", "https://outlet.example/?a=1&b=2"),
    "empty values stay": ("https://outlet.example/?b=&a=1", "https://outlet.example/?a=1&b="),
    "a lone key stays a key": ("https://outlet.example/?4711", "https://outlet.example/?4711"),
    "empty parameters go": ("https://outlet.example/?&&a=1&", "https://outlet.example/?a=1"),
    "a plus and a space are one": ("https://outlet.example/?q=a%20b", "https://outlet.example/?q=a+b"),
    "utm": ("https://outlet.example/a?utm_source=x&UTM_Medium=y&id=3", "https://outlet.example/a?id=3"),
    "click ids": ("https://outlet.example/a?fbclid=1&gclid=2&ysclid=3", "https://outlet.example/a"),
    "mail": ("https://outlet.example/a?mc_cid=1&mkt_tok=2&_hsenc=3", "https://outlet.example/a"),
    "the BBC's own": ("https://outlet.example/a?at_medium=RSS&at_campaign=x", "https://outlet.example/a"),
    "at_ of somebody else": ("https://outlet.example/a?at_time=5", "https://outlet.example/a?at_time=5"),
    "CMP in capitals": ("https://outlet.example/a?CMP=Share", "https://outlet.example/a"),
    "cmp in small letters": ("https://outlet.example/a?cmp=3", "https://outlet.example/a?cmp=3"),
    "partner=rss": ("https://outlet.example/a?partner=rss", "https://outlet.example/a"),
    "another partner": ("https://outlet.example/a?partner=9", "https://outlet.example/a?partner=9"),
    "names that mean something": (
        "https://outlet.example/?id=1&p=2&page=3&ref=4&source=5&story=6&v=7",
        "https://outlet.example/?id=1&p=2&page=3&ref=4&source=5&story=6&v=7",
    ),
    "escaped twice": (
        "https://outlet.example/?b=1&amp;utm_source=x&amp;a=2",
        "https://outlet.example/?a=2&b=1",
    ),
    "source at medium.com": ("https://medium.com/p/1?source=rss", "https://medium.com/p/1"),
    "oc at Google News": (
        "https://news.google.com/stories/X?oc=5&hl=de",
        "https://news.google.com/stories/X?hl=de",
    ),
    "oc elsewhere": ("https://outlet.example/?oc=5", "https://outlet.example/?oc=5"),
    "Google's AMP viewer": ("https://www.google.com/amp/s/outlet.example/a", "https://outlet.example/a"),
    "Google's AMP cache": (
        "https://outlet-example.cdn.ampproject.org/c/s/outlet.example/a?usqp=mq331&id=1",
        "https://outlet.example/a?id=1",
    ),
    "an outlet's own AMP page": ("https://outlet.example/amp/a", "https://outlet.example/amp/a"),
    "other wrappers are not unwrapped here": (
        "https://t.co/AbC?utm_source=x",
        "https://t.co/AbC",
    ),
    "an empty text": ("", None),
    "no scheme": ("outlet.example/a", None),
    "no host": ("https:///a", None),
    "javascript": ("javascript:alert(1)", None),
    "data": ("data:text/html,hello", None),
    "mail address": ("mailto:desk@outlet.example", None),
    "a relative link": ("/a", None),
    "a link without scheme": ("//outlet.example/a", None),
    "a user name": ("https://jo@outlet.example/", None),
    "a user name and a password": ("https://jo:secret@outlet.example/", None),
    "a host behind a backslash": ("https://outlet.example\\@evil.example/", None),
    "a control character": ("https://outlet.example/\x07", None),
    "a line break inside": ("https://outlet.example/a\nb", None),
    "an escape of the C1 block": ("https://outlet.example/\x9b31m", None),
    "half a surrogate pair": ("https://outlet.example/\ud83d", None),
    "a port that is too large": ("https://outlet.example:65536/", None),
    "a port that is a word": ("https://outlet.example:http/", None),
    "an address in short form": ("http://127.1/", None),
    "an address as one number": ("http://2130706433/", None),
    "an address in hexadecimal": ("http://0x7f000001/", None),
    "an empty label": ("https://outlet..example/", None),
    "a label of 64 letters": (f"https://{'a' * 64}.example/", None),
    "a host with a space": ("https://out let.example/", None),
    "a host with a percent sign": ("https://out%6cet.example/", None),
    "brackets that do not close": ("https://[::1/", None),
    "an address with a zone": ("http://[fe80::1%25eth0]/", None),
    "too long": ("https://outlet.example/" + "a" * 9000, None),
}


@pytest.mark.parametrize(("url", "expected"), CANONICAL.values(), ids=CANONICAL.keys())
def test_canonical_url(url, expected):
    assert canonical_url(url) == expected


hosts = st.sampled_from(
    [
        "outlet.example",
        "Ünï.example",
        "127.0.0.1",
        "[::1]",
        "news.outlet.co.uk",
        "xn--a",
        "www.google.com/amp/s/outlet.example",
        "www.google.com/x/../amp",
        "outlet-example.cdn.ampproject.org/c/s/outlet.example",
    ]
)
tails = st.one_of(
    st.text(alphabet="ab/.;,%2fF?&=+ #~!*'()[]|{}\\\"<>^`@:ü😀25eE_-", max_size=30),
    st.text(max_size=20),
)
urls = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["http://", "HTTPS://"]),
    hosts,
    st.sampled_from(["", "/", "?", "#", ":80/", ":443", "/s/"]),
    tails,
)


@given(urls)
def test_a_canonical_url_is_a_fixed_point(url):
    canonical = canonical_url(url)

    assert canonical is None or canonical_url(canonical) == canonical


@given(urls.filter(lambda url: "amp" not in url.lower()))
def test_a_canonical_url_stays_in_its_registrable_domain(url):
    canonical = canonical_url(url)

    assert canonical is None or registrable_domain(canonical) == registrable_domain(url)


@given(st.one_of(st.text(), urls))
def test_no_text_makes_the_reading_of_links_raise(text):
    canonical_url(text)
    unwrap(text)
    registrable_domain(text)
    identify(text, google_id=None, entry_id=text, feed_url=text, headline=text, published=None)


DOMAINS = {
    "a name": ("https://www.outlet.com/a", "outlet.com"),
    "two suffixes": ("https://news.outlet.co.uk/a", "outlet.co.uk"),
    "a blog is its own": ("https://jo.blogspot.com/a", "jo.blogspot.com"),
    "an address": ("http://127.0.0.1:8080/a", "127.0.0.1"),
    "a name of the intranet": ("http://wiki/a", "wiki"),
    "a top-level domain that the list does not have": ("https://www.outlet.example/", "outlet.example"),
    "a suffix alone": ("https://co.uk/", "co.uk"),
    "no URL": ("outlet.example", None),
}


@pytest.mark.parametrize(("url", "expected"), DOMAINS.values(), ids=DOMAINS.keys())
def test_registrable_domain(url, expected):
    assert registrable_domain(url) == expected


TARGET = "https://outlet.example/world/ferry-strike?id=1"
QUOTED = "https%3A%2F%2Foutlet.example%2Fworld%2Fferry-strike%3Fid%3D1"
GOOGLE_LINK = f"https://news.google.com/rss/articles/{OPAQUE_ID}"

WRAPPED = {
    "google url": (f"https://www.google.com/url?rct=j&sa=t&url={QUOTED}&ct=ga", TARGET, "google-url"),
    "google q": (f"https://www.google.com/url?q={QUOTED}", TARGET, "google-url"),
    "google in another country": (f"https://www.google.co.uk/url?q={QUOTED}", TARGET, "google-url"),
    "google, the first usable parameter": (f"https://google.com/url?url=/a&q={QUOTED}", TARGET, "google-url"),
    "AMP viewer": ("https://www.google.com/amp/s/outlet.example/a", "https://outlet.example/a", "google-amp"),
    "AMP viewer, http": (
        "https://www.google.de/amp/outlet.example/a",
        "http://outlet.example/a",
        "google-amp",
    ),
    "AMP viewer with parameters": (
        "https://www.google.com/amp/s/outlet.example/a?amp_gsa=1&p=2&usqp=3",
        "https://outlet.example/a?p=2",
        "google-amp",
    ),
    "AMP cache, page": (
        "https://outlet-example.cdn.ampproject.org/c/s/outlet.example/a",
        "https://outlet.example/a",
        "amp-cache",
    ),
    "AMP cache, viewer": (
        "https://outlet-example.cdn.ampproject.org/v/s/outlet.example/a?amp_js_v=0.1",
        "https://outlet.example/a",
        "amp-cache",
    ),
    "AMP cache, http": (
        "https://cdn.ampproject.org/wp/outlet.example/a",
        "http://outlet.example/a",
        "amp-cache",
    ),
    "facebook": (f"https://l.facebook.com/l.php?u={QUOTED}&h=AT0", TARGET, "facebook"),
    "facebook, mobile": (f"https://lm.facebook.com/l.php?u={QUOTED}", TARGET, "facebook"),
    "instagram": (f"https://l.instagram.com/?u={QUOTED}&e=x", TARGET, "instagram"),
    "reddit": (f"https://out.reddit.com/t3_x?url={QUOTED}&token=A", TARGET, "reddit"),
    "tumblr": (f"https://t.umblr.com/redirect?z={QUOTED}&t=x", TARGET, "tumblr"),
    "duckduckgo": (f"https://duckduckgo.com/l/?uddg={QUOTED}&rut=x", TARGET, "duckduckgo"),
    "vk": (f"https://vk.com/away.php?to={QUOTED}", TARGET, "vk"),
    "youtube": (f"https://www.youtube.com/redirect?event=x&q={QUOTED}", TARGET, "youtube"),
    "href.li, raw": (f"https://href.li/?{TARGET}", TARGET, "href.li"),
    "href.li, quoted": (f"https://href.li/?{QUOTED}", TARGET, "href.li"),
    "skimresources": (f"https://go.skimresources.com/?id=1X2&url={QUOTED}", TARGET, "skimresources"),
    "viglink": (f"https://redirect.viglink.com/?key=x&u={QUOTED}", TARGET, "viglink"),
    "bing news": (f"http://www.bing.com/news/apiclick.aspx?ref=FexRss&url={QUOTED}", TARGET, "bing-news"),
    "linkedin": (f"https://www.linkedin.com/redir/redirect?url={QUOTED}", TARGET, "linkedin"),
    "medium": (f"https://medium.com/r/?url={QUOTED}", TARGET, "medium"),
    "safelinks": (
        f"https://eur01.safelinks.protection.outlook.com/?url={QUOTED}&data=x",
        TARGET,
        "safelinks",
    ),
    "turbopages": (
        "https://outlet-example.turbopages.org/outlet.example/s/world/1",
        "https://outlet.example/world/1",
        "turbopages",
    ),
    "turbo at yandex.ru": (
        "https://yandex.ru/turbo/outlet.example/s/world/1",
        "https://outlet.example/world/1",
        "turbopages",
    ),
    "consent, raw": (
        f"https://consent.google.com/m?continue={GOOGLE_LINK}?oc=5&gl=DE&m=0",
        f"{GOOGLE_LINK}?oc=5",
        "consent",
    ),
    "consent, quoted": (
        f"https://consent.google.com/m?continue=https%3A%2F%2Fnews.google.com%2Fread%2F{OPAQUE_ID}%3Fhl%3Dde&gl=DE",
        f"https://news.google.com/read/{OPAQUE_ID}?hl=de",
        "consent",
    ),
    "consent, quoted twice": (
        f"https://consent.google.de/ml?continue={QUOTED.replace('%', '%25')}",
        TARGET,
        "consent",
    ),
    "a consent page round a Google link round a page": (
        f"https://consent.google.com/m?continue=https%3A%2F%2Fwww.google.com%2Furl%3Fq%3D{QUOTED.replace('%', '%25')}",
        TARGET,
        "consent",
    ),
    "a share link round a short link": (
        "https://l.facebook.com/l.php?u=https%3A%2F%2Ft.co%2FAbC",
        "https://t.co/AbC",
        "facebook",
    ),
}


@pytest.mark.parametrize(("url", "target", "method"), WRAPPED.values(), ids=WRAPPED.keys())
def test_wrappers_are_unwrapped_without_a_request(url, target, method):
    assert unwrap(url) == Unwrapped(target, method)


NOT_WRAPPED = {
    "a plain link": TARGET,
    "a page of a wrapper's own": "https://www.facebook.com/outlet/posts/1",
    "a video": "https://www.youtube.com/watch?v=ab-CD_12345",
    "a search": "https://duckduckgo.com/?q=ferry",
    "a host that ends like Google": f"https://www.notgoogle.com/url?q={QUOTED}",
    "a host that begins like Google": f"https://www.google.com.evil.example/url?q={QUOTED}",
    "a target that is no web address": "https://www.google.com/url?q=javascript%3Aalert(1)",
    "a target with a user name": "https://www.google.com/url?q=https%3A%2F%2Fa%40b.example%2F",
    "an AMP image": "https://outlet-example.cdn.ampproject.org/i/s/outlet.example/a.jpg",
    "a short link": "https://t.co/AbC",
    "a bomb of parameters": "https://www.google.com/url?" + "&".join(["a=1"] * 300) + f"&q={QUOTED}",
    "a Google article": f"{GOOGLE_LINK}?oc=5",
}


@pytest.mark.parametrize("url", NOT_WRAPPED.values(), ids=NOT_WRAPPED.keys())
def test_what_is_no_wrapper_is_left_alone(url):
    assert unwrap(url) is None


def test_a_wrapper_nested_without_end_is_refused():
    url = "https://href.li/?" * 20 + TARGET

    assert unwrap(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://t.co/AbC",
        "http://bit.ly/2x",
        "https://feedproxy.google.com/~r/outlet/~3/x/",
        "https://trib.al/Xy1",
    ],
)
def test_short_links_need_following(url):
    assert needs_following(url)


@pytest.mark.parametrize("url", ["https://t.co/", TARGET, GOOGLE_LINK, "t.co/AbC"])
def test_other_links_do_not(url):
    assert not needs_following(url)


GATES = {
    "an article": (TARGET, True),
    "an article about logins": ("https://outlet.example/tech/login", True),
    "Google": ("https://www.google.com/search?q=x", False),
    "Google elsewhere": ("https://news.google.de/x", False),
    "a consent page": ("https://consent.outlet.example/?next=x", False),
    "the sorry page": ("https://www.outlet.example/sorry/index", False),
    "a login page": ("https://outlet.example/login?next=x", False),
    "an account host": ("https://accounts.outlet.example/", False),
    "no web address": ("ftp://outlet.example/a", False),
}


@pytest.mark.parametrize(("url", "expected"), GATES.values(), ids=GATES.keys())
def test_redirects_may_end_at_a_publishers_only(url, expected):
    assert is_publisher_url(url) is expected


GOOGLE_LINKS = {
    "feeds today": f"https://news.google.com/rss/articles/{OPAQUE_ID}?oc=5",
    "feeds, with locale": f"https://news.google.com/rss/articles/{OPAQUE_ID}?oc=5&hl=en-US&gl=US&ceid=US:en",
    "old web pages": f"https://news.google.com/articles/{OPAQUE_ID}",
    "web pages": f"https://news.google.com/read/{OPAQUE_ID}?hl=en-US&gl=US&ceid=US%3Aen",
    "feeds of 2019": f"https://news.google.com/__i/rss/rd/articles/{OPAQUE_ID}?oc=5",
    "http and capitals": f"http://News.Google.com/rss/articles/{OPAQUE_ID}",
    "a slash at the end": f"https://news.google.com/read/{OPAQUE_ID}/",
}


@pytest.mark.parametrize("link", GOOGLE_LINKS.values(), ids=GOOGLE_LINKS.keys())
def test_every_form_of_google_link_is_one_article(link):
    assert google_article_id(link) == OPAQUE_ID
    assert identified(link).key == f"google:{OPAQUE_ID}"


NO_GOOGLE_LINKS = {
    "a story": "https://news.google.com/stories/CAAqOQgKIjNDQklT",
    "a topic": "https://news.google.com/topics/CAAqJggKIiBD",
    "another host": f"https://news.google.com.evil.example/rss/articles/{OPAQUE_ID}",
    "a host in front": f"https://evil.example/https://news.google.com/rss/articles/{OPAQUE_ID}",
    "an id that is none": "https://news.google.com/rss/articles/a.b",
    "an id without end": f"https://news.google.com/rss/articles/{'C' * 8193}",
    "no id": "https://news.google.com/rss/articles/",
}


@pytest.mark.parametrize("link", NO_GOOGLE_LINKS.values(), ids=NO_GOOGLE_LINKS.keys())
def test_other_links_are_no_google_articles(link):
    assert google_article_id(link) is None


def identified(link, *, google_id=None, entry_id="tag:1", headline="Ferry strike ends", published=None):
    return identify(
        link,
        google_id=google_id,
        entry_id=entry_id,
        feed_url="https://outlet.example/feed",
        headline=headline,
        published=published,
    )


IDENTITIES = {
    "plain": (TARGET, f"url:{TARGET}", TARGET, TARGET, "plain", False),
    "plain, with tracking": (
        f"{TARGET}&utm_source=rss",
        f"url:{TARGET}",
        f"{TARGET}&utm_source=rss",
        TARGET,
        "plain",
        False,
    ),
    "wrapped": (
        f"https://www.google.com/url?q={QUOTED}",
        f"url:{TARGET}",
        TARGET,
        TARGET,
        "google-url",
        False,
    ),
    "opaque": (GOOGLE_LINK, f"google:{OPAQUE_ID}", None, None, None, True),
    "opaque behind the consent page": (
        f"https://consent.google.com/m?continue={GOOGLE_LINK}",
        f"google:{OPAQUE_ID}",
        None,
        None,
        None,
        True,
    ),
    "legacy": (
        f"https://news.google.com/__i/rss/rd/articles/{LEGACY_ID}?oc=5",
        f"google:{LEGACY_ID}",
        "https://www.outlet.example/world/ferry-strike-1?utm_source=rss",
        "https://www.outlet.example/world/ferry-strike-1",
        "url-id",
        False,
    ),
    "youtube": (
        f"https://news.google.com/read/{youtube_id('ab-CD_12345')}",
        f"google:{youtube_id('ab-CD_12345')}",
        "https://www.youtube.com/watch?v=ab-CD_12345",
        "https://www.youtube.com/watch?v=ab-CD_12345",
        "youtube-id",
        False,
    ),
    "legacy id that holds a wall": (
        f"https://news.google.com/read/{article_id('https://consent.google.com/m')}",
        f"google:{article_id('https://consent.google.com/m')}",
        None,
        None,
        None,
        True,
    ),
    "an id of a form not seen yet": (
        "https://news.google.com/read/CGMiAA",
        "google:CGMiAA",
        None,
        None,
        None,
        True,
    ),
    "short": ("https://t.co/AbC", "url:https://t.co/AbC", None, None, None, True),
    "short behind a share link": (
        "https://l.facebook.com/l.php?u=https%3A%2F%2Ft.co%2FAbC",
        "url:https://t.co/AbC",
        None,
        None,
        None,
        True,
    ),
    "a story page of Google": (
        "https://news.google.com/stories/CAAq?oc=5",
        "url:https://news.google.com/stories/CAAq",
        None,
        None,
        None,
        False,
    ),
}


@pytest.mark.parametrize(
    ("link", "key", "publisher_url", "canonical", "method", "waits"),
    IDENTITIES.values(),
    ids=IDENTITIES.keys(),
)
def test_identity_of_a_link(link, key, publisher_url, canonical, method, waits):
    identity = identified(link)

    assert identity.key == key
    assert identity.publisher_url == publisher_url
    assert identity.canonical_url == canonical
    assert identity.method == method
    assert needs_resolving(identity, link) is waits


def test_the_parsers_google_id_is_believed_whatever_the_host():
    identity = identified(f"http://127.0.0.1:8080/rss/articles/{OPAQUE_ID}", google_id=OPAQUE_ID)

    assert identity.key == f"google:{OPAQUE_ID}"


MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
TUESDAY = datetime(2026, 1, 6, 9, tzinfo=UTC)


@pytest.mark.parametrize("link", [None, "", "javascript:alert(1)", "https://jo:secret@outlet.example/"])
def test_without_a_usable_link_the_feeds_own_id_counts(link):
    identity = identified(link)

    assert identity.key.startswith("entry:")
    assert identity.publisher_url is None
    assert identity.key == identified(link, headline="Ferry strike over", published=MONDAY).key
    assert identity.key != identified(link, entry_id="tag:2").key
    assert not needs_resolving(identity, link)


def test_without_link_and_id_headline_and_day_count():
    def key(**changes):
        return identified(None, entry_id=None, **{"published": MONDAY, **changes}).key

    assert key() == key(published=MONDAY.replace(hour=23))
    assert len({key(), key(published=TUESDAY), key(published=None), key(headline="Ferry strike begins")}) == 4
