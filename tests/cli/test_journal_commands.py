"""``asyncdl journal``: damage is found and explained, repaired without trusting anything, compacted away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from asyncdl.core.events import ClipLost, GaveUp
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Failure, RowRef
from asyncdl.runtime.dataset import open_for_writing
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.lock import JournalLock
from asyncdl.runtime.replay import replay
from asyncdl.runtime.run_folder import run_file_names
from support.bench import Ended
from support.datasets import write_run
from support.stored_clips import store_clips

Command = Callable[..., Ended]
CLIPS = 6


@pytest.fixture(name="out")
def _out(here: Path) -> Path:
    """A data set of six clips and two open rows."""
    asyncio.run(store_clips(here / "audioset", CLIPS, unfetched=2))
    return here / "audioset"


def events_file(out: Path) -> Path:
    return next(journal_of(out) / name for name in run_file_names(journal_of(out)) if ".rows." not in name)


def rows_file(out: Path) -> Path:
    return next(journal_of(out) / name for name in run_file_names(journal_of(out)) if ".rows." in name)


def drop_record(path: Path, word: str, number: int = 0) -> int:
    """Break the ``number``-th record of a kind by one byte; answer its number in the file."""
    lines = path.read_bytes().splitlines(keepends=True)
    chosen = [place for place, line in enumerate(lines) if f'"e":"{word}"'.encode() in line][number]
    lines[chosen] = lines[chosen].replace(b'"c":"', b'"c":"x', 1)
    path.write_bytes(b"".join(lines))
    return chosen + 1


def contents(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in journal_of(out).iterdir() if ".jsonl" in path.name}


def test_a_whole_journal_is_said_to_be_one(out: Path, command: Command) -> None:
    ended = command("journal", "check")
    assert ended.code == 0
    assert ended.stdout.startswith("The journal is whole.\n  2 files, ")
    assert "8 segments: 6 stored, 0 failed, 2 open" in ended.stdout
    told = command("journal", "check", "--json").json()
    assert (told["whole"], told["damage"], told["lost_records"], told["segments_without_row"]) == (
        True,
        [],
        0,
        0,
    )


def test_damage_is_explained_with_file_place_numbers_and_the_command_that_mends(
    out: Path, command: Command
) -> None:
    path = events_file(out)
    offset = path.read_bytes().index(b'"e":"stored"')
    number = drop_record(path, "stored")
    ended = command("journal", "check")
    assert ended.code == 5
    start = path.read_bytes().rindex(b"\n", 0, offset) + 1
    assert f"{path.name} behind byte {start:,}" in ended.stdout
    assert f"record {number}: what became of segments" in ended.stdout
    assert "still to be made out in its place: 1 stored" in ended.stdout
    assert "asyncdl journal repair" in ended.stdout
    (told,) = command("journal", "check", "--json").json()["damage"]
    assert told == {
        "file": path.name,
        "offset": start,
        "first": number,
        "last": number,
        "records": 1,
        "holds": "events",
        "file_gone": False,
        "remains": {"stored": 1},
    }


def test_a_run_refuses_a_damaged_journal_and_names_the_repair(
    out: Path, command: Command, here: Path
) -> None:
    drop_record(events_file(out), "stored")
    (here / "list.csv").write_text('# a list\naaaaaaaaaaa, 0.000, 10.000, "/m/09x0r"\n')
    ended = command("run", "list.csv")
    assert ended.code == 5
    assert "`asyncdl journal repair`" in ended.stderr


def test_what_is_no_damage_is_told_as_such(out: Path, command: Command) -> None:
    with events_file(out).open("ab") as file:
        file.write(b'{"q":99')
    (journal_of(out) / "notes.txt").write_text("mine")
    (journal_of(out) / ".manifest.0123abcd.part").write_text("half")
    ended = command("journal", "check")
    assert ended.code == 0
    assert "1 file with a torn end" in ended.stdout
    assert "1 file here that asyncdl did not make, and does not read: notes.txt" in ended.stdout
    assert "1 file left by a program that was killed" in ended.stdout


def test_runs_that_worked_at_once_and_files_that_are_told_again_are_named(
    out: Path, command: Command
) -> None:
    folder = journal_of(out)
    old = {path: path.read_bytes() for path in (events_file(out), rows_file(out))}
    (folder / "000001-ffff.jsonl").write_bytes(events_file(out).read_bytes().partition(b"\n")[0] + b"\n")
    assert "000001-ffff.jsonl have one number: two runs wrote at once" in command("journal", "check").stdout
    command("journal", "compact")
    for path, content in old.items():
        path.write_bytes(content)
    next(path for path in old if "rows" in path.name).unlink()
    ended = command("journal", "check")
    assert ended.code == 0
    assert "1 file told again by a compacted one; asyncdl journal compact removes them" in ended.stdout
    command("journal", "compact")
    assert len(run_file_names(folder)) == 1


@pytest.mark.parametrize("which", [events_file, rows_file])
def test_a_file_that_is_gone_is_damage_and_can_be_settled(
    out: Path, command: Command, which: Callable[[Path], Path]
) -> None:
    asyncio.run(write_run(out, [], []))
    which(out).unlink()
    ended = command("journal", "check")
    assert ended.code == 5
    assert "is not there" in ended.stdout
    repaired = command("journal", "repair")
    assert repaired.code == 0
    assert command("journal", "check").code == 0
    open_for_writing(out, "run-9").close()


def test_a_repair_opens_again_what_is_not_whole_and_keeps_every_file(out: Path, command: Command) -> None:
    lost = ClipLost("Clip0000002_30000_40000", 0, 0, "gone")
    asyncio.run(write_run(out, [], [lost]))
    newest = journal_of(out) / run_file_names(journal_of(out))[-1]
    drop_record(newest, "lost")
    clip = next((out / "clips").rglob("Clip0000002_*"))
    clip.unlink()
    other = next((out / "clips").rglob("Clip0000003_*"))
    other.write_bytes(other.read_bytes()[:-1] + b"x")
    before = contents(out)
    assert replay(journal_of(out)).ledger.counts().stored == CLIPS
    ended = command("journal", "repair")
    assert ended.code == 0
    assert "1 record is known to be gone, and runs can go on" in ended.stdout
    assert "6 clips" in ended.stdout
    assert "2 clips, not there or not whole" in ended.stdout
    assert "4 stored, 0 failed, 4 open" in ended.stdout
    assert "of 6 clips" in ended.stderr
    after = contents(out)
    assert {name: after[name] for name in before} == before
    open_for_writing(out, "run-9").close()


def test_a_second_repair_finds_nothing_to_do(out: Path, command: Command) -> None:
    drop_record(events_file(out), "stored")
    told = command("journal", "repair", "--json").json()
    assert (told["settled"], told["lost_records"], told["checked"], told["lost"]) == (True, 1, 5, 0)
    assert told["files_without_record"] == 1
    files = contents(out)
    ended = command("journal", "repair")
    assert (ended.code, ended.stdout) == (0, "The journal is whole: there is nothing to repair.\n")
    assert contents(out) == files
    assert "1 record is gone for good: settled by a repair" in command("journal", "check").stdout


def test_new_damage_beside_settled_damage_counts_again(out: Path, command: Command) -> None:
    path = events_file(out)
    first = drop_record(path, "stored")
    command("journal", "repair")
    assert drop_record(path, "stored", 1) == first + 1
    (told,) = command("journal", "check", "--json").json()["damage"]
    assert (told["first"], told["last"]) == (first + 1, first + 1)
    command("journal", "repair")
    assert command("journal", "check").code == 0


def test_clips_whose_rows_are_lost_are_looked_at_too(out: Path, command: Command) -> None:
    rows_file(out).unlink()
    next((out / "clips").rglob("Clip0000002_*")).unlink()
    told = command("journal", "repair", "--json").json()
    assert (told["checked"], told["lost"], told["segments_without_row"]) == (6, 1, 6)


def test_clips_are_found_even_where_their_rows_and_their_list_are_lost(out: Path, command: Command) -> None:
    rows_file(out).unlink()
    drop_record(events_file(out), "source")
    told = command("journal", "repair", "--json").json()
    assert (told["checked"], told["lost"]) == (6, 0)


def test_a_lost_list_leaves_its_number_to_nobody(out: Path, command: Command) -> None:
    drop_record(events_file(out), "source")
    command("journal", "repair")
    ledger = replay(journal_of(out)).ledger
    assert ledger.sources == []
    assert ledger.next_source() == 1


def test_nothing_is_settled_while_a_clip_cannot_be_looked_at(out: Path, command: Command, here: Path) -> None:
    drop_record(events_file(out), "stored")
    folder = next((out / "clips").rglob("Clip0000002_*")).parent
    folder.rename(here / "elsewhere")
    folder.symlink_to(here / "elsewhere")
    ended = command("journal", "repair")
    assert ended.code == 4
    assert "Not repaired yet: 1 clip could not be looked at" in ended.stdout
    assert command("journal", "check").code == 5
    folder.unlink()
    (here / "elsewhere").rename(folder)
    assert command("journal", "repair").code == 0


def test_without_any_beginning_nobody_can_say_what_a_clip_is(out: Path, command: Command) -> None:
    drop_record(events_file(out), "run_started")
    before = contents(out)
    assert "A repair needs a copy of any of them" in command("journal", "check").stdout
    ended = command("journal", "repair")
    assert ended.code == 5
    assert "what a clip of this data set is" in ended.stderr
    assert "Put back a copy" in ended.stderr
    assert contents(out) == before


def test_a_later_run_tells_what_a_clip_is_when_the_first_beginning_is_lost(
    out: Path, command: Command
) -> None:
    asyncio.run(write_run(out, [], []))
    drop_record(events_file(out), "run_started")
    assert command("journal", "repair").code == 0


@pytest.mark.parametrize("name", ["repair", "compact"])
def test_who_changes_the_journal_needs_the_lock(out: Path, command: Command, name: str) -> None:
    with JournalLock.acquire(journal_of(out)):
        assert command("journal", "check").code == 0
        ended = command("journal", name)
    assert ended.code == 5
    assert "another run works" in ended.stderr


def test_compacting_changes_nothing_that_status_tells(out: Path, command: Command) -> None:
    key = "Clip0000006_30000_40000"
    failure = Failure(FailureKind.REMOVED, "code", "x" * 3000)
    asyncio.run(write_run(out, [], [GaveUp(key, RowRef(0, 10), 0, 1, 0, failure)] * 3))
    before = command("status", "--json").json()
    told = command("journal", "compact", "--json").json()
    assert told["compacted"]
    assert (told["before"]["files"], told["after"]["files"]) == (3, 1)
    assert len(run_file_names(journal_of(out))) == 1
    assert command("status", "--json").json() == before
    assert command("journal", "check").code == 0
    ended = command("journal", "compact")
    assert (ended.code, ended.stdout) == (0, "The journal is compact: there is nothing to gain.\n")
    open_for_writing(out, "run-9").close()


def test_compacting_refuses_a_damaged_journal_and_takes_a_repaired_one(out: Path, command: Command) -> None:
    drop_record(events_file(out), "stored")
    before = contents(out)
    refused = command("journal", "compact")
    assert refused.code == 5
    assert "asyncdl journal repair" in refused.stderr
    assert contents(out) == before
    command("journal", "repair")
    ended = command("journal", "compact")
    assert ended.code == 0
    assert "before" in ended.stdout
    assert json.loads(command("journal", "check", "--json").stdout)["settled"] == []
