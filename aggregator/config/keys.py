"""The table of every key: name, kind, meaning. Checking, the written default and the reference all read it.

Defaults are not repeated here: they are those of the dataclasses in `settings`. Keys beyond the
contract have a reason in a comment.
"""

from dataclasses import dataclass

from aggregator.config import kinds
from aggregator.config.kinds import Kind, limit, number, one_of, whole
from aggregator.settings import (
    DIGEST_FORMATS,
    ClusterSettings,
    CommandSettings,
    DaySettings,
    DigestOrder,
    DigestSettings,
    DigestStyle,
    EmailSettings,
    GoogleGroups,
    GoogleNewsSettings,
    HttpSettings,
    LogSettings,
    MailSecurity,
    PollSettings,
    RankingSettings,
    SectionSettings,
    StoreSettings,
    WebhookSettings,
    WebSettings,
)

ADDRESSES = ("google_topic", "google_topic_id", "google_query", "google_geo", "url")
"""The keys of which a feed has exactly one."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of one table.

    `doc` is a sentence without its full stop. `default_words` stands in for a default that is no
    constant; `is_shown` keys are live in the shipped file, the others stand there as comments.
    """

    name: str
    kind: Kind
    doc: str
    is_required: bool = False
    is_shown: bool = False
    default_words: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One table: its name in TOML, its keys, and an instance of the dataclass that it fills.

    `header` is how it stands in a file: `[poll]`, `[[feeds]]`. `notice` is what everyone who uses it
    has to know.
    """

    header: str
    doc: str
    keys: tuple[Key, ...]
    defaults: object = None
    notice: str = ""

    @property
    def name(self) -> str:
        return self.header.strip("[]")

    def default(self, key: Key) -> object | None:
        """Return the constant that applies when the key is absent, or None."""
        return None if key.is_required or key.default_words else getattr(self.defaults, key.name, None)


STORE = Section(
    "[store]",
    "Where everything is kept.",
    (
        Key(
            "path",
            kinds.PATH,
            "The SQLite file; a relative path starts at --home, as all paths here do",
            is_shown=True,
        ),
        # Beyond the contract: a daemon that nobody looks after must not fill the disk.
        Key(
            "keep_days",
            limit(31, 36_500),
            "Older articles are pruned, unless a feed still lists them; digests stay",
        ),
        Key(
            "max_bytes",
            limit(10_000_000, 10**15),
            "The oldest articles are pruned when the file holds more; those of the last 31 days stay",
        ),
    ),
    StoreSettings(),
)

DAY = Section(
    "[day]",
    "What a day is.",
    (
        Key(
            "timezone",
            kinds.TIMEZONE,
            "Days begin and digests are made by the clock of this zone; days that are stored keep theirs",
            is_shown=True,
        ),
    ),
    DaySettings(),
)

HTTP = Section(
    "[http]",
    "How servers are asked.",
    (
        Key(
            "user_agent",
            kinds.USER_AGENT,
            "Tells publishers who asks; an address where you can be reached is a courtesy",
        ),
        Key(
            "allow_private_addresses",
            kinds.FLAG,
            "Also connect to loopback and private addresses: for tests and intranets only",
        ),
        Key(
            "max_body_bytes",
            whole(1_000, 100_000_000),
            "A longer answer, as sent or as unpacked, is refused",
        ),
        Key(
            "total_timeout_seconds",
            number(0.1, 600),
            "A request is given up after this time, redirects included",
        ),
    ),
    HttpSettings(),
)

GOOGLE_NEWS = Section(
    "[google_news]",
    "The edition of Google News, and how its links are followed to the publishers.",
    (
        Key(
            "base_url",
            kinds.BASE_URL,
            "The server that every news.google.com link is fetched from; another one is for tests",
        ),
        Key("language", kinds.LANGUAGE, "Language of the edition, hl in its addresses", is_shown=True),
        Key(
            "country",
            kinds.COUNTRY,
            "Country of the edition, gl in its addresses; ceid follows from both",
            is_shown=True,
        ),
        Key(
            "resolve",
            kinds.FLAG,
            "Look up the publishers' links behind Google's; stories are the same without",
            is_shown=True,
        ),
        Key("page_budget", whole(0, 1_000), "Article pages that may be asked for at once"),
        Key(
            "page_refill_seconds",
            number(0.01, 86_400),
            "One more article page may be asked for each time this has passed",
        ),
        Key(
            "breaker_minutes",
            number(0.01, 360),
            "Pause after Google refuses a page; doubles with every refusal in a row, up to 6 hours",
        ),
    ),
    GoogleNewsSettings(),
    notice=(
        "Google says in each of its feeds that it is made available “solely for the purpose of rendering "
        "Google News results within a personal feed reader for personal, non-commercial use” and that “any "
        "other use of the feed is expressly prohibited”. Whoever polls them accepts that. Feeds with a url of "
        "their own need no Google."
    ),
)

POLL = Section(
    "[poll]",
    "How often feeds are asked, and how gently.",
    (
        Key(
            "interval_minutes",
            number(5, 1_440),
            "Time between two polls of a feed; a server that asks for a longer one gets it",
            is_shown=True,
        ),
        Key("jitter_seconds", number(0, 3_600), "Up to this much is added to each interval, by chance"),
        Key("max_concurrent", whole(1, 256), "Requests under way at one time"),
        Key("max_per_host", whole(1, 256), "Requests under way at one time to one host"),
        # Beyond the contract: the demo and anyone with feeds on a machine of his own need no spacing.
        Key(
            "host_spacing_seconds",
            number(0, 3_600),
            "Time between the beginnings of two requests to one host",
        ),
        Key(
            "google_spacing_seconds",
            number(0, 3_600),
            "The same for Google News, which is asked one thing at a time",
        ),
    ),
    PollSettings(),
)

CLUSTER = Section(
    "[cluster]",
    "How headlines become stories.",
    (
        Key("window_days", whole(1, 31), "A story goes on while no more than this many days lie between"),
        Key(
            "google_groups",
            one_of({group.value: group for group in GoogleGroups}),
            "Whether headlines that Google lists together count as evidence that they are one story",
        ),
    ),
    ClusterSettings(),
)

# Beyond the contract: a service manager wants one JSON object a line, a person at a terminal does not.
LOG = Section(
    "[log]",
    "What the daemon tells on standard error.",
    (
        Key("format", one_of(("plain", "json")), "Lines for people or one JSON object a line"),
        Key("level", one_of(("debug", "info", "warning", "error")), "The least important kind of line shown"),
    ),
    LogSettings(),
)

WEB = Section(
    "[web]",
    "The page that `aggregator serve` shows.",
    # Beyond the contract: a page that answers to any name can be read by any web site through its visitor.
    (
        Key(
            "hosts",
            kinds.HOSTS,
            "Names that it answers to, beside localhost; those of a proxy in front of it belong here",
        ),
    ),
    WebSettings(),
)

FEEDS = Section(
    "[[feeds]]",
    "One table for each feed. Exactly one of " + ", ".join(ADDRESSES) + " says where it is.",
    (
        Key("name", kinds.LABEL, "Your name for it, as commands and reports show it", is_required=True),
        Key("topic", kinds.TOPIC, "The topic whose digest its stories go into", is_required=True),
        Key("google_topic", kinds.SECTION, "A section of Google News; TOP is its front page"),
        Key(
            "google_topic_id",
            kinds.TOPIC_ID,
            "Any topic of Google News, by the id in the address of its page",
        ),
        Key(
            "google_query",
            kinds.QUERY,
            "A search, as typed on Google News; operators such as when:1d and site: work",
        ),
        Key("google_geo", kinds.PLACE, "A place, for its local news on Google News"),
        Key(
            "url",
            kinds.FEED_URL,
            "Any RSS, Atom or JSON feed; the address of a Google News page stands for the page's feed",
        ),
        Key(
            "language",
            kinds.LANGUAGE,
            "Language of its headlines; only headlines of one language are compared",
            default_words="the edition's, without the country for a plain feed",
        ),
        Key("country", kinds.COUNTRY, "Country of its edition", default_words="the edition's"),
        Key(
            "interval_minutes",
            number(5, 1_440),
            "Time between two polls of this feed",
            default_words="that of [poll]",
        ),
        Key(
            "enabled",
            kinds.FLAG,
            "false keeps the feed and what it brought, but polls it no more",
            default_words="true",
        ),
        # Beyond the contract: subscription lists carry it (OPML's htmlUrl), and it must not get lost here.
        Key(
            "site", kinds.WEB_URL, "The page for people that the feed belongs to; nothing is fetched from it"
        ),
    ),
)

DIGESTS = Section(
    "[[digests]]",
    "One table for each digest: a page a day with the stories of one topic.",
    (
        Key("topic", kinds.TOPIC, "The topic of one or more feeds", is_required=True),
        Key("title", kinds.LABEL, "Its title", default_words="the topic, capitalised"),
        Key("at", kinds.LOCAL_TIME, "When it is made, in the zone of [day]; it is about the day before"),
        Key("formats", kinds.FORMATS, "What it is written as"),
        Key(
            "week",
            kinds.BOUND,
            "What the seven days to Sunday are bound together in, with the digest of that Sunday",
            default_words="not at all",
        ),
        Key("out", kinds.PATH, "The folder that it is written to"),
        Key(
            "counter",
            kinds.TABLE,
            "Number the days, as in “day 1,407”; its keys are below",
            default_words="no numbers",
        ),
        Key(
            "base_url",
            kinds.WEB_URL,
            "The address that the folder is published at; feeds name it as theirs",
            default_words="none",
        ),
        # Beyond the contract, as issue 4 asks: what an editor would want to say about a digest.
        Key("language", kinds.DIGEST_LANGUAGE, "Language of its own words, dates and numbers"),
        Key(
            "style",
            one_of({style.value: style for style in DigestStyle}),
            "Stories with all their outlets, or one sentence for each story under “Here is where things stand”",
        ),
        Key(
            "order",
            one_of({order.value: order for order in DigestOrder}),
            "Which story of a section comes first: the one with most weight, or that with the newest article",
        ),
        Key(
            "sections",
            kinds.TABLES,
            "Headings, in order, that stories stand under; the keys of one are below",
            default_words="none",
        ),
        Key(
            "other_title",
            kinds.LABEL,
            "Heading of the stories that no section took",
            default_words="“Other news” in its language",
        ),
        Key(
            "ranking",
            kinds.TABLE,
            "What decides which story comes first; its keys are below",
            default_words="as below",
        ),
        Key(
            "email",
            kinds.TABLE,
            "Whom it is mailed to, as text and HTML; its keys are below",
            default_words="nobody",
        ),
        Key(
            "webhook",
            kinds.TABLE,
            "Where it is posted to as JSON; its keys are below",
            default_words="nowhere",
        ),
        Key(
            "command",
            kinds.TABLE,
            "A program that is run when it is written; its keys are below",
            default_words="none",
        ),
    ),
    DigestSettings(topic="", title=""),
)

COUNTER = Section(
    "counter",
    "The counter of a digest: the number of a day is first_number and the days since epoch.",
    (
        Key("epoch", kinds.DAY, "The day that has the first number", is_required=True),
        Key("first_number", whole(-1_000_000, 1_000_000), "The number of that day", default_words="0"),
    ),
)

DIGEST_SECTION = Section(
    "sections",
    "A section of a digest. A story goes into the one that takes most of its articles, the first of equals: by a "
    "word in its headline or in half of its headlines, by an outlet of half of its articles, or by a topic.",
    (
        Key("title", kinds.LABEL, "Its heading", is_required=True),
        Key("words", kinds.WORDS, "“strike*” is any word that begins so, “peace talks” two words in a row"),
        Key("outlets", kinds.WORDS, "Names of outlets as the digest shows them"),
        Key("topics", kinds.WORDS, "Topics of feeds; a story that one of them brought belongs here"),
    ),
    SectionSettings(title=""),
)

RANKING = Section(
    "ranking",
    "Weights of a story's place in a digest; the README has the formula.",
    (
        Key("outlets", number(0, 100), "For independent outlets, on a logarithmic scale"),
        Key("recency", number(0, 100), "For a newest article late in the day"),
        Key("spread", number(0, 100), "For articles in many hours of the day"),
        Key("diversity", number(0, 1), "Part of its weight that a second story of one event loses"),
    ),
    RankingSettings(),
)

EMAIL = Section(
    "email",
    "Mail with a digest. `aggregator run` sends it, each digest once to each address; what a server refuses for "
    "the moment is tried again for three days.",
    (
        Key("to", kinds.MAIL_ADDRESSES, "Who gets it; each address gets a mail of its own", is_required=True),
        Key("sender", kinds.MAIL_ADDRESS, "The address that it comes from", is_required=True),
        Key("server", kinds.HOST, "The mail server that takes it"),
        Key("port", whole(1, 65_535), "Its port", default_words="587 for starttls, 465 for tls, 25 for none"),
        Key(
            "security",
            one_of({security.value: security for security in MailSecurity}),
            "How the connection is encrypted; none is for a server on this machine or your own network",
        ),
        Key("user", kinds.LABEL, "The name to log in with", default_words="no login"),
        Key(
            "password_env",
            kinds.VARIABLE,
            "The environment variable that holds the password",
            default_words="none",
        ),
        Key(
            "password_file",
            kinds.PATH,
            "The file that holds the password; its mode is 0600 or stricter",
            default_words="none",
        ),
    ),
    EmailSettings(to=(), sender=""),
)

WEBHOOK = Section(
    "webhook",
    "A POST of a digest's JSON. Any answer from 200 to 299 is a success, everything else is tried again for "
    "three days. It goes to private addresses only if http.allow_private_addresses is true.",
    (
        Key("url", kinds.WEB_URL, "Where it is posted to", is_required=True),
        Key(
            "secret_env",
            kinds.VARIABLE,
            "The environment variable that holds the secret which signs it",
            default_words="none",
        ),
        Key(
            "secret_file",
            kinds.PATH,
            "The file that holds the secret; its mode is 0600 or stricter",
            default_words="none",
        ),
    ),
    WebhookSettings(url=""),
)

COMMAND = Section(
    "command",
    "A program that is run with a digest's file, without a shell; a status other than 0 is tried again for three "
    "days. An addendum of late articles is a run of its own, of the same {day}; its {path} is another.",
    (
        Key(
            "run",
            kinds.ARGUMENTS,
            "The program and its arguments, in which {path}, {topic}, {day} and {format} are filled in",
            is_required=True,
        ),
        Key(
            "format",
            one_of(DIGEST_FORMATS),
            "Whose file {path} is, the first if there are several; one of the digest's formats",
            default_words="the first of them",
        ),
        Key("timeout_seconds", number(0.1, 3_600), "The program is ended after this time"),
    ),
    CommandSettings(run=()),
)

DIGEST_TABLES = (COUNTER, DIGEST_SECTION, RANKING, EMAIL, WEBHOOK, COMMAND)
"""The tables inside a digest."""

SECTIONS = (STORE, DAY, HTTP, GOOGLE_NEWS, POLL, CLUSTER, LOG, WEB)
"""The tables that stand once, in the order of the file."""
