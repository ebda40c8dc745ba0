"""What must hold on each disk after a crash: I2 and I5, and what snapshots and compaction must keep."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from asyncdl.core import layout
from asyncdl.core.encoding import decode
from asyncdl.core.events import ClipStored, Recorded, RowSelected, RowsSelected
from asyncdl.core.ledger import Counts, Ledger, RowState
from asyncdl.core.scan import RecordScan
from asyncdl.errors import JournalFault
from asyncdl.runtime.replay import replay
from asyncdl.runtime.replayed import Replayed
from asyncdl.runtime.runfile import parse_name
from asyncdl.runtime.snapshot import SNAPSHOT
from support.crash_disk import Image

_FOLDER = f"{layout.JOURNAL}/"


def fact_of(event: Recorded, *, is_in_rows: bool = False) -> bytes:
    """An event as told to the world: the same value must come back from the file where it belongs."""
    return b"%d %b" % (is_in_rows, repr(event).encode())


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a journal says: ``promised`` clips by path, whole records, why a writer would refuse it."""

    promised: Mapping[str, bytes]
    facts: frozenset[bytes]
    counts: Counts
    refusal: str | None = None


class JournalOracle:
    """I2 and I5: what the journal calls stored is there and whole, and each event told is in the journal.

    The journal of each image is read by the real reader, from a real folder, once per distinct content. Parts
    are left out: nobody reads them.
    ``clips`` holds (path, content) by SHA-256 of all clips that were ever made.
    """

    def __init__(self, scratch: Path, clips: Mapping[str, tuple[str, bytes]]) -> None:
        self._folder = scratch / layout.JOURNAL
        self._clips = clips
        self._verdicts: dict[tuple[tuple[str, bytes], ...], Verdict] = {}
        self._standing: dict[str, bytes] = {}

    def __call__(self, image: Image, told: Collection[bytes]) -> str | None:
        verdict = self.verdict(image)
        if verdict.refusal is not None:
            return f"the next start would refuse it: {verdict.refusal}"
        if not verdict.promised.items() <= image.items():
            bad = next(path for path, clip in verdict.promised.items() if image.get(path) != clip)
            return f"false stored: {bad} is {'bad' if bad in image else 'missing'}"
        if not verdict.facts.issuperset(told):
            lost = [fact for fact in told if fact not in verdict.facts]
            return f"{len(lost)} acknowledged events are gone: {lost[0]!r}"
        return None

    def verdict(self, image: Image) -> Verdict:
        """Read the journal in ``image``."""
        journal = tuple(
            [item for item in image.items() if item[0].startswith(_FOLDER) and not item[0].endswith(".part")]
        )
        verdict = self._verdicts.get(journal)
        if verdict is None:
            verdict = self._verdicts[journal] = self._judge(journal)
        return verdict

    @property
    def journals(self) -> int:
        """How many different journals were read."""
        return len(self._verdicts)

    def _judge(self, journal: tuple[tuple[str, bytes], ...]) -> Verdict:
        self._stage({path.removeprefix(_FOLDER): content for path, content in journal})
        try:
            replayed = replay(self._folder)
            replayed.require_whole()
            if SNAPSHOT in self._standing:
                _require_same(replayed, replay(self._folder, with_snapshot=False))
        except JournalFault as fault:
            return Verdict({}, frozenset(), Ledger().counts(), str(fault))
        facts, stored = _records(self._standing)
        return Verdict(self._promises(replayed, stored), facts, replayed.ledger.counts())

    def _promises(self, replayed: Replayed, stored: Mapping[str, ClipStored]) -> dict[str, bytes]:
        """Clips that the ledger counts on; a hash that no clip ever had makes a promise nobody can keep."""
        promises = {}
        for key, event in stored.items():
            if replayed.ledger.state_of(key) is RowState.STORED:
                path, content = self._clips.get(event.clip.sha256, (f"clip of {key}", b""))
                promises[path] = content
        assert len(promises) == replayed.ledger.counts().stored
        return promises

    def _stage(self, files: Mapping[str, bytes]) -> None:
        """Make the folder hold these files; what stands there already is left."""
        if not self._folder.exists():
            self._folder.mkdir(parents=True)
        for name in self._standing.keys() - files.keys():
            (self._folder / name).unlink()
        for name, content in files.items():
            if self._standing.get(name) != content:
                (self._folder / name).write_bytes(content)
        self._standing = dict(files)

    def close(self) -> None:
        """Remove the scratch folder."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _require_same(with_snapshot: Replayed, without: Replayed) -> None:
    """A snapshot only saves time; raises ``JournalFault`` where it tells anything else than the run files."""
    one, other = with_snapshot.ledger, without.ledger
    if with_snapshot.damage != without.damage or one.counts() != other.counts():
        raise JournalFault(f"with snapshot {one.counts()}, without {other.counts()}")
    if one.paces != other.paces or one.sources != other.sources or one.spec != other.spec:
        raise JournalFault("the snapshot has other facts")


def _records(files: Mapping[str, bytes]) -> tuple[frozenset[bytes], dict[str, ClipStored]]:
    """All whole records, and of each segment the clip stored last, in replay order."""
    facts = set[bytes]()
    stored: dict[str, ClipStored] = {}
    for name in sorted(name for name in files if parse_name(name)):
        read, clips = _records_of(".rows." in name, files[name])
        facts |= read
        for clip in clips:
            if clip.round >= _round(stored.get(clip.key)):
                stored[clip.key] = clip
    return frozenset(facts), stored


@lru_cache(maxsize=1000)
def _records_of(is_in_rows: bool, content: bytes) -> tuple[frozenset[bytes], tuple[ClipStored, ...]]:
    facts, clips = set[bytes](), list[ClipStored]()
    for _, fields in RecordScan(io.BytesIO(content)):
        event = decode(fields)
        if isinstance(event, RowsSelected):
            facts.update(fact_of(RowSelected(row), is_in_rows=is_in_rows) for row in event.rows)
        elif event is not None:
            facts.add(fact_of(event, is_in_rows=is_in_rows))
        if isinstance(event, ClipStored):
            clips.append(event)
    return frozenset(facts), tuple(clips)


def _round(event: ClipStored | None) -> int:
    return -1 if event is None else event.round


class CompactedOracle:
    """A journal that is being compacted amounts to the same in each state, before, amid and after.

    ``expected`` is what it told before; records may go, what was told later must be there as ever.
    """

    def __init__(self, journal: JournalOracle, expected: Verdict) -> None:
        self._journal = journal
        self._expected = expected

    def __call__(self, image: Image, told: Collection[bytes]) -> str | None:
        later = [fact for fact in told if fact not in self._expected.facts]
        problem = self._journal(image, later)
        if problem is not None:
            return problem
        verdict = self._journal.verdict(image)
        if not self._expected.promised.items() <= verdict.promised.items():
            return "a stored clip is not stored any more"
        if (
            verdict.counts.segments == self._expected.counts.segments
            and verdict.counts != self._expected.counts
        ):
            return f"{verdict.counts}, not {self._expected.counts}"
        return None


class WholeFileOracle:
    """A file replaced in one step is the old one or a new one, whole; once told, the new one."""

    def __init__(self, path: str, versions: Collection[bytes]) -> None:
        self._path = path
        self._versions = versions

    def __call__(self, image: Image, told: Collection[bytes]) -> str | None:
        content = image.get(self._path)
        if content is None:
            return f"{self._path} is gone" if told else None
        known = [number for number, version in enumerate(self._versions) if version == content]
        if not known:
            return f"{self._path} is neither old nor new: {content[:20]!r}, {len(content)} bytes"
        if known[0] < len(told) - 1:
            return f"{self._path} is old, and version {len(told) - 1} was told"
        return None


def sha256_of(content: bytes) -> str:
    """Return the check sum as a record holds it."""
    return hashlib.sha256(content).hexdigest()
