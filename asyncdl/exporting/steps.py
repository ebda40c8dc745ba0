"""The steps of an export: what is to be made, making one shard of it, and bringing it to its end.

All of it blocks; the first and the last step are for one process at a time, which holds the export's lock.
"""

from __future__ import annotations

import hashlib
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
from asyncdl.exporting.receipts import FOLDER, Receipt, Receipts, digest_of
from asyncdl.exporting.shared import PARTS, SharedFile, is_part_of_same, part_of
from asyncdl.exporting.sound import ClipReader, Unfit, is_of_the_file
from asyncdl.exporting.sweeping import remove, sweep_files, sweep_parts
from asyncdl.exporting.table import Table
from asyncdl.exporting.work import Place, ShardWork
from asyncdl.runtime.files import make_folders, part_beside, publish, sync_folder, telling

STATE = ".asyncdl"
_TEXTS = "what speaks of all shards"


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
        sweep_parts(export.place)
        make_folders(export.place.state / FOLDER, export.place.target)
    if writer is None:
        return Agenda()
    settings = _settings(export, writer)
    digests = tuple(digest_of(shard, settings, _made_of(export, writer, shard)) for shard in shards)
    if writer.shared is None:
        made = (_is_made(export, shard, digest) for shard, digest in zip(shards, digests, strict=True))
        return Agenda(shards, digests, tuple(number for number, is_made in enumerate(made) if not is_made))
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
    if not export.exporter.goes_to_root and not export.terms.source:
        _vouch_for_texts(export, finish)
        _sweep(export, agenda)
    remove(export.place.state / PARTS)
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


def _settings(export: Export, writer: ShardWriter) -> str:
    """Say what beside a shard's clips decides on its bytes; where it is seen from does not.

    Names of clips change as soon as any video has several.
    """
    terms, names = export.terms, export.table.is_one_per_video
    asked = [terms.like, terms.by, terms.fast, terms.compat, terms.shar, terms.wav, terms.source]
    return orjson.dumps([export.exporter.name, writer.version, names, *asked]).decode()


def _made_of(export: Export, writer: ShardWriter, shard: Shard) -> Iterator[bytes]:
    if export.terms.source and writer.made_of is not None:
        return iter(writer.made_of(shard, export.terms))
    return export.table.lines(shard.first, shard.count)


def _of_file(file: str) -> str:
    """Name the receipt of a shared file."""
    return f"file {file}"


def _is_made(export: Export, shard: Shard, digest: str) -> bool:
    """Whether a shard is there, with all that it can have."""
    receipt = export.receipts.find(shard.name, digest)
    return receipt is not None and not _is_more_there(export, shard, receipt)


def _is_more_there(export: Export, shard: Shard, receipt: Receipt) -> bool:
    """Whether a file is back that a shard had to leave out: put back, or mounted too late."""
    missing = {one.key for one in receipt.left_out if is_of_the_file(one.reason)}
    if not missing or export.terms.source:
        return False
    reader = ClipReader(export.place.root)
    for clip in export.table.clips(shard.first, shard.count):
        if clip.key in missing:
            with suppress(Unfit):
                reader.bytes_of(clip)
                return True
    return False


def _begin_file(export: Export, shared_files: SharedFiles, shared: SharedFile, digest: str) -> list[str]:
    """Name the shards to make; a file that has to be begun has all of them."""
    receipts = export.receipts
    numbered = zip(shared.shards, shared.digests, strict=True)
    todo = [shard.name for shard, made_of in numbered if not _is_made(export, shard, made_of)]
    if not todo and receipts.find(_of_file(shared.file), digest) is not None:
        return []
    receipts.forget(_of_file(shared.file))
    if shared.part.exists():
        return todo
    for shard in shared.shards:
        receipts.forget(shard.name)
    sync_folder(export.place.state / FOLDER)
    make_folders(shared.part.parent, export.place.target)
    for other in shared.part.parent.iterdir():
        if is_part_of_same(other, shared.part):  # its rows are no longer vouched for
            remove(other)
    with telling("writing", shared.part):
        shared_files.begin(shared)
    return [shard.name for shard in shared.shards]


def _files(
    export: Export, agenda: Agenda, left_out: Mapping[str, LeftOut], facts: Mapping[str, Facts]
) -> Iterator[tuple[SharedFile, str]]:
    """Yield the shared files with the digests of what they are made of."""
    numbered = zip(agenda.shards, agenda.digests, strict=True)
    for file, group in groupby(numbered, key=lambda pair: pair[0].file):
        members = list(group)
        digest = hashlib.sha256("".join(digest for _, digest in members).encode()).hexdigest()
        # Another set of clips has another part: rows of one would not fit into the other.
        part = part_of(export.place.state, file, digest)
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
        publish(out, final, target)
    finally:
        with suppress(FileNotFoundError):
            out.unlink()
    names = (shared.file, *shared_files.beside(shared.file))
    files = tuple((name, (target / name).stat().st_size) for name in names)
    clips = len(shared.kept_rows())
    export.receipts.write(Receipt(_of_file(shared.file), digest, clips, files, (), {}))
    remove(shared.part)


def _vouch_for_texts(export: Export, finish: Finish) -> None:
    names = dict.fromkeys(name for name in finish.written if (export.place.target / name).is_file())
    files = tuple((name, (export.place.target / name).stat().st_size) for name in names)
    export.receipts.write(Receipt(_TEXTS, "", 0, files, (), {}))


def _sweep(export: Export, agenda: Agenda) -> None:
    """Remove files that an earlier plan had and today's has not.

    An export of another file's rows has no say on what else is there.
    """
    files = {shard.file for shard in agenda.shards}
    known = {_TEXTS, *(shard.name for shard in agenda.shards), *map(_of_file, files)}
    ours = {name for one in known for name in _vouched(export, one)} | files
    sweep_files(export.place, export.receipts, frozenset(known), frozenset(ours))


def _vouched(export: Export, shard: str) -> list[str]:
    receipt = export.receipts.read(shard)
    return [] if receipt is None else [name for name, _ in receipt.files]
