"""The week: bound with its Sunday's digest, once; before that it is a preview."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from aggregator.errors import PublishError
from aggregator.pipeline.editions import DigestJob
from aggregator.pipeline.weeks import make_week
from aggregator.settings import DigestSettings
from tests.system.paper import open_paper

ONE_DAY = timedelta(days=1)
FRIDAY = datetime(2026, 1, 9, 12, tzinfo=UTC)
HEADLINES = (
    "Ferry runs aground off Kestrel Islands",
    "Sarran budget passes at dawn",
    "Glacier tunnel opens to trains",
    "Orchards of Morland bloom early",
)
WORLD = DigestSettings("world", "World", formats=("markdown",), week=("epub",), out="digests")
LOG = "SELECT day, path, stories FROM digest_log WHERE format = 'epub-week'"


@pytest.fixture
def paper(tmp_path):
    with open_paper(tmp_path, WORLD) as paper:
        yield paper


def live(paper, days):
    """Let so many days pass from Friday on, each with a story; return what was made, as words."""
    reports = []
    for day in range(days):
        noon = FRIDAY + day * ONE_DAY
        paper.hear(noon, HEADLINES[day])
        reports += paper.tick(noon + timedelta(hours=20))
    return [str(report) for report in reports]


def test_a_week_is_made_with_its_sunday_and_once(paper):
    made = live(paper, 4)

    assert [line for line in made if "epub-week" in line] == [
        "digest topic=world day=2026-01-11 format=epub-week stories=3 files=1 written=1"
    ]
    assert paper.rows(LOG) == [("2026-01-11", "digests/2026-W02-world.epub", 3)]


def test_a_week_that_is_not_over_is_a_preview(paper):
    live(paper, 2)
    job = DigestJob(paper.grouper, paper.home, paper.settings, WORLD, FRIDAY + 2 * ONE_DAY)

    report = make_week(job, date(2026, 1, 10))

    assert [path.parent.name for path in report.paths] == ["preview"]
    assert report.stories == 2
    assert paper.rows(LOG) == []


def test_a_week_without_a_digest_is_refused_by_name(paper):
    job = DigestJob(paper.grouper, paper.home, paper.settings, replace(WORLD, out="elsewhere"), FRIDAY)

    with pytest.raises(
        PublishError, match="no day of the week of 2026-01-09 has a digest of world in elsewhere"
    ):
        make_week(job, date(2026, 1, 9))
