"""The steps of an export: what is to be made, making one shard of it, and bringing it to its end.

All of it blocks; the first and the last step are for one process at a time, which holds the export's lock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import orjson

from asyncdl.core.export import LeftOut, Shard
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import ClipSpec
from asyncdl.errors import UsageError
from asyncdl.exporting.contract import Exporter, Facts, Linking, ShardWriter, SharedFiles, Terms
from asyncdl.exporting.linking import links_to, whole_clip
from asyncdl.exporting.receipts import FOLDER, Receipt, Receipts, digest_of
from asyncdl.exporting.shared import SharedFile, is_part_of_same, part_of
from asyncdl.exporting.sound import ClipReader, Unfit
from asyncdl.exporting.splits import note_splits, refuse_lost_splits
from asyncdl.exporting.sweeping import remove, sweep_parts
from asyncdl.exporting.table import Table
from asyncdl.exporting.work import Place, ShardWork
from asyncdl.runtime.files import make_folders, sync_folder, telling

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
    if exporter.check is not None:
        exporter.check(table, export.terms, export.place)
    shards = tuple(exporter.shards.plan(table, export.terms)) if exporter.shards else ()
    _refuse_equal_files(shards)
    return shards


def _refuse_equal_files(shards: Sequence[Shard]) -> None:
    """Raise ``UsageError`` where shards of two splits would go into one file, or two have one name."""
    names, splits = set[str](), dict[str, str]()
    for shard in shards:
        if shard.name in names or splits.setdefault(shard.file, shard.split) != shard.split:
            raise UsageError(
                f"{shard.file} would be written twice, the second time for {shard.split}.",
                mend="Export these splits one by one: --split NAME --to DIR.",
            )
        names.add(shard.name)


def prepare(export: Export) -> Agenda:
    """Find out which shards are there already, and begin the files that shards share."""
    shards, writer = plan(export), export.exporter.shards
    if not export.exporter.goes_to_root:
        refuse_lost_splits(export.place, export.terms, export.table)
        sweep_parts(export.place)
        make_folders(export.place.state / FOLDER, export.place.target)
        note_splits(export.place, export.table)
    if writer is None:
        return Agenda()
    settings = _settings(export, writer)
    digests = tuple(digest_of(shard, settings, _made_of(export, writer, shard)) for shard in shards)
    if writer.shared is None:
        made = (_is_made(export, shard, digest) for shard, digest in zip(shards, digests, strict=True))
        return Agenda(shards, digests, tuple(number for number, is_made in enumerate(made) if not is_made))
    files = list(shared_files_of(export, Agenda(shards, digests), {}, {}))
    todo = {name for shared, digest in files for name in _begin_file(export, writer.shared, shared, digest)}
    left = tuple(number for number, shard in enumerate(shards) if shard.name in todo)
    return Agenda(shards, digests, left, {shared.file: shared.part for shared, _ in files})


def make_shard(writer: ShardWriter, work: ShardWork, digest: str) -> None:
    """Write one shard, then vouch for it. For worker processes; raises ``DiskFull``, ``EnvironmentFault``."""
    shard = work.shard
    work.will_write([] if writer.shared is not None else [shard.file])  # a shared file has its own receipt
    facts = writer.write(work)
    exported = shard.count - len(work.left_out)
    receipt = Receipt(shard.name, digest, exported, tuple(work.files), tuple(work.left_out), facts)
    work.receipts.write(receipt)


def _settings(export: Export, writer: ShardWriter) -> str:
    """Say what beside a shard's clips decides on its bytes; where it is seen from does not.

    Names of clips change as soon as any video has several.
    """
    terms, names = export.terms, export.table.is_one_per_video
    asked = [terms.like, terms.by, terms.fast, terms.compat, terms.shar, terms.wav, terms.source]
    links = [links_to(export.place)] if terms.by is Linking.SYMLINK else []
    return orjson.dumps([export.exporter.name, writer.version, names, *asked, *links]).decode()


def _made_of(export: Export, writer: ShardWriter, shard: Shard) -> Iterator[bytes]:
    if export.terms.source and writer.made_of is not None:
        return iter(writer.made_of(shard, export.terms))
    return export.table.lines(shard.first, shard.count)


def receipt_of(file: str) -> str:
    """Name the receipt of a shared file."""
    return f"file {file}"


def _is_made(export: Export, shard: Shard, digest: str) -> bool:
    """Whether a shard is there, with all that it can have."""
    receipt = export.receipts.find(shard.name, digest)
    if receipt is None or _is_more_there(export, shard, receipt):
        return False
    return export.terms.by is not Linking.SYMLINK or _are_there(export, shard, receipt)


def _are_there(export: Export, shard: Shard, receipt: Receipt) -> bool:
    """Whether the clips are whole that symbolic links lead to: the links themselves would not tell."""
    if not any((export.place.target / name).is_symlink() for name, _ in receipt.files):
        return True
    left_out = {one.key for one in receipt.left_out}
    for clip in export.table.clips(shard.first, shard.count):
        if clip.key not in left_out:
            try:
                whole_clip(export.place, clip)
            except Unfit:
                return False
    return True


def _is_more_there(export: Export, shard: Shard, receipt: Receipt) -> bool:
    """Whether a file is back that a shard had to leave out: put back, or mounted too late."""
    missing = {one.key for one in receipt.left_out if not one.is_lasting}
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
    if not todo and receipts.find(receipt_of(shared.file), digest) is not None:
        return []
    receipts.withdraw(receipt_of(shared.file), [shared.file, *shared_files.beside(shared.file)])
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


def shared_files_of(
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
