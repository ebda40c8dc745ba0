"""Data sets of real clips, and exports of them in this process by the same steps as the command's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from asyncdl.core import layout
from asyncdl.core.events import ClipStored, Event
from asyncdl.core.export import StoredClip
from asyncdl.core.model import ClipSpec, Segment, Span
from asyncdl.exporters import load_exporter
from asyncdl.exporting.completing import complete
from asyncdl.exporting.contract import Terms
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.sound import ClipReader
from asyncdl.exporting.steps import STATE, Agenda, Export, make_shard, prepare
from asyncdl.exporting.survey import survey_of
from asyncdl.exporting.work import Place, ShardWork
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.outcomes import iterate_outcomes
from asyncdl.runtime.replay import replay
from support.datasets import rows_of, write_run
from support.stored_clips import clip_of, stored

LABELS = ("/m/09x0r", "/t/dd00088", "/m/0bt9lr", "/m/04rlf")
AT_MS = 1_700_000_000_000


@dataclass(frozen=True, slots=True)
class Sounding:
    """What the clips of a made-up data set are like."""

    count: int = 8
    seconds: float = 0.25
    rate: int = 44_100
    channels: int = 2
    splits: tuple[str, ...] = ("eval", "balanced_train")
    suffix: str = "flac"

    @property
    def samples(self) -> int:
        return round(self.seconds * self.rate)


def segments_of(sounding: Sounding) -> list[Segment]:
    """Half of the ids begin with a dash or hold an underscore; labels differ from clip to clip."""
    return [
        Segment(
            f"{'-_ab'[number % 4]}Clip{number:06d}",
            Span(30_000, 30_000 + round(sounding.seconds * 1000)),
            sounding.splits[number * len(sounding.splits) // sounding.count],
            LABELS[: 1 + number % len(LABELS)],
        )
        for number in range(sounding.count)
    ]


def sound(sounding: Sounding, seed: int) -> npt.NDArray[np.int16]:
    """A tone and noise that differ by the seed, shape (samples, channels)."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(sounding.samples) / sounding.rate
    tone = 9000 * np.sin(2 * np.pi * (200 + 37 * seed) * time_s)[:, None]
    noise = rng.integers(-3000, 3000, (sounding.samples, sounding.channels))
    return (tone + noise).astype(np.int16)


async def make_data_set(
    root: Path,
    sounding: Sounding | None = None,
    *,
    segments: Sequence[Segment] = (),
    more: Sequence[Event] = (),
    spec: ClipSpec | None = None,
) -> list[Segment]:
    """Write clips, FLAC or what else ``spec`` says without loss, and a journal that tells of them.

    ``more`` events follow.
    """
    sounding = sounding or Sounding()
    chosen = list(segments) or segments_of(sounding)
    spec, events = spec or ClipSpec(), list[Event]()
    for number, segment in enumerate(chosen[: sounding.count]):
        path = root / layout.clip_path(segment, spec.extension)
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, sound(sounding, number), sounding.rate, format=spec.extension, subtype="PCM_16")
        clip = clip_of(path, sounding.samples, sounding.rate, sounding.channels)
        clip = replace(clip, title=f"Film {number}", tool_version="yt-dlp 2026.10.26", source_rate=48_000)
        events.append(replace(stored(segment, number + 4, clip), at_ms=AT_MS + number))
    await write_run(root, rows_of(chosen), [*events, *more], spec)
    return chosen


@contextmanager
def opened(root: Path, name: str, target: Path | None = None, terms: Terms | None = None) -> Iterator[Export]:
    """Open an export as the command would; ``target`` is ``root/exports/<name>`` unless told."""
    exporter, terms = load_exporter(name), terms or Terms()
    target = target or (root if exporter.goes_to_root else root / "exports" / name)
    place = Place(root.resolve(), target.resolve(), target.resolve() / STATE)
    (place.state / "work").mkdir(parents=True, exist_ok=True)
    ledger = replay(journal_of(root)).ledger
    spec = ledger.spec or ClipSpec()
    seed = exporter.seed if terms.seed is None else terms.seed
    outcomes = iterate_outcomes(journal_of(root), ledger)
    table, _ = survey_of(outcomes, place.state / "work", spec, splits=terms.splits, seed=seed)
    with table:
        yield Export(exporter, place, terms, table, ledger, spec)


def make_todo(export: Export, agenda: Agenda, most: int | None = None) -> int:
    """Make the shards that are to be made, the first ``most`` of them; answers how many were made."""
    writer, reader = export.exporter.shards, ClipReader(export.place.root)
    todo = agenda.todo if most is None else agenda.todo[:most]
    for number in todo:
        shard = agenda.shards[number]
        part = agenda.parts.get(shard.file)
        assert writer is not None
        work = ShardWork(shard, export.place, export.terms, export.table, reader, shared_part=part)
        make_shard(writer, work, agenda.digests[number])
    return len(todo)


def export_all(root: Path, name: str, target: Path | None = None, terms: Terms | None = None) -> Finish:
    """Export a data set whole; what is there already is kept."""
    with opened(root, name, target, terms) as export:
        agenda = prepare(export)
        make_todo(export, agenda)
        return complete(export, agenda)


def stored_clips(root: Path) -> list[StoredClip]:
    """All clips of a data set, in the order of the lists."""
    ledger = replay(journal_of(root)).ledger
    found = iterate_outcomes(journal_of(root), ledger)
    return [
        StoredClip(row.segment, outcome.clip, layout.clip_path(row.segment, "flac"), row.ref, outcome.at_ms)
        for row, outcome in found
        if isinstance(outcome, ClipStored)
    ]


def files_of(target: Path) -> dict[str, bytes]:
    """All files of an export but what it keeps for itself, by their paths."""
    return {
        str(path.relative_to(target)): path.read_bytes()
        for path in sorted(target.rglob("*"))
        if path.is_file() and STATE not in path.relative_to(target).parts
    }
