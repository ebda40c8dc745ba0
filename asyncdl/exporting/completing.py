"""The end of an export: files that shards share, what speaks of all shards, and a sweep.

For one process, which holds the export's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from asyncdl.core.export import LeftOut
from asyncdl.exporting.contract import Facts, SharedFiles
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.linking import whole_clip
from asyncdl.exporting.receipts import Receipt
from asyncdl.exporting.shared import PARTS, SharedFile
from asyncdl.exporting.sound import Unfit
from asyncdl.exporting.steps import Agenda, Export, receipt_of, shared_files_of
from asyncdl.exporting.sweeping import remove, sweep_files
from asyncdl.exporting.work import left_out_of
from asyncdl.runtime.files import (
    REAL_FILES,
    make_folders,
    part_beside,
    publish,
    refuse_other,
    sync_folder,
    telling,
)

_TEXTS = "what speaks of all shards"


def complete(export: Export, agenda: Agenda, on_clip: Callable[[], None] = lambda: None) -> Finish:
    """End the files that shards share, write what speaks of all shards, and sweep what no plan has."""
    writer = export.exporter.shards
    facts, left_out = _told(export, agenda)
    if writer is not None and writer.shared is not None:
        for shared, digest in shared_files_of(export, agenda, left_out, facts):
            if export.receipts.find(receipt_of(shared.file), digest) is None:
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
        _cut(export),
        on_clip,
    )
    export.exporter.finish(finish)
    if not export.exporter.goes_to_root and not export.terms.source:
        _vouch_for_texts(export, finish)
        _sweep(export, agenda)
    remove(export.place.state / PARTS)
    return finish


def _told(export: Export, agenda: Agenda) -> tuple[dict[str, Facts], dict[str, LeftOut]]:
    """Read what the receipts tell, one by one: they also name every file, of which there may be millions."""
    facts, left_out = dict[str, Facts](), dict[str, LeftOut]()
    for shard in agenda.shards:
        receipt = export.receipts.read(shard.name)
        if receipt is not None:
            facts[shard.name] = receipt.facts
            left_out.update((clip.key, clip) for clip in receipt.left_out)
    if not agenda.shards:  # nothing was read: text alone, or lists that point at the clips
        left_out.update((clip.key, clip) for clip in _not_there(export))
    return facts, left_out


def _cut(export: Export) -> dict[str, int]:
    """Count the clips of each split that are longer than what the format holds."""
    holds_ms, table = export.exporter.holds_ms, export.table
    if holds_ms is None:
        return {}
    is_longer = table.durations_ms > holds_ms
    cut = {one.split: int(is_longer[one.first : one.first + one.count].sum()) for one in table.stretches}
    return {split: count for split, count in cut.items() if count}


def _not_there(export: Export) -> Iterator[LeftOut]:
    """Name the clips whose files are gone or have another size; for formats that read none of them."""
    for clip in export.table.clips():
        try:
            whole_clip(export.place, clip)
        except Unfit as unfit:
            yield left_out_of(clip, unfit)


def _end_file(export: Export, shared_files: SharedFiles, shared: SharedFile, digest: str) -> None:
    """Give a shared file its name. Whatever fails on the way, its part is there until that is done.

    The receipt comes first: without it a renamed part would be nobody's. Until then no file is there.
    """
    target = export.place.target
    final = target / shared.file
    make_folders(final.parent, target)
    out = part_beside(final)
    try:
        with telling("writing", final):
            refuse_other(final, REAL_FILES)  # before a copy of hours, not after
            made = shared_files.end(shared, out)
            beside = [(name, (target / name).stat().st_size) for name in shared_files.beside(shared.file)]
            files = ((shared.file, made.stat().st_size), *beside)
            _make_way(final)
        name = receipt_of(shared.file)
        export.receipts.write(Receipt(name, digest, shared.kept_rows, files, (), {}))
        publish(made, final, target)
    finally:
        with suppress(FileNotFoundError):
            out.unlink()
    remove(shared.part)


def _make_way(final: Path) -> None:
    """Remove an older file for good: it might have the size that the receipt of the new one tells."""
    if final.exists():
        final.unlink()
        sync_folder(final.parent)


def _vouch_for_texts(export: Export, finish: Finish) -> None:
    names = dict.fromkeys(name for name in finish.written if (export.place.target / name).is_file())
    files = tuple((name, (export.place.target / name).stat().st_size) for name in names)
    export.receipts.write(Receipt(_TEXTS, "", 0, files, (), {}))


def _sweep(export: Export, agenda: Agenda) -> None:
    """Remove files that an earlier plan had and today's has not.

    An export of another file's rows has no say on what else is there.
    """
    files = {receipt_of(shard.file) for shard in agenda.shards}
    known = {_TEXTS, *(shard.name for shard in agenda.shards), *files}
    sweep_files(export.place, export.receipts, frozenset(known))
