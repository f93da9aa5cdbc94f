"""The schema, as migrations; each runs in its own transaction and is recorded.

Facts
-----
* SQLite 3.40 is the floor (Debian 12, CPython 3.11): STRICT and RETURNING are there, `jsonb` and
  contentless-delete are not.
* No trigger keeps the search index: with `trusted_schema` off a trigger may not touch a virtual table. Whoever
  adds or deletes an article does the same there.
* Generated columns break `sqlite_utils` table transforms, so a day is a real column.
* The views are a public contract: their names and columns do not change within a major version.
  Tables are ours and may change with a migration.
* A foreign key names the column it leads to: Datasette 0.65 answers 500 for a table with one that does not.
* A step that stores have taken stays as it is, as they do not take it again; a change is another step.
* All times are ISO 8601 text in UTC with a trailing Z, whole seconds, so they sort as text.
"""

import sqlite3
from collections.abc import Callable

from sqlite_utils import Database, Migrations

from aggregator.errors import StoreError

migrations = Migrations("headline-aggregator")

APPLICATION_ID = 0x4865_6164  # "Head": `file` and sqlite3 tools can tell ours from other files

_TABLES = """
CREATE TABLE feeds (
  feed_id INTEGER PRIMARY KEY,
  url TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  topic TEXT NOT NULL,
  language TEXT NOT NULL,
  country TEXT NOT NULL,
  is_google INTEGER NOT NULL,
  interval_minutes REAL NOT NULL,
  health TEXT NOT NULL,
  next_poll_at TEXT NOT NULL,
  next_poll_reason TEXT NOT NULL,
  etag TEXT,
  last_modified TEXT,
  body_sha256 TEXT,
  entries_sha256 TEXT,
  last_polled_at TEXT,
  last_success_at TEXT,
  last_unconditional_at TEXT,
  polls INTEGER NOT NULL,
  failures REAL NOT NULL,
  gone_since TEXT,
  gone_polls INTEGER NOT NULL,
  moved_to TEXT,
  moved_since TEXT,
  moved_polls INTEGER NOT NULL,
  poison_sha256 TEXT,
  poison_deaths INTEGER NOT NULL,
  empty_polls INTEGER NOT NULL,
  last_outcome TEXT,
  last_error TEXT,
  entries_last INTEGER NOT NULL,
  new_last INTEGER NOT NULL
) STRICT;
CREATE INDEX feeds_due ON feeds (next_poll_at) WHERE health NOT IN ('gone', 'disabled');

CREATE TABLE polls (
  poll_id INTEGER PRIMARY KEY,
  feed_id INTEGER NOT NULL REFERENCES feeds (feed_id),
  started_at TEXT NOT NULL,
  outcome TEXT NOT NULL,
  status INTEGER,
  failure TEXT,
  message TEXT,
  entries INTEGER NOT NULL,
  articles INTEGER NOT NULL,
  new_articles INTEGER NOT NULL,
  skipped INTEGER NOT NULL,
  wire_bytes INTEGER NOT NULL,
  took_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX polls_feed ON polls (feed_id, started_at);

CREATE TABLE articles (
  article_id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  google_id TEXT,
  headline TEXT NOT NULL,
  outlet TEXT NOT NULL,
  outlet_host TEXT,
  language TEXT NOT NULL,
  link TEXT,
  publisher_url TEXT,
  canonical_url TEXT,
  published_at TEXT,
  is_day_precise INTEGER NOT NULL,
  first_seen_at TEXT NOT NULL,
  effective_at TEXT NOT NULL,
  day TEXT NOT NULL,
  summary TEXT,
  feed_id INTEGER NOT NULL REFERENCES feeds (feed_id),
  entry_id TEXT,
  merged_into INTEGER REFERENCES articles (article_id)
) STRICT;
CREATE INDEX articles_day ON articles (day, language);
CREATE INDEX articles_canonical ON articles (canonical_url) WHERE canonical_url IS NOT NULL;
CREATE INDEX articles_merged ON articles (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX articles_merged_day ON articles (day, language) WHERE merged_into IS NOT NULL;
CREATE INDEX articles_outlet ON articles (lower(outlet), day);
CREATE INDEX articles_host ON articles (outlet_host) WHERE outlet_host IS NOT NULL;

CREATE TABLE headline_revisions (
  article_id INTEGER NOT NULL REFERENCES articles (article_id) ON DELETE CASCADE,
  headline TEXT NOT NULL,
  seen_at TEXT NOT NULL,
  PRIMARY KEY (article_id, headline)
) STRICT, WITHOUT ROWID;

CREATE TABLE listings (
  poll_id INTEGER NOT NULL REFERENCES polls (poll_id) ON DELETE CASCADE,
  article_id INTEGER NOT NULL REFERENCES articles (article_id) ON DELETE CASCADE,
  feed_id INTEGER NOT NULL REFERENCES feeds (feed_id),
  lead_article_id INTEGER NOT NULL,
  entry_position INTEGER NOT NULL,
  list_position INTEGER NOT NULL,
  PRIMARY KEY (poll_id, article_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX listings_article ON listings (article_id, feed_id);

CREATE TABLE latest_listings (
  feed_id INTEGER NOT NULL REFERENCES feeds (feed_id),
  article_id INTEGER NOT NULL REFERENCES articles (article_id) ON DELETE CASCADE,
  PRIMARY KEY (feed_id, article_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX latest_listings_article ON latest_listings (article_id);

CREATE TABLE tombstones (
  key_hash BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE article_topics (
  article_id INTEGER NOT NULL REFERENCES articles (article_id) ON DELETE CASCADE,
  topic TEXT NOT NULL,
  PRIMARY KEY (article_id, topic)
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE headline_search USING fts5 (headline, outlet, host, tokenize = 'unicode61 remove_diacritics 2');

CREATE TABLE resolutions (
  article_id INTEGER PRIMARY KEY REFERENCES articles (article_id) ON DELETE CASCADE,
  link TEXT NOT NULL,
  google_id TEXT,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  next_try_at TEXT,
  method TEXT,
  publisher_url TEXT,
  canonical_url TEXT,
  error TEXT,
  resolved_at TEXT
) STRICT;
CREATE INDEX resolutions_due ON resolutions (next_try_at) WHERE state = 'waiting';

CREATE TABLE resolver_state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  tokens REAL NOT NULL,
  counted_at TEXT NOT NULL,
  open_until TEXT,
  trips INTEGER NOT NULL
) STRICT;

CREATE TABLE heartbeat (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  beat_at TEXT NOT NULL
) STRICT;

CREATE TABLE days (
  day TEXT NOT NULL,
  language TEXT NOT NULL,
  changes INTEGER NOT NULL,
  grouped_at TEXT,
  rules_version TEXT,
  stories INTEGER NOT NULL DEFAULT 0,
  articles INTEGER NOT NULL DEFAULT 0,
  revision INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (day, language)
) STRICT, WITHOUT ROWID;
CREATE INDEX days_changed ON days (day) WHERE changes > 0;

CREATE TABLE closed_days (
  day TEXT PRIMARY KEY,
  timezone TEXT NOT NULL,
  closed_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE token_weights (
  language TEXT NOT NULL,
  day TEXT NOT NULL,
  weights BLOB NOT NULL,
  PRIMARY KEY (language, day)
) STRICT;

CREATE TABLE stories (
  story_id INTEGER PRIMARY KEY AUTOINCREMENT,
  language TEXT NOT NULL,
  first_day TEXT NOT NULL,
  created_at TEXT NOT NULL,
  merged_into INTEGER REFERENCES stories (story_id),
  previous_story_id INTEGER REFERENCES stories (story_id),
  next_story_id INTEGER REFERENCES stories (story_id),
  articles_total INTEGER NOT NULL,
  outlets_total INTEGER NOT NULL
) STRICT;

CREATE TABLE story_days (
  day TEXT NOT NULL,
  story_id INTEGER NOT NULL REFERENCES stories (story_id),
  language TEXT NOT NULL,
  topic TEXT NOT NULL,
  topics TEXT NOT NULL, -- all of them, each between slashes, which no topic has: "/business/world/"
  headline TEXT NOT NULL,
  lead_article_id INTEGER NOT NULL REFERENCES articles (article_id),
  status TEXT NOT NULL,
  new_words TEXT NOT NULL,
  articles INTEGER NOT NULL,
  outlets INTEGER NOT NULL,
  first_seen_at TEXT NOT NULL,
  last_seen_at TEXT NOT NULL,
  series TEXT,
  serial TEXT,
  PRIMARY KEY (day, story_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX story_days_story ON story_days (story_id, day);
CREATE INDEX story_days_lead ON story_days (lead_article_id);
CREATE INDEX story_days_rank ON story_days
  (day, outlets DESC, articles DESC, last_seen_at DESC, story_id, language, status, topics);
CREATE INDEX story_days_issues ON story_days (language, day) WHERE series IS NOT NULL;

CREATE TABLE outlet_days (
  day TEXT NOT NULL,
  language TEXT NOT NULL,
  outlet TEXT NOT NULL, -- in small letters
  name TEXT NOT NULL,
  articles INTEGER NOT NULL,
  stories INTEGER NOT NULL,
  first INTEGER NOT NULL,
  alone INTEGER NOT NULL,
  PRIMARY KEY (day, language, outlet)
) STRICT, WITHOUT ROWID;

CREATE TABLE story_members (
  article_id INTEGER PRIMARY KEY REFERENCES articles (article_id) ON DELETE CASCADE,
  story_id INTEGER NOT NULL REFERENCES stories (story_id),
  day TEXT NOT NULL,
  group_number INTEGER NOT NULL,
  rule TEXT NOT NULL,
  score REAL,
  partner_article_id INTEGER REFERENCES articles (article_id),
  is_addendum INTEGER NOT NULL
) STRICT;
CREATE INDEX story_members_story ON story_members (story_id, day);
CREATE INDEX story_members_day ON story_members (day);
CREATE INDEX story_members_partner ON story_members (partner_article_id) WHERE partner_article_id IS NOT NULL;

CREATE TABLE ledger (
  ledger_id INTEGER PRIMARY KEY,
  day TEXT NOT NULL,
  language TEXT NOT NULL,
  article_id INTEGER NOT NULL REFERENCES articles (article_id) ON DELETE CASCADE,
  partner_article_id INTEGER REFERENCES articles (article_id),
  verdict TEXT NOT NULL,
  rule TEXT NOT NULL,
  score REAL,
  threshold REAL,
  words TEXT NOT NULL,
  alike INTEGER,
  members INTEGER,
  rules_version TEXT NOT NULL,
  decided_at TEXT NOT NULL
) STRICT;
CREATE INDEX ledger_article ON ledger (article_id);
CREATE INDEX ledger_partner ON ledger (partner_article_id);
CREATE INDEX ledger_day ON ledger (day, language);

CREATE TABLE corrections (
  correction_id INTEGER PRIMARY KEY,
  made_at TEXT NOT NULL,
  kind TEXT NOT NULL,
  note TEXT NOT NULL,
  undone_at TEXT
) STRICT;

CREATE TABLE correction_bonds (
  correction_id INTEGER NOT NULL REFERENCES corrections (correction_id) ON DELETE CASCADE,
  bond TEXT NOT NULL,
  a_key TEXT NOT NULL,
  b_key TEXT NOT NULL,
  PRIMARY KEY (correction_id, bond, a_key, b_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE digest_starts (
  topic TEXT NOT NULL,
  folder TEXT NOT NULL,
  first_day TEXT NOT NULL,
  PRIMARY KEY (topic, folder)
) STRICT, WITHOUT ROWID;

CREATE TABLE digest_snapshots (
  topic TEXT NOT NULL,
  day TEXT NOT NULL,
  addendum INTEGER NOT NULL,
  snapshot TEXT NOT NULL,
  rules_version TEXT NOT NULL,
  made_at TEXT NOT NULL,
  PRIMARY KEY (topic, day, addendum)
) STRICT, WITHOUT ROWID;

CREATE TABLE digest_articles (
  topic TEXT NOT NULL,
  day TEXT NOT NULL,
  article_id INTEGER NOT NULL,
  addendum INTEGER NOT NULL,
  PRIMARY KEY (topic, day, article_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE digest_editions (
  topic TEXT NOT NULL,
  folder TEXT NOT NULL,
  day TEXT NOT NULL,
  settings TEXT NOT NULL,
  rules_version TEXT NOT NULL,
  made_at TEXT NOT NULL,
  late_until TEXT NOT NULL,
  PRIMARY KEY (topic, folder, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE digests (
  digest_id INTEGER PRIMARY KEY,
  day TEXT NOT NULL,
  topic TEXT NOT NULL,
  folder TEXT NOT NULL,
  format TEXT NOT NULL,
  path TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  made_at TEXT NOT NULL,
  stories INTEGER NOT NULL,
  addendum INTEGER NOT NULL,
  UNIQUE (topic, folder, day, addendum, format, path)
) STRICT;

CREATE TABLE outbox (
  delivery_id INTEGER PRIMARY KEY,
  topic TEXT NOT NULL,
  folder TEXT NOT NULL,
  day TEXT NOT NULL,
  addendum INTEGER NOT NULL,
  channel TEXT NOT NULL,
  recipient TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  made_at TEXT NOT NULL,
  queued_at TEXT NOT NULL,
  next_try_at TEXT,
  sent_at TEXT,
  error TEXT,
  UNIQUE (topic, folder, day, addendum, channel, recipient)
) STRICT;
CREATE INDEX outbox_due ON outbox (next_try_at) WHERE state = 'waiting';
"""

_VIEWS = """
CREATE VIEW stories_by_day AS
SELECT d.day, d.story_id, d.topic, d.headline, d.status, d.articles, d.outlets,
       s.articles_total, s.outlets_total, d.first_seen_at, d.last_seen_at, d.series, d.serial
  FROM story_days AS d JOIN stories AS s USING (story_id);

CREATE VIEW story_articles AS
SELECT m.story_id, m.day, m.article_id, a.headline, a.outlet, a.outlet_host, a.language, a.link,
       a.publisher_url, a.canonical_url, a.published_at, a.first_seen_at, m.rule, m.score,
       m.partner_article_id
  FROM story_members AS m JOIN articles AS a USING (article_id);

CREATE VIEW feed_health AS
SELECT feed_id, name, url, health AS state, last_polled_at, last_success_at, next_poll_at, failures,
       last_outcome, last_error, entries_last, new_last
  FROM feeds;

CREATE VIEW link_queue AS
SELECT article_id, link, state, attempts, next_try_at, method, error AS last_error
  FROM resolutions;

CREATE VIEW decisions AS
SELECT l.decided_at, l.day, l.article_id, l.partner_article_id, m.story_id, l.verdict, l.rule,
       l.score, l.threshold, l.words, l.rules_version
  FROM ledger AS l LEFT JOIN story_members AS m USING (article_id);

CREATE VIEW digest_log AS
SELECT day, topic, format, path, sha256, made_at, stories, addendum
  FROM digests;
"""


# Set together with a change that a person made, so that a closed day is grouped again for it, whoever is killed before.
_REOPENED = "ALTER TABLE days ADD COLUMN reopened INTEGER NOT NULL DEFAULT 0;"


def run_script(db: Database, script: str) -> None:
    """Run several statements inside the current transaction (`executescript` would commit it)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if _is_complete(statement):
            db.conn.execute(statement)
            statement = ""
    if statement.strip():
        raise StoreError(f"a migration ends in an unfinished statement: {statement.strip()[:80]!r}")


def _is_complete(statement: str) -> bool:
    # complete_statement knows that a trigger's body holds semicolons.
    return bool(statement.strip()) and sqlite3.complete_statement(statement)


def create_tables_and_views(db: Database) -> None:
    run_script(db, _TABLES)
    run_script(db, _VIEWS)


def let_days_be_reopened(db: Database) -> None:
    run_script(db, _REOPENED)


_STEPS: tuple[Callable[[Database], None], ...] = (create_tables_and_views, let_days_be_reopened)
SCHEMA_VERSION = len(_STEPS)
for _step in _STEPS:
    migrations(name=_step.__name__)(_step)


def check_is_ours(db: Database) -> None:
    """Look at a file before anything is done to it.

    Raises:
        StoreError: another program wrote it, or a newer version of this one.
    """
    if db.conn.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise StoreError("this database belongs to another program, and nothing was changed in it")
    version = db.conn.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"this database has schema version {version}, this program knows {SCHEMA_VERSION}; "
            "it was written by a newer version of headline-aggregator, please use that one"
        )


def migrate(db: Database) -> None:
    """Bring the schema up to date; `PRAGMA user_version` says so, also after a kill between its steps."""
    if db.conn.execute("PRAGMA user_version").fetchone()[0] < SCHEMA_VERSION:
        migrations.apply(db)
        db.conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
