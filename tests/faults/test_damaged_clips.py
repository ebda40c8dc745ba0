"""Stored clips that were lost or damaged later: verify opens them again, run makes them whole."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from asyncdl.app.opening import Surroundings
from asyncdl.app.repairing import repair
from asyncdl.core.soundness import Depth, Problem
from asyncdl.errors import EnvironmentFault, ExitCode
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.replay import replay
from asyncdl.ui.choose import ScreenMode
from support.bench import Bench, ytids
from support.stored_clips import path_of, store_clips, write_sound
from support.verified import examine, run_files, tree

Damage = Callable[[Path], object]


def replace_by_other_sound(path: Path) -> None:
    was = soundfile.info(str(path))
    write_sound(path, 7, was.frames, was.samplerate, was.channels)


def replace_by_another_rate(path: Path) -> None:
    was = soundfile.info(str(path))
    write_sound(path, 7, was.frames, was.samplerate // 2, was.channels)


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def link_to_a_whole_clip(path: Path) -> None:
    path.symlink_to(path.rename(path.parents[4] / f"moved-{path.name}"))


def put_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def put_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGES: list[tuple[Damage, set[Problem]]] = [
    (Path.unlink, {Problem.MISSING}),
    (lambda path: os.truncate(path, path.stat().st_size // 2), {Problem.SIZE}),
    (lambda path: os.truncate(path, 0), {Problem.SIZE}),
    (flip_a_bit, {Problem.CHECKSUM}),
    (replace_by_other_sound, {Problem.SIZE, Problem.CHECKSUM}),
    (replace_by_another_rate, {Problem.SIZE, Problem.CHECKSUM}),
    (link_to_a_whole_clip, {Problem.IN_THE_WAY}),
    (put_a_folder, {Problem.IN_THE_WAY}),
    (put_a_pipe, {Problem.IN_THE_WAY}),
]


async def test_every_damage_is_opened_again_and_made_whole_by_the_next_run(bench: Bench) -> None:
    """I6: verify may lower what is stored; run brings it back with as many fetches as clips were lost."""
    ids = ytids(len(DAMAGES) + 2)
    segments = bench.write_list(ids)
    assert (await bench.run(segments)).exit_code is ExitCode.DONE
    clips = {ytid: next((bench.out / "clips").rglob(f"{ytid}*.flac")) for ytid in ids}
    for ytid, (damage, _) in zip(ids, DAMAGES, strict=False):
        damage(clips[ytid])
    before = tree(bench.out)
    dry = await bench.command("verify", "--dry-run", "--json")
    assert tree(bench.out) == before
    ended = await bench.command("verify", "--json")
    for one in (dry, ended):
        assert one.code == ExitCode.RETRYABLE_LEFT, one.stderr
        told = {finding["key"][:11]: finding["problem"] for finding in one.json()["findings"]}
        assert set(told) == set(ids[: len(DAMAGES)])
        for ytid, (_, problems) in zip(ids, DAMAGES, strict=False):
            assert told[ytid] in problems
        assert one.json()["complete"]
        assert not one.json()["foreign"]
    assert (dry.json()["reopened"], ended.json()["reopened"]) == (0, len(DAMAGES))
    assert len((bench.out / "manifest.jsonl").read_text().splitlines()) == 2
    counts = replay(journal_of(bench.out)).ledger.counts()
    assert (counts.stored, counts.open) == (2, len(DAMAGES))
    again, told_again = await examine(bench.out)
    assert again.exit_code is ExitCode.DONE
    assert {one["kind"] for one in told_again} == {"unrecorded_clip", "link", "folder", "other"}

    for ytid in ids:  # what asyncdl refuses to replace
        if clips[ytid].is_symlink() or clips[ytid].is_fifo():
            clips[ytid].unlink()
        elif clips[ytid].is_dir():
            clips[ytid].rmdir()
    fetched = bench.fetched()
    assert (await bench.run(segments)).exit_code is ExitCode.DONE
    assert bench.fetched() - fetched == len(DAMAGES)
    healed, foreign = await examine(bench.out, depth=Depth.DECODE)
    assert (healed.exit_code, healed.whole, foreign) == (ExitCode.DONE, len(ids), [])
    assert len((bench.out / "manifest.jsonl").read_text().splitlines()) == len(ids)


@pytest.mark.parametrize("depth", Depth)
async def test_a_whole_data_set_is_left_as_it_is(tmp_path: Path, depth: Depth) -> None:
    await store_clips(tmp_path, 3, kept=[1], unfetched=2)
    first, _ = await examine(tmp_path, depth=depth)  # writes the manifest that was missing
    before = tree(tmp_path)
    report, told = await examine(tmp_path, depth=depth)
    assert (first.exit_code, report.exit_code) == (ExitCode.DONE, ExitCode.DONE)
    assert (report.whole, report.counts.stored, report.counts.open, told) == (3, 3, 2, [])
    assert tree(tmp_path) == before


async def test_a_lost_clip_is_written_down_once_and_the_options_of_the_last_run_stay(tmp_path: Path) -> None:
    chosen = await store_clips(tmp_path, 3)
    path_of(tmp_path, chosen[1]).unlink()
    files = len(run_files(tmp_path))
    options = replay(journal_of(tmp_path)).ledger.options
    for lost in (1, 0):
        report, _ = await examine(tmp_path)
        assert report.tallies.reopened == lost
        assert len(run_files(tmp_path)) == files + 1
    ledger = replay(journal_of(tmp_path)).ledger
    assert ledger.options == options
    assert (ledger.counts().stored, ledger.counts().open) == (2, 1)
    assert ledger.round_of(chosen[1].key) == 1


@pytest.mark.parametrize("names", [[], ["clips"]])
async def test_a_disk_that_is_not_mounted_loses_nothing(tmp_path: Path, names: list[str]) -> None:
    await store_clips(tmp_path, 3)
    (tmp_path / "clips").rename(tmp_path.with_name(f"{tmp_path.name}-unmounted"))
    for name in names:
        (tmp_path / name).mkdir()
    files = run_files(tmp_path)
    with pytest.raises(EnvironmentFault, match="is empty, and 3 clips should be in it"):
        await examine(tmp_path)
    assert run_files(tmp_path) == files
    report, _ = await examine(tmp_path, accepts_loss=True)
    assert (report.exit_code, report.counts.open) == (ExitCode.RETRYABLE_LEFT, 3)


async def test_clips_without_rows_are_verified_too(tmp_path: Path) -> None:
    chosen = await store_clips(tmp_path, 3)
    (rows,) = journal_of(tmp_path).glob("*.rows.jsonl")
    content = rows.read_bytes()
    rows.write_bytes(b"\0" * 20 + content[20:])
    repaired = await repair(tmp_path, Surroundings(ScreenMode.QUIET, tell=lambda _: None), jobs=1)
    assert (repaired.exit_code, repaired.verified.clips) == (ExitCode.DONE, 3)
    path_of(tmp_path, chosen[1]).unlink()
    report, _ = await examine(tmp_path)
    assert (report.exit_code, report.tallies.reopened) == (ExitCode.RETRYABLE_LEFT, 1)


@pytest.mark.parametrize("names", [[], ["clips"]])
async def test_a_repair_takes_an_unmounted_disk_for_no_loss(tmp_path: Path, names: list[str]) -> None:
    await store_clips(tmp_path, 3)
    (rows,) = journal_of(tmp_path).glob("*.rows.jsonl")
    rows.unlink()
    (tmp_path / "clips").rename(tmp_path.with_name(f"{tmp_path.name}-unmounted"))
    for name in names:
        (tmp_path / name).mkdir()
    files = run_files(tmp_path)
    with pytest.raises(EnvironmentFault, match=r"journal repair.* --accept-loss"):
        await repair(tmp_path, Surroundings(ScreenMode.QUIET, tell=lambda _: None), jobs=1)
    assert run_files(tmp_path) == files


async def test_clips_behind_a_linked_folder_are_not_judged(tmp_path: Path) -> None:
    """A user may have moved them to a larger disk: throwing the records away would be the worse fault."""
    await store_clips(tmp_path, 2)
    clips = tmp_path / "clips"
    clips.symlink_to(clips.rename(tmp_path / "elsewhere"))
    report, told = await examine(tmp_path)
    assert report.exit_code is ExitCode.ENVIRONMENT
    assert (report.tallies.unjudged, report.tallies.lost, report.counts.stored) == (2, 0, 2)
    assert told[-1] == {"path": "clips", "kind": "link"}


async def test_a_sick_disk_ends_with_4_and_loses_no_clip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clip that was found missing before is written down all the same, and the manifest follows."""
    chosen = await store_clips(tmp_path, 40)
    sick = path_of(tmp_path, chosen[30])
    path_of(tmp_path, chosen[0]).unlink()
    real_open = os.open

    def failing_open(path: str, flags: int, *rest: int) -> int:
        if str(path) == str(sick):
            raise OSError(errno.EIO, "Input/output error")
        return real_open(path, flags, *rest)

    monkeypatch.setattr(os, "open", failing_open)
    report, told = await examine(tmp_path, jobs=1)
    assert report.exit_code is ExitCode.ENVIRONMENT
    assert str(sick) in str(report.fault)
    assert (len(told), report.is_complete) == (1, False)
    counts = replay(journal_of(tmp_path)).ledger.counts()
    assert (counts.stored, counts.open) == (39, 1)
    assert len((tmp_path / "manifest.jsonl").read_text().splitlines()) == 39
