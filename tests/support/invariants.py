"""The oracle of every fault test: invariants I1 to I7 over a data set whose last run went to its end.

    witness = Witness.of(bench, rows)          # before the first run
    ...                                        # faults, then a run without any, to its end
    check_invariants(bench.out, witness, crashes=1, concurrency=4)

I1 complete, I2 true, I3 economical, I4 clean, I5 durable, I6 monotone (``support.monotone``), I7 contained.
All that is broken is told together, each line beginning with its invariant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import soundfile

from asyncdl.core import layout
from asyncdl.core.encoding import decode
from asyncdl.core.events import AttemptFailed, ClipStored, Event, GaveUp, RowEvent, RowSelected, RowsSelected
from asyncdl.core.ledger import Ledger, RowState
from asyncdl.core.model import Row
from asyncdl.core.scan import RecordScan
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.outcomes import Outcome, iterate_outcomes
from asyncdl.runtime.replay import replay
from asyncdl.runtime.run_folder import open_run_file, run_file_names
from support.children import children_of
from support.lists_read import read_lists
from support.run_logs import Logged, as_logged
from support.witness import Witness

_DECODED_BY_SOUNDFILE = frozenset({"flac", "wav", "mp3"})


@dataclass(frozen=True)
class Found:
    """Figures of a data set that holds all invariants; ``fetched_again`` beyond what the journal explains."""

    segments: int
    stored: int
    failed: int
    fetches: int
    fetched_again: int
    allowance: int


@dataclass
class _Check:
    out: Path
    witness: Witness
    broken: list[str] = field(default_factory=list)

    def expect(self, holds: object, invariant: str, what: str) -> None:
        if not holds:
            self.broken.append(f"{invariant}: {what}")


def check_invariants(
    out: Path,
    witness: Witness,
    *,
    crashes: int = 0,
    concurrency: int = 8,
    acknowledged: Iterable[Event | RowEvent | Logged] = (),
    may_be_open: int = 0,
) -> Found:
    """Check all seven, and answer the figures; raises ``AssertionError`` that names each broken one.

    ``crashes`` counts ends of the program that were no return of its own, stops by a second signal included.
    ``acknowledged`` are events whose ``append`` had returned, noted outside, or what a run's log told.
    ``may_be_open`` is how many segments may be open, where a run left them so on purpose.
    """
    check = _Check(out, witness)
    replayed = replay(journal_of(out))
    outcomes = list(iterate_outcomes(journal_of(out), replayed.ledger))
    check.expect(not replayed.damage, "I5", f"the journal is damaged: {replayed.damage}")
    _complete(check, replayed.ledger, outcomes, may_be_open)
    _true(check, replayed.ledger, outcomes)
    found = _economical(check, replayed.ledger, crashes * concurrency)
    _clean(check, outcomes)
    _durable(check, acknowledged)
    for complaint in witness.complaints():
        check.expect(None, "I7", complaint)
    assert not check.broken, "\n".join(check.broken)
    return found


def stored_clips(out: Path) -> Iterator[tuple[Row, ClipStored]]:
    """Yield what the journal says is stored, now."""
    folder = journal_of(out)
    for row, outcome in iterate_outcomes(folder, replay(folder).ledger):
        if isinstance(outcome, ClipStored):
            yield row, outcome


def recorded_events(out: Path) -> Iterator[Event | RowEvent]:
    """Yield all that the journal holds, also what counts no more, in replay order."""
    folder = journal_of(out)
    for name in run_file_names(folder):
        with open_run_file(folder / name) as stream:
            for _, fields in RecordScan(stream):
                event = decode(fields)
                if isinstance(event, RowsSelected):
                    yield from map(RowSelected, event.rows)
                elif event is not None:
                    yield event


def clip_complaint(out: Path, row: Row, stored: ClipStored, extension: str) -> str | None:
    """Say what is wrong with one clip, by the journal, the file and a decoder; None for a good one."""
    path = out / layout.clip_path(row.segment, extension)
    if path.is_symlink() or not path.is_file():
        return f"{path} is not there"
    data, clip = path.read_bytes(), stored.clip
    if (len(data), hashlib.sha256(data).hexdigest()) != (clip.size_bytes, clip.sha256):
        return f"{path} is not what was recorded: {len(data)} bytes, recorded {clip.size_bytes}"
    wanted = (2 * row.segment.span.duration_ms * clip.sample_rate + 1000) // 2000
    if clip.samples != wanted:
        return f"{path} has {clip.samples} samples in the journal, wanted are {wanted}"
    if extension not in _DECODED_BY_SOUNDFILE:
        return None
    samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    if (len(samples), rate) != (wanted, clip.sample_rate):
        return f"{path} decodes to {len(samples)} samples at {rate} Hz, wanted are {wanted}"
    return None


def _complete(
    check: _Check, ledger: Ledger, outcomes: list[tuple[Row, Outcome | None]], may_be_open: int
) -> None:
    read, counts = read_lists(check.witness.lists), ledger.counts()
    keys = [row.segment.key for row, _ in outcomes]
    check.expect(len(set(keys)) == len(keys), "I1", "a segment has two rows")
    missing, foreign = read.keys.keys() - set(keys), set(keys) - read.keys.keys()
    check.expect(
        not missing, "I1", f"{len(missing)} segments of the lists are missing: {sorted(missing)[:3]}"
    )
    check.expect(not foreign, "I1", f"{len(foreign)} segments are in no list: {sorted(foreign)[:3]}")
    told = (counts.segments, counts.rejected_rows, counts.repeated_rows)
    expected = (len(read.keys), read.rejected, read.repeated)
    check.expect(
        told == expected, "I1", f"(segments, rejected, repeated) is {told}, the lists say {expected}"
    )
    check.expect(counts.open <= may_be_open, "I1", f"{counts.open} segments are open")
    check.expect(
        counts.stored + counts.failed_total + counts.open == counts.segments, "I1", f"no sum: {counts}"
    )


def _true(check: _Check, ledger: Ledger, outcomes: list[tuple[Row, Outcome | None]]) -> None:
    extension = ledger.spec.extension if ledger.spec else ""
    for row, outcome in outcomes:
        key = row.segment.key
        is_stored = ledger.state_of(key) is RowState.STORED
        check.expect(is_stored is isinstance(outcome, ClipStored), "I2", f"{key}: record and state differ")
        if isinstance(outcome, ClipStored):
            complaint = clip_complaint(check.out, row, outcome, extension)
            check.expect(complaint is None, "I2", str(complaint))


def _economical(check: _Check, ledger: Ledger, lost_in_flight: int) -> Found:
    """Allow each try that the journal tells of (segments tried, and their retries), and what crashes lost."""
    counts, fetches = ledger.counts(), check.witness.fetches()
    tries = sum(
        isinstance(event, ClipStored | AttemptFailed | GaveUp) for event in recorded_events(check.out)
    )
    allowed = tries + lost_in_flight
    check.expect(fetches <= allowed, "I3", f"{fetches} fetches, {tries} tries + {lost_in_flight} are allowed")
    return Found(
        counts.segments, counts.stored, counts.failed_total, fetches, max(0, fetches - tries), lost_in_flight
    )


def _clean(check: _Check, outcomes: list[tuple[Row, Outcome | None]]) -> None:
    left = children_of(check.witness.folder)
    check.expect(not left, "I4", f"processes are left: {left}")
    parts = check.out / layout.PARTS
    check.expect(not parts.exists() or not list(parts.iterdir()), "I4", "parts are left in .parts")
    half = [path for path in check.out.rglob("*") if path.name.endswith(".part")]
    check.expect(not half, "I4", f"half-written files are left: {half}")
    known = set()
    for row, outcome in outcomes:
        if isinstance(outcome, ClipStored):
            known |= {f"{row.segment.key}.", *outcome.clip.source_files}
    for path in (check.out / layout.CLIPS).rglob("*"):
        name = str(path.relative_to(check.out))
        is_known = name in known or f"{path.name.split('.')[0]}." in known
        check.expect(path.is_dir() or is_known, "I4", f"{name} is no clip of this data set")


def _durable(check: _Check, acknowledged: Iterable[Event | RowEvent | Logged]) -> None:
    wanted = list(acknowledged)
    recorded = list(recorded_events(check.out)) if wanted else []
    logged = set(map(as_logged, recorded))
    lost = [fact for fact in wanted if fact not in (logged if isinstance(fact, Logged) else recorded)]
    check.expect(not lost, "I5", f"{len(lost)} acknowledged events are not in the journal: {lost[:2]}")
