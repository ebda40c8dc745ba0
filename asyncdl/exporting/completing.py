"""The end of an export: files that shards share, what speaks of all shards, and a sweep.

For one process, which holds the export's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from asyncdl.core.export import LeftOut
from asyncdl.exporting.contract import Facts, SharedFiles
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.receipts import Receipt
from asyncdl.exporting.shared import PARTS, SharedFile
from asyncdl.exporting.steps import Agenda, Export, receipt_of, shared_files_of
from asyncdl.exporting.sweeping import remove, sweep_files
from asyncdl.runtime.files import make_folders, part_beside, publish, telling

_TEXTS = "what speaks of all shards"


def complete(export: Export, agenda: Agenda, on_clip: Callable[[], None] = lambda: None) -> Finish:
    """End the files that shards share, write what speaks of all shards, and sweep what no plan has."""
    receipts, writer = export.receipts, export.exporter.shards
    done = [receipts.read(shard.name) for shard in agenda.shards]
    facts: dict[str, Facts] = {one.shard: one.facts for one in done if one is not None}
    left_out = {clip.key: clip for one in done if one is not None for clip in one.left_out}
    if not agenda.shards:  # nothing was read: text alone, or lists that point at the clips
        left_out = {clip.key: clip for clip in _not_there(export)}
    if writer is not None and writer.shared is not None:
        for shared, digest in shared_files_of(export, agenda, left_out, facts):
            if receipts.find(receipt_of(shared.file), digest) is None:
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
    export.receipts.write(Receipt(receipt_of(shared.file), digest, clips, files, (), {}))
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
    known = {_TEXTS, *(shard.name for shard in agenda.shards), *map(receipt_of, files)}
    ours = {name for one in known for name in _vouched(export, one)} | files
    sweep_files(export.place, export.receipts, frozenset(known), frozenset(ours))


def _vouched(export: Export, shard: str) -> list[str]:
    receipt = export.receipts.read(shard)
    return [] if receipt is None else [name for name, _ in receipt.files]
