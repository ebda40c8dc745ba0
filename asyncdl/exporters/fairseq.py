"""fairseq's manifests, as EAT and data2vec's audio classification load them.

    <split>.tsv             the folder, then ``<path below it><tab><samples>`` per clip
    <split>.lbl             ``Y<name><tab><mid>,<mid>`` in the same order
    label_descriptors.csv   the 527 classes: ``index,mid,name``, without a header

The lists point at the clips as they are, or with ``--wav HZ`` at WAV files of the export; EAT wants 16 kHz
mono. Loaders look for ``train.tsv``, ``valid.tsv`` or ``eval.tsv`` by the name of the split, and divide lines
at white space, so a folder that has any is refused. They stop at a clip without a class and at a label that
is none of the 527: neither stands in a list; ``unlabelled.txt`` names such clips, as ``<split>/<key>``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from asyncdl.core.export import Shard, Sizes
from asyncdl.errors import UsageError
from asyncdl.exporting.contract import Choice, Exporter, Facts, ShardWriter, Terms
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.pointing import (
    Pointed,
    folder_seen,
    labelled,
    lists_in,
    moved,
    pointed,
    reanchor_lines,
    tell_unlabelled,
)
from asyncdl.exporting.table import Table
from asyncdl.exporting.targets import CLASS_TABLE_BYTES, Targets, class_table
from asyncdl.exporting.wav_files import plan_wavs, text_sizes, wav_sizes, write_wavs
from asyncdl.exporting.work import Place, ShardWork

# A path below the folder, a number, and a name.
_BESIDES = 256


def _clip_bytes(table: Table, terms: Terms) -> Sizes:
    texts = text_sizes(table, 1, _BESIDES)
    texts[:1] += CLASS_TABLE_BYTES
    return texts if terms.wav is None else texts + wav_sizes(table, terms.wav)


def _check(_table: Table, terms: Terms, place: Place) -> None:
    _refuse_blanks(str(folder_seen(place, terms, has_files=terms.wav is not None)))


def _plan(table: Table, terms: Terms) -> list[Shard]:
    return [] if terms.wav is None else plan_wavs(table)


def _write(work: ShardWork) -> Facts:
    assert work.terms.wav is not None  # noqa: S101 - no shard was planned else
    targets = Targets()
    return write_wavs(work, work.terms.wav, lambda clip: bool(targets.indices_of(clip.segment.labels)))


def _refuse_blanks(folder: str) -> None:
    if folder.split() != [folder]:
        raise UsageError(
            f"fairseq reads no path with white space: {folder}",
            mend="Give another name for the folder with --root; a link to it will do.",
        )


def _finish(finish: Finish) -> None:
    targets, listed = Targets(), 0
    files = pointed(finish, finish.terms.wav)
    for split in finish.splits:
        finish.write(f"{split}.tsv", _paths(files, split, targets))
        labels = _Labels()
        finish.write(f"{split}.lbl", labels.lines(finish, split, targets))
        listed += labels.count
    finish.write("label_descriptors.csv", [class_table(with_header=False)])
    tell_unlabelled(finish, targets, listed)


def _paths(files: Pointed, split: str, targets: Targets) -> Iterator[bytes]:
    yield f"{files.folder}\n".encode()
    for clip, _ in labelled(files.finish, split, targets):
        yield f"{files.name(clip)}\t{files.samples(clip)}\n".encode()


class _Labels:
    """The lines of labels, counted."""

    def __init__(self) -> None:
        self.count = 0

    def lines(self, finish: Finish, split: str, targets: Targets) -> Iterator[bytes]:
        """Yield a line per clip."""
        for clip, indices in labelled(finish, split, targets):
            self.count += 1
            yield f"Y{finish.table.name_of(clip)}\t{','.join(indices)}\n".encode()


def _reanchor(folder: Path, root: Path) -> int:
    """Rewrite the first lines; what a list points at is told by its second one."""
    return sum(_reanchor_list(path, folder, root) for path in lists_in(folder, "*.tsv"))


def _reanchor_list(path: Path, folder: Path, root: Path) -> int:
    with path.open("rb") as file:
        first, second = file.readline(), file.readline().decode().partition("\t")[0]
    if not second:
        return 0
    new = moved(f"{first.decode().strip()}/{second}", folder, root).removesuffix(f"/{second}")
    _refuse_blanks(new)
    return reanchor_lines(path, lambda line: f"{new}\n".encode() if line == first else line)


EXPORTER = Exporter(
    name="fairseq",
    summary="text manifests of fairseq, as EAT loads them: paths with samples, labels, classes",
    finish=_finish,
    clip_bytes=_clip_bytes,
    shards=ShardWriter(_plan, _write),
    takes=frozenset({Choice.ROOT, Choice.SEED, Choice.WAV}),
    check=_check,
    reanchor=_reanchor,
)
