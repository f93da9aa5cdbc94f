"""EpubCheck, which the shops use, opens our books, hostile headlines and all, and finds nothing wrong."""

import io
import subprocess
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from aggregator.model import DigestDay, RenderedFile
from aggregator.publish import compose, render, render_week, write_files
from aggregator.settings import DigestSettings, DigestStyle, SectionSettings
from tests.hostile import ROWS, TEXTS, hostile_day
from tests.tools import require

SETTINGS = DigestSettings("world", "World", sections=(SectionSettings(TEXTS["X1"][0], words=("ferry",)),))


def everything() -> DigestDay:
    """A day with every hostile story there is."""
    stories = [story for row in ROWS for story in hostile_day(row).stories]
    numbered = tuple(replace(story, story_id=number) for number, story in enumerate(stories, 1))
    return replace(hostile_day("X1"), stories=numbered)


EVENTS = compose(everything(), replace(SETTINGS, style=DigestStyle.KEY_EVENTS))
TUESDAY = compose(replace(everything(), day=date(2026, 1, 6), stories=()), SETTINGS)
WEDNESDAY = compose(everything(), SETTINGS)
BOOKS: dict[str, Callable[[], RenderedFile]] = {
    "a day of key events": lambda: render(EVENTS, "epub")[0],
    "a week of two days, one of them empty": lambda: render_week([TUESDAY, WEDNESDAY]),
}


@pytest.mark.parametrize("make", BOOKS.values(), ids=BOOKS.keys())
def test_epubcheck_finds_nothing(make: Callable[[], RenderedFile], tmp_path: Path) -> None:
    epubcheck = require("epubcheck")
    [book] = write_files(tmp_path, [make()])

    # Debian makes it a jar that may be run, which the kernel alone does not know how to.
    quick = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")  # a third of the time, for so short a run
    command = ["java", *quick, "-jar", epubcheck, "--failonwarnings", str(book.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert "No errors or warnings detected." in done.stdout, done.stdout + done.stderr


def texts(book: zipfile.ZipFile, name: str) -> str:
    return "".join(ET.fromstring(book.read(f"book/{name}.xhtml")).itertext())


def test_a_week_is_its_days_in_one_book() -> None:
    file = render_week([TUESDAY, WEDNESDAY])
    book = zipfile.ZipFile(io.BytesIO(file.body))
    contents = texts(book, "nav")

    assert file.path == "2026-W02-" + TUESDAY.stem.removeprefix("2026-01-06-") + ".epub"
    assert "week of January 5, 2026" in texts(book, "front")
    assert contents.index("January 6, 2026") < contents.index("January 7, 2026")
    assert all(story.headline in contents for section in WEDNESDAY.sections for story in section.stories)
    widest = max(WEDNESDAY.stories, key=lambda story: story.independent_outlets)
    assert widest.headline in texts(book, "front")
    assert "No stories on this day." in texts(book, "day-2026-01-06")
