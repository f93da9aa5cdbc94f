"""Rendered files on a real disk: whole or not at all, and never outside their folder."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aggregator.errors import PublishError
from aggregator.model import RenderedFile
from aggregator.publish import WrittenFile, write_files

DIGEST = RenderedFile("2026-01-07-world.md", "# World\n")
POST = RenderedFile("hugo/2026-01-07-world/story-1.md", "Київ 🎉\n")


def names(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_files_are_written_in_folders_that_are_made(tmp_path: Path) -> None:
    root = tmp_path / "var" / "digests"
    written = write_files(root, [DIGEST, POST])

    sums = [hashlib.sha256(file.text.encode()).hexdigest() for file in (DIGEST, POST)]
    assert written == [
        WrittenFile(root / DIGEST.path, sums[0], is_changed=True),
        WrittenFile(root / POST.path, sums[1], is_changed=True),
    ]
    assert names(root) == [DIGEST.path, POST.path]
    assert (root / POST.path).read_text(encoding="utf-8") == POST.text


def test_same_content_is_not_written_again(tmp_path: Path) -> None:
    write_files(tmp_path, [DIGEST])
    os.utime(tmp_path / DIGEST.path, ns=(1, 1))
    before = (tmp_path / DIGEST.path).stat()

    [again] = write_files(tmp_path, [DIGEST])

    after = (tmp_path / DIGEST.path).stat()
    assert not again.is_changed
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_changed_content_replaces_the_file_as_a_whole(tmp_path: Path) -> None:
    write_files(tmp_path, [DIGEST])
    with (tmp_path / DIGEST.path).open() as reader:
        [written] = write_files(tmp_path, [RenderedFile(DIGEST.path, "new")])

        assert reader.read() == DIGEST.text  # who has the old file open keeps it
    assert written.is_changed
    assert written.path.read_text() == "new"


def test_files_can_be_read_by_others_as_the_umask_says(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        [written] = write_files(tmp_path, [DIGEST])
    finally:
        os.umask(mask)

    assert written.path.stat().st_mode & 0o777 == 0o644


BAD_PATHS = {
    "absolute": "/etc/passwd",
    "above": "../x.md",
    "above, further in": "a/../../x.md",
    "here": "./x.md",
    "empty": "",
    "empty part": "a//b.md",
    "a folder": "a/",
    "hidden": ".htaccess",
    "backslash": "a\\b.md",
    "NUL": "a\0.md",
    "line break": "a\n.md",
    "too long for a file system": "a" * 201,
    "lone surrogate": "\ud800.md",
}


@pytest.mark.parametrize("path", BAD_PATHS.values(), ids=BAD_PATHS.keys())
def test_bad_path_is_refused_before_anything_is_written(tmp_path: Path, path: str) -> None:
    with pytest.raises(PublishError):
        write_files(tmp_path / "out", [DIGEST, RenderedFile(path, "x")])

    assert names(tmp_path) == []


def test_one_path_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="two files"):
        write_files(tmp_path, [DIGEST, DIGEST])


@pytest.mark.parametrize("has_file", [True, False], ids=["to a file", "to nothing"])
def test_link_in_the_place_of_a_file_is_replaced_not_followed(tmp_path: Path, has_file: bool) -> None:
    outside = tmp_path / "outside.md"
    if has_file:
        outside.write_text(DIGEST.text)
    root = tmp_path / "out"
    root.mkdir()
    (root / DIGEST.path).symlink_to(outside)

    [written] = write_files(root, [DIGEST])

    assert written.is_changed
    assert not (root / DIGEST.path).is_symlink()
    assert outside.exists() is has_file


def test_folder_that_is_a_link_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    root = tmp_path / "out"
    root.mkdir()
    (root / "hugo").symlink_to(tmp_path / "outside")

    with pytest.raises(PublishError, match="leads out"):
        write_files(root, [POST])

    assert names(tmp_path / "outside") == []


def test_root_may_itself_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "site")

    write_files(tmp_path / "out", [POST])

    assert names(tmp_path / "site") == [POST.path]


def test_temporary_file_of_a_killed_process_is_no_obstacle(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / f".{DIGEST.path}.{os.getpid()}.tmp").symlink_to(victim)

    write_files(tmp_path, [DIGEST])

    assert names(tmp_path) == [DIGEST.path, "victim"]
    assert victim.read_text() == "mine"


def test_what_a_killed_process_left_half_written_is_removed_and_what_others_write_is_not(
    tmp_path: Path,
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, beside = tmp_path / f".other.md.{gone.pid}.tmp", tmp_path / f".other.md.{os.getppid()}.tmp"
    for path in (left, beside, tmp_path / ".mine.tmp"):
        path.write_text("half")

    write_files(tmp_path, [DIGEST])

    assert names(tmp_path) == sorted([DIGEST.path, beside.name, ".mine.tmp"])


def test_what_the_disk_refuses_is_said_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / DIGEST.path).mkdir()

    with pytest.raises(PublishError, match=DIGEST.path):
        write_files(tmp_path, [DIGEST])

    assert names(tmp_path) == []


def test_file_in_the_place_of_a_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "hugo").write_text("not a folder")

    with pytest.raises(PublishError, match="hugo"):
        write_files(tmp_path, [POST])


def test_nothing_to_write(tmp_path: Path) -> None:
    assert write_files(tmp_path / "out", []) == []
