"""EpubCheck, which the shops use, opens our books, hostile headlines and all, and finds nothing wrong."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.model import DigestDay
from aggregator.publish import Issue, compose, render, write_files
from aggregator.settings import DigestSettings, DigestStyle, SectionSettings
from tests.hostile import ROWS, TEXTS, hostile_day
from tests.tools import require

SETTINGS = DigestSettings("world", "World", sections=(SectionSettings(TEXTS["X1"][0], words=("ferry",)),))


def everything() -> DigestDay:
    """A day with every hostile story there is."""
    stories = [story for row in ROWS for story in hostile_day(row).stories]
    numbered = tuple(replace(story, story_id=number) for number, story in enumerate(stories, 1))
    return replace(hostile_day("X1"), stories=numbered)


BOOKS = {
    "a day of stories": compose(everything(), SETTINGS),
    "a day of key events": compose(everything(), replace(SETTINGS, style=DigestStyle.KEY_EVENTS)),
    "a day of nothing": compose(replace(everything(), stories=()), SETTINGS),
}


@pytest.mark.parametrize("issue", BOOKS.values(), ids=BOOKS.keys())
def test_epubcheck_finds_nothing(issue: Issue, tmp_path: Path) -> None:
    epubcheck = require("epubcheck")
    [book] = write_files(tmp_path, render(issue, "epub"))

    # Debian makes it a jar that may be run, which the kernel alone does not know how to.
    quick = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")  # a third of the time, for so short a run
    command = ["java", *quick, "-jar", epubcheck, "--failonwarnings", str(book.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert "No errors or warnings detected." in done.stdout, done.stdout + done.stderr
