"""The link queue: what waits for its publisher's URL, what came of it, and the resolver's budget.

Results stay for ever: an id that was decoded once is never asked for again. Leads of stories come
first, then the newest articles; a link's failure is a row with its next try, never a lost article.
"""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from aggregator.model import ArticleDraft, LinkJob, LinkState, Resolution, ResolverState
from aggregator.store.identity import merge_same_article
from aggregator.store.values import optional_time_of, optional_time_text, time_of, time_text


def queue_link(connection: sqlite3.Connection, article_id: int, draft: ArticleDraft, now: datetime) -> None:
    """Queue the article's link if it leads through an aggregator and does not tell where."""
    identity = draft.identity
    if draft.link is None or not draft.needs_resolving:
        return
    connection.execute(
        "INSERT INTO resolutions (article_id, link, google_id, state, attempts, next_try_at)"
        " VALUES (?, ?, ?, ?, 0, ?) ON CONFLICT DO NOTHING",
        (article_id, draft.link, identity.google_id, str(LinkState.WAITING), time_text(now)),
    )


def load_due_links(connection: sqlite3.Connection, now: datetime, limit: int) -> list[LinkJob]:
    """Waiting links whose next try has come: leads of stories first, then the newest."""
    rows = connection.execute(
        "SELECT r.article_id, r.link, r.google_id, r.attempts FROM resolutions AS r"
        "  JOIN articles AS a USING (article_id)"
        " WHERE r.state = 'waiting' AND r.next_try_at <= ?"
        " ORDER BY EXISTS (SELECT 1 FROM story_days AS d WHERE d.day = a.day"
        "                     AND d.lead_article_id = r.article_id) DESC,"
        "          a.effective_at DESC, a.key LIMIT ?",
        [time_text(now), limit],
    )
    return [LinkJob(row["article_id"], row["link"], row["google_id"], row["attempts"]) for row in rows]


def save_resolutions(
    connection: sqlite3.Connection, resolutions: Sequence[Resolution], state: ResolverState, now: datetime
) -> None:
    """Store what a round of resolving came to, with the budget it left, in one transaction."""
    for resolution in resolutions:
        _save_resolution(connection, resolution, now)
    save_resolver_state(connection, state)


def _save_resolution(connection: sqlite3.Connection, resolution: Resolution, now: datetime) -> None:
    is_resolved = resolution.state is LinkState.RESOLVED
    connection.execute(
        "UPDATE resolutions SET state = ?, attempts = ?, next_try_at = ?, method = ?, publisher_url = ?,"
        " canonical_url = ?, error = ?, resolved_at = ? WHERE article_id = ?",
        (
            str(resolution.state),
            resolution.attempts,
            optional_time_text(resolution.next_try_at),
            resolution.method,
            resolution.publisher_url,
            resolution.canonical_url,
            resolution.error,
            time_text(now) if is_resolved else None,
            resolution.article_id,
        ),
    )
    if is_resolved:
        connection.execute(
            "UPDATE articles SET publisher_url = ?, canonical_url = ? WHERE article_id = ?",
            (resolution.publisher_url, resolution.canonical_url, resolution.article_id),
        )
        merge_same_article(connection, resolution.article_id)


def load_resolver_state(connection: sqlite3.Connection) -> ResolverState | None:
    row = connection.execute("SELECT * FROM resolver_state").fetchone()
    if row is None:
        return None
    return ResolverState(
        row["tokens"], time_of(row["counted_at"]), optional_time_of(row["open_until"]), row["trips"]
    )


def save_resolver_state(connection: sqlite3.Connection, state: ResolverState) -> None:
    connection.execute(
        "INSERT INTO resolver_state (id, tokens, counted_at, open_until, trips) VALUES (1, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET tokens = excluded.tokens, counted_at = excluded.counted_at,"
        " open_until = excluded.open_until, trips = excluded.trips",
        (state.tokens, time_text(state.counted_at), optional_time_text(state.open_until), state.trips),
    )
