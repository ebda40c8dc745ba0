"""Links and other things in the output folder: refused or replaced, and what they lead to stays untouched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from asyncdl.core import layout
from asyncdl.core.model import Segment, Span
from asyncdl.errors import ExitCode
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.replay import replay
from support.bench import Bench, ytids
from support.witness import Witness

(YTID,) = ytids(1)
CLIP = layout.clip_path(Segment(YTID, Span(30_000, 40_000), "eval_segments"), "flac")
CLIPS = Path(CLIP).parts[0]


def _link(path: Path, outside: Path) -> None:
    path.symlink_to(outside)


def _dangling(path: Path, outside: Path) -> None:
    path.symlink_to(outside / "nothing")


def _hard_link(path: Path, outside: Path) -> None:
    path.hardlink_to(outside / "kept")


def outside_of(bench: Bench) -> Path:
    folder = bench.folder / "outside"
    folder.mkdir()
    (folder / "kept").write_bytes(b"somebody else's")
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in folder.iterdir()}


# What else may stand there is tried without a run, in tests/runtime/test_files.py.
IN_THE_WAY = [(CLIPS, _link), (CLIP, _dangling)]


@pytest.mark.parametrize(("name", "make"), IN_THE_WAY)
async def test_a_run_stops_before_what_it_must_not_write_through(
    bench: Bench, name: str, make: Callable[[Path, Path], None]
) -> None:
    """The segment stays open; once the thing is gone, the same command stores the clip."""
    outside = outside_of(bench)
    rows = bench.write_list([YTID])
    witness = Witness.of(bench, rows)
    path = bench.out / name
    path.parent.mkdir(parents=True)
    make(path, outside)

    report = await bench.run(rows)

    assert report.exit_code is ExitCode.ENVIRONMENT
    assert path.name in str(report.fault)
    assert (report.counts.open, report.counts.failed_total) == (1, 0)
    assert content(outside) == {"kept": b"somebody else's"}
    assert witness.complaints() == []


async def test_a_hard_link_at_a_clips_name_is_replaced_and_its_file_stays(bench: Bench) -> None:
    outside = outside_of(bench)
    path = bench.out / CLIP
    path.parent.mkdir(parents=True)
    _hard_link(path, outside)
    report = await bench.run(bench.write_list([YTID]))
    assert report.counts.stored == 1
    assert content(outside) == {"kept": b"somebody else's"}
    assert path.stat().st_nlink == 1


async def test_the_data_set_folder_itself_may_be_a_link_and_parts_are_swept_without_following_any(
    bench: Bench,
) -> None:
    outside = outside_of(bench)
    real = bench.folder / "elsewhere"
    left = real / layout.PARTS / "an-old-run"
    left.mkdir(parents=True)
    (left / "part").symlink_to(outside / "kept")
    (left / "folder").symlink_to(outside)
    bench.out.symlink_to(real)
    report = await bench.run(bench.write_list([YTID]))
    assert report.counts.stored == 1
    assert replay(journal_of(real)).ledger.counts().stored == 1
    assert content(outside) == {"kept": b"somebody else's"}
    assert not left.exists()
