"""The steps of an export: what is to be made, making one shard of it, and bringing it to its end.

All of it blocks; the first and the last step are for one process at a time, which holds the export's lock.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import orjson

from asyncdl.core.export import LeftOut, Shard
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import ClipSpec
from asyncdl.errors import UsageError
from asyncdl.exporting.contract import Exporter, Facts, ShardWriter, SharedFiles, Terms
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.receipts import Receipt, Receipts, digest_of
from asyncdl.exporting.shared import PARTS, SharedFile, part_of
from asyncdl.exporting.table import Table
from asyncdl.exporting.work import Place, ShardWork
from asyncdl.runtime.files import (
    is_part,
    make_folders,
    part_beside,
    publish,
    sweep_replacements,
    telling,
)

STATE = ".asyncdl"


@dataclass(frozen=True, slots=True)
class Export:
    """One export of one data set: a format, where, on which terms, of which clips."""

    exporter: Exporter
    place: Place
    terms: Terms
    table: Table
    ledger: Ledger
    spec: ClipSpec

    @property
    def receipts(self) -> Receipts:
        """What vouches for its shards."""
        return Receipts(self.place.state, self.place.target)


@dataclass(frozen=True, slots=True)
class Agenda:
    """All shards with the digests of what they are made of; ``todo`` are numbers of those not yet there.

    ``parts`` are where the files are being made that shards share, by the file's name.
    """

    shards: tuple[Shard, ...] = ()
    digests: tuple[str, ...] = ()
    todo: tuple[int, ...] = ()
    parts: Mapping[str, Path] = field(default_factory=dict)

    @property
    def todo_clips(self) -> int:
        """Clips that are left to export."""
        return sum(self.shards[number].count for number in self.todo)


def plan(export: Export) -> tuple[Shard, ...]:
    """Cut the clips into shards; none for formats of text alone. Raises ``UsageError``."""
    table, exporter = export.table, export.exporter
    if exporter.needs_one_clip_per_video and not table.is_one_per_video:
        raise UsageError(
            f"{exporter.name} names clips by their videos, and some videos have several clips here.",
            mend="--split takes lists apart; webdataset, parquet and nemo name clips by their segments.",
        )
    return tuple(exporter.shards.plan(table, export.terms)) if exporter.shards else ()


def prepare(export: Export) -> Agenda:
    """Find out which shards are there already, and begin the files that shards share."""
    shards, writer = plan(export), export.exporter.shards
    if not export.exporter.goes_to_root:
        _sweep_parts(export.place)
    if writer is None:
        return Agenda()
    make_folders(export.place.state / "receipts", export.place.target)
    settings = _settings(export.exporter.name, writer, export.terms)
    digests = tuple(
        digest_of(shard, settings, export.table.lines(shard.first, shard.count)) for shard in shards
    )
    if writer.shared is None:
        found = (
            export.receipts.find(shard.name, digest) for shard, digest in zip(shards, digests, strict=True)
        )
        return Agenda(shards, digests, tuple(number for number, one in enumerate(found) if one is None))
    files = list(_files(export, Agenda(shards, digests), {}, {}))
    todo = {name for shared, digest in files for name in _begin_file(export, writer.shared, shared, digest)}
    left = tuple(number for number, shard in enumerate(shards) if shard.name in todo)
    return Agenda(shards, digests, left, {shared.file: shared.part for shared, _ in files})


def make_shard(writer: ShardWriter, work: ShardWork, digest: str) -> None:
    """Write one shard, then vouch for it. For worker processes; raises ``DiskFull``, ``EnvironmentFault``."""
    shard, place = work.shard, work.place
    facts = writer.write(work)
    exported = shard.count - len(work.left_out)
    receipt = Receipt(shard.name, digest, exported, tuple(work.files), tuple(work.left_out), facts)
    Receipts(place.state, place.target).write(receipt)


def complete(export: Export, agenda: Agenda, on_clip: Callable[[], None] = lambda: None) -> Finish:
    """End the files that shards share, write what speaks of all shards, and sweep what no plan has."""
    receipts, writer = export.receipts, export.exporter.shards
    done = [receipts.read(shard.name) for shard in agenda.shards]
    facts: dict[str, Facts] = {one.shard: one.facts for one in done if one is not None}
    left_out = {clip.key: clip for one in done if one is not None for clip in one.left_out}
    if not agenda.shards:  # nothing was read: text alone, or lists that point at the clips
        left_out = {clip.key: clip for clip in _not_there(export)}
    if writer is not None and writer.shared is not None:
        for shared, digest in _files(export, agenda, left_out, facts):
            if receipts.find(_of_file(shared.file), digest) is None:
                _end_file(export, writer.shared, shared, digest)
    finish = Finish(
        export.place,
        export.terms,
        export.table,
        export.ledger,
        export.spec,
        agenda.shards,
        facts,
        left_out,
        on_clip,
    )
    export.exporter.finish(finish)
    if writer is not None:
        _sweep(export, agenda)
    return finish


def _not_there(export: Export) -> Iterator[LeftOut]:
    """Name the clips whose files are gone or have another size; for formats that read none of them."""
    for clip in export.table.clips():
        try:
            found = (export.place.root / clip.path).lstat().st_size
        except OSError:
            found = -1
        if found != clip.clip.size_bytes:
            reason = "the file is gone" if found < 0 else "the file has another size"
            yield LeftOut(clip.key, clip.segment.split, clip.path, reason)


def _settings(name: str, writer: ShardWriter, terms: Terms) -> str:
    """Say what beside the clips decides on bytes; where it is seen from does not."""
    return orjson.dumps([name, writer.version, terms.like, terms.by, terms.fast, terms.compat]).decode() + (
        orjson.dumps([terms.shar, terms.wav, terms.source]).decode()
    )


def _of_file(file: str) -> str:
    """Name the receipt of a shared file."""
    return f"file {file}"


def _sweep_parts(place: Place) -> None:
    """Remove what killed writers have left under names that nothing else has; nobody writes now."""
    for folder, below, names in os.walk(place.target):
        if Path(folder) == place.target and STATE in below:
            below.remove(STATE)
        if any(map(is_part, names)):
            sweep_replacements(Path(folder))


def _begin_file(export: Export, shared_files: SharedFiles, shared: SharedFile, digest: str) -> list[str]:
    """Name the shards to make; a file that has to be begun has all of them."""
    receipts = export.receipts
    if receipts.find(_of_file(shared.file), digest) is not None:
        return []
    receipts.forget(_of_file(shared.file))
    if not shared.part.exists():
        for shard in shared.shards:
            receipts.forget(shard.name)
        make_folders(shared.part.parent, export.place.target)
        with telling("writing", shared.part):
            shared_files.begin(shared)
    return [
        shard.name
        for shard, made_of in zip(shared.shards, shared.digests, strict=True)
        if receipts.find(shard.name, made_of) is None
    ]


def _files(
    export: Export, agenda: Agenda, left_out: Mapping[str, LeftOut], facts: Mapping[str, Facts]
) -> Iterator[tuple[SharedFile, str]]:
    """Yield the shared files with the digests of what they are made of."""
    numbered = zip(agenda.shards, agenda.digests, strict=True)
    for file, group in groupby(numbered, key=lambda pair: pair[0].file):
        members = list(group)
        digest = hashlib.sha256("".join(digest for _, digest in members).encode()).hexdigest()
        # Another set of clips has another part: rows of one would not fit into the other.
        part = part_of(export.place.state, f"{digest[:12]}-{file}")
        shards, digests = zip(*members, strict=True)
        yield SharedFile(file, part, shards, digests, export.table, export.terms, left_out, facts), digest


def _end_file(export: Export, shared_files: SharedFiles, shared: SharedFile, digest: str) -> None:
    target = export.place.target
    final = target / shared.file
    make_folders(final.parent, target)
    out = part_beside(final)
    try:
        with telling("writing", final):
            shared_files.end(shared, out)
        size = out.stat().st_size
        publish(out, final, target)
    finally:
        with suppress(FileNotFoundError):
            out.unlink()
    files = ((shared.file, size),)
    clips = len(shared.kept_rows())
    export.receipts.write(Receipt(_of_file(shared.file), digest, clips, files, (), {}))
    _remove(shared.part)


def _sweep(export: Export, agenda: Agenda) -> None:
    """Remove files that an earlier plan had and today's has not: only what a receipt vouches for."""
    names = {shard.name for shard in agenda.shards}
    files = {shard.file for shard in agenda.shards}
    ours = {name for shard in agenda.shards for name in _vouched(export, shard.name)} | files
    known = frozenset(names | {_of_file(file) for file in files})
    for receipt in list(export.receipts.strangers(known)):
        for name, _ in receipt.files:
            if name not in ours:
                with suppress(FileNotFoundError):
                    (export.place.target / name).unlink()
        export.receipts.forget(receipt.shard)
    _remove(export.place.state / PARTS)


def _vouched(export: Export, shard: str) -> list[str]:
    receipt = export.receipts.read(shard)
    return [] if receipt is None else [name for name, _ in receipt.files]


def _remove(path: Path) -> None:
    """Remove a file or a folder of ours, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
