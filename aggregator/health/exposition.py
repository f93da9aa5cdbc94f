"""The answer as Prometheus reads it, in its text format. Pure.

Facts
-----
* The format is a line a value under a line of help and one of type; the numbers come from another process
  at the moment they are asked for, so there is nothing here for a client library's registry to keep.
* Labels have few and fixed values (states, jobs, outcomes): a label by feed would be a series a feed for ever.
* Without a daemon the sizes of the file are told all the same, and `aggregator_up` is 0.
"""

from collections.abc import Iterator, Mapping

from aggregator import __version__
from aggregator.health.report import Answer, Health
from aggregator.model import DeliveryState, FeedHealth, Outcome, StoreFigures

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(answer: Answer, figures: StoreFigures | None) -> str:
    """All metrics; `figures` stand in for those of a daemon that does not answer."""
    lines = [
        *_metric("aggregator_up", "gauge", "Whether a daemon answers", {"": int(answer.health is not None)}),
        *_metric(
            "aggregator_healthy",
            "gauge",
            "Whether it does its work; /healthz says what is in the way",
            {"": int(answer.is_healthy)},
        ),
        *_metric("aggregator_build_info", "gauge", "Version", {f'{{version="{__version__}"}}': 1}),
    ]
    if answer.health is not None:
        lines += _daemon(answer.health)
        figures = answer.health.figures or figures
    if figures is not None:
        lines += _store(figures)
    return "\n".join(lines) + "\n"


def _daemon(health: Health) -> Iterator[str]:
    yield from _gauge("aggregator_uptime_seconds", "Since the daemon was started", health.up_seconds)
    yield from _gauge(
        "aggregator_commit_age_seconds", "Since something reached the disk", health.commit_seconds
    )
    yield from _gauge(
        "aggregator_loop_lag_seconds", "Longest standstill of the loop in a minute", health.lag_seconds
    )
    yield from _gauge(
        "aggregator_paused", "Whether polling rests for want of disk", int(health.paused is not None)
    )
    quiet = {name: job.quiet_seconds for name, job in health.jobs.items()}
    running = {name: int(job.is_running) for name, job in health.jobs.items()}
    yield from _by("aggregator_job_quiet_seconds", "gauge", "Since a job gave a sign", "job", quiet)
    yield from _by("aggregator_job_running", "gauge", "Whether a job is at work", "job", running)
    polls = {outcome.value: health.polls.get(outcome, 0) for outcome in Outcome}
    yield from _by("aggregator_polls_total", "counter", "Polls since the start", "outcome", polls)
    yield from _metric(
        "aggregator_new_articles_total", "counter", "New articles since the start", {"": health.new_articles}
    )


def _store(figures: StoreFigures) -> Iterator[str]:
    feeds = {state.value: figures.feeds.get(state, 0) for state in FeedHealth}
    deliveries = {state.value: figures.deliveries.get(state, 0) for state in DeliveryState}
    breaker = figures.breaker_open_until.timestamp() if figures.breaker_open_until else 0
    yield from _by("aggregator_feeds", "gauge", "Feeds", "state", feeds)
    yield from _by("aggregator_deliveries", "gauge", "Digests to recipients", "state", deliveries)
    yield from _gauge("aggregator_links_waiting", "Links on their way", figures.links_waiting)
    yield from _gauge("aggregator_breaker_open_until_seconds", "Google's pause ends, Unix time", breaker)
    yield from _gauge("aggregator_articles", "Articles in the store", figures.articles)
    yield from _gauge("aggregator_articles_last_week", "Of the last seven days", figures.articles_last_week)
    yield from _gauge("aggregator_store_bytes", "Size of the file", figures.file_bytes)
    yield from _gauge("aggregator_store_unused_bytes", "Of that to be used again", figures.unused_bytes)
    yield from _gauge("aggregator_store_growth_bytes_per_day", "Growth a day", round(figures.bytes_a_day))
    yield from _gauge("aggregator_wal_bytes", "Size of the write-ahead log", figures.wal_bytes)
    yield from _gauge("aggregator_disk_free_bytes", "Room on the disk", figures.disk_free_bytes)


def _gauge(name: str, help_text: str, value: float) -> Iterator[str]:
    return _metric(name, "gauge", help_text, {"": value})


def _by(name: str, kind: str, help_text: str, label: str, values: Mapping[str, float]) -> Iterator[str]:
    return _metric(
        name, kind, help_text, {f'{{{label}="{key}"}}': value for key, value in sorted(values.items())}
    )


def _metric(name: str, kind: str, help_text: str, values: Mapping[str, float]) -> Iterator[str]:
    yield f"# HELP {name} {help_text}."
    yield f"# TYPE {name} {kind}"
    for labels, value in values.items():
        yield f"{name}{labels} {value:.3f}" if isinstance(value, float) else f"{name}{labels} {value}"
