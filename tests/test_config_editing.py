"""A person's configuration, edited: only the feeds that were meant come and go, everything else stays."""

import os
import tomllib

import pytest

from aggregator.config import commented_default
from aggregator.config.editing import feed_block, with_feeds, without_feed
from aggregator.config.saving import rewrite
from aggregator.errors import ConfigError, InputError

NEW = {"name": "Harbour", "topic": "ports", "url": "https://harbour.example/rss", "site": None}
BLOCK = '[[feeds]]\nname = "Harbour"\ntopic = "ports"\nurl = "https://harbour.example/rss"\n'
ONE = '[[feeds]]\nname = "Pilot"\ntopic = "ports"\nurl = "https://pilot.example/rss"\n'

ADDED = {
    "to nothing": ("", BLOCK),
    "behind the tables that are there": ('[day]\ntimezone = "UTC"\n', f'[day]\ntimezone = "UTC"\n\n{BLOCK}'),
    "behind the last feed": (f"{ONE}\n[day]\n", f"{ONE}\n{BLOCK}\n[day]\n"),
    "a comment at the end is its feed's": (f"{ONE}# slow\n", f"{ONE}# slow\n\n{BLOCK}"),
    "a comment over a header is that header's": (f"{ONE}# Days\n[day]\n", f"{ONE}\n{BLOCK}# Days\n[day]\n"),
    "a last line without its end": (ONE.rstrip(), f"{ONE}\n{BLOCK}"),
    "line ends of Windows": (ONE.replace("\n", "\r\n"), f"{ONE}\n{BLOCK}".replace("\n", "\r\n")),
    "a header in quotes": (f'[["feeds"]]{ONE[9:]}', f'[["feeds"]]{ONE[9:]}\n{BLOCK}'),
    "what only looks like a header": (
        f'{ONE}\n[x]\ntext = """\n[[feeds]]\nname = "no"\n"""\n',
        f'{ONE}\n[x]\ntext = """\n[[feeds]]\nname = "no"\n"""\n\n{BLOCK}',
    ),
}


@pytest.mark.parametrize(("text", "edited"), ADDED.values(), ids=ADDED.keys())
def test_a_feed_is_added(text, edited):
    assert with_feeds(text, [NEW]) == edited


def test_the_shipped_configuration_keeps_every_line():
    text = commented_default()
    edited = with_feeds(text, [NEW, {**NEW, "name": "Other"}])

    assert edited.replace("\n" + BLOCK, "").replace("\n" + BLOCK.replace("Harbour", "Other"), "") == text
    assert [feed["name"] for feed in tomllib.loads(edited)["feeds"]][-2:] == ["Harbour", "Other"]
    assert edited.index("Ars Technica") < edited.index("Harbour") < edited.index('title = "World"')


def test_feeds_in_one_array_are_left_to_the_person_with_the_lines_to_add():
    with pytest.raises(InputError, match=r"add by hand:\n\[\[feeds\]\]"):
        with_feeds('feeds = [{ name = "a" }]\n', [NEW])


HOSTILE_NAMES = [
    '"quoted"',
    "back\\slash",
    "tab\tand\u2028line",
    "[[feeds]]",
    "#no comment",
    "北京 № 1 👩\u200d👧",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_any_name_comes_back(name):
    assert tomllib.loads(feed_block({**NEW, "name": name}))["feeds"][0]["name"] == name


REMOVED = {
    "the only one": (ONE, 0, ""),
    "the first of two": (f"{ONE}\n{BLOCK}", 0, BLOCK),
    "the second of two": (f"{ONE}\n{BLOCK}", 1, ONE),
    "with its comments, not the next one's": (
        f"# Ports\n{ONE}#interval_minutes = 60\n\n# Harbours\n{BLOCK}",
        0,
        f"# Ports\n\n# Harbours\n{BLOCK}",
    ),
    "with all of a long value": (f"{ONE}x = [\n  1,\n\n]\n{BLOCK}", 0, BLOCK),
}


@pytest.mark.parametrize(("text", "position", "edited"), REMOVED.values(), ids=REMOVED.keys())
def test_a_feed_is_removed(text, position, edited):
    left, lines = without_feed(text, position)
    assert left.rstrip("\n") == edited.rstrip("\n")
    assert lines.startswith("[[feeds]]\n")


def test_what_was_added_can_be_removed():
    text = commented_default()
    edited = with_feeds(text, [NEW])
    left, lines = without_feed(edited, len(tomllib.loads(text)["feeds"]))
    assert (left, lines) == (text, BLOCK)


def test_a_feed_of_an_array_is_not_removed_by_guess():
    with pytest.raises(InputError, match="by hand"):
        without_feed('feeds = [{ name = "a" }]\n', 0)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "aggregator.toml"
    path.write_bytes(b"\xef\xbb\xbf" + ONE.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    return path


def test_a_rewritten_file_keeps_mode_mark_line_ends_and_link(path):
    link = path.with_name("link.toml")
    link.symlink_to(path.name)
    rewrite(link, lambda text: with_feeds(text, [NEW]))

    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.read_bytes() == b"\xef\xbb\xbf" + f"{ONE}\n{BLOCK}".replace("\n", "\r\n").encode()
    assert names(path.parent) == ["aggregator.toml", "link.toml"]


def test_an_edit_that_makes_no_good_configuration_changes_nothing(path):
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="the same as"):
        rewrite(path, lambda text: text + ONE)
    assert path.read_bytes() == before
    assert names(path.parent) == ["aggregator.toml"]


def test_an_unchanged_text_is_not_written(path):
    before = path.stat()
    rewrite(path, lambda text: text)
    assert path.stat().st_ino == before.st_ino


def test_a_disk_that_refuses_is_an_error_that_names_the_file(path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"aggregator\.toml cannot be written: No space left"):
        rewrite(path, lambda text: with_feeds(text, [NEW]))
    assert path.read_bytes() == before
    assert names(path.parent) == ["aggregator.toml"]
