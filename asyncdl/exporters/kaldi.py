"""Kaldi data folders, one per split: ``wav.scp``, ``text``, ``utt2spk``, ``spk2utt``, ``reco2dur``.

Lines are sorted by id as ``LC_ALL=C`` sorts, which Kaldi insists on; ids are ``Y<name>``, since a name may
begin with a dash. Each clip is its own speaker. ``text`` holds the labels of a clip: mids divided by
blanks, or names with ``_`` for their own.

``wav.scp`` points at the clips as they are, or with ``--wav HZ`` at WAV files of the export. Kaldi's own
programs read WAV alone, and the first channel of that; other readers of such folders, as lhotse, take more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asyncdl.core.export import Shard, Sizes, StoredClip
from asyncdl.exporting.contract import Choice, Exporter, Facts, ShardWriter, Terms
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.foreign import words_of
from asyncdl.exporting.pointing import folder_seen, lists_in, moved, pointed, reanchor_lines
from asyncdl.exporting.table import Stretch, Table
from asyncdl.exporting.wav_files import plan_wavs, text_sizes, wav_sizes, write_wavs
from asyncdl.exporting.work import Place, ShardWork

# Seven ids, an absolute path and a duration.
_BESIDES = 1024
_ID = "S32"  # Y and a key: 11, 9 and 9 characters with two dividers


def _clip_bytes(table: Table, terms: Terms) -> Sizes:
    texts = text_sizes(table, 1, _BESIDES)
    return texts if terms.wav is None else texts + wav_sizes(table, terms.wav)


def _check(_table: Table, terms: Terms, place: Place) -> None:
    folder_seen(place, terms, has_files=terms.wav is not None)


def _plan(table: Table, terms: Terms) -> list[Shard]:
    return [] if terms.wav is None else plan_wavs(table)


def _write(work: ShardWork) -> Facts:
    assert work.terms.wav is not None  # noqa: S101 - no shard was planned else
    return write_wavs(work, work.terms.wav)


def _finish(finish: Finish) -> None:
    files = pointed(finish, finish.terms.wav)

    def duration(clip: StoredClip) -> str:
        return str(round(files.samples(clip) / files.rate(clip), 6))

    columns: dict[str, Callable[[StoredClip], str]] = {
        "wav.scp": files.path,
        "text": lambda clip: " ".join(words_of(clip.segment.labels)),
        "reco2dur": duration,
    }
    for stretch in finish.table.stretches:
        ids, numbers = _in_order(finish, stretch)
        for name, told in columns.items():
            finish.write(f"{stretch.split}/{name}", _lines(finish.table, ids, numbers, told))
        for name in ("utt2spk", "spk2utt"):
            finish.write(f"{stretch.split}/{name}", (b"%b %b\n" % (one, one) for one in ids))


def _in_order(finish: Finish, stretch: Stretch) -> tuple[npt.NDArray[np.bytes_], npt.NDArray[np.uint32]]:
    """Sort the ids of a split by their bytes, and the clips' numbers with them: 44 bytes a clip."""
    table = finish.table
    ids, numbers = np.empty(stretch.count, _ID), np.empty(stretch.count, np.uint32)
    count = 0
    for number, clip in enumerate(table.clips(stretch.first, stretch.count), stretch.first):
        if clip.key not in finish.left_out:
            ids[count], numbers[count] = f"Y{table.name_of(clip)}".encode(), number
            count += 1
    order = np.argsort(ids[:count], kind="stable")
    return ids[order], numbers[order]


def _lines(
    table: Table,
    ids: npt.NDArray[np.bytes_],
    numbers: npt.NDArray[np.uint32],
    told: Callable[[StoredClip], str],
) -> Iterator[bytes]:
    for one, number in zip(ids, numbers, strict=True):
        (clip,) = table.clips(int(number), 1)
        yield (b"%b %b" % (one, told(clip).encode())).rstrip() + b"\n"


def _reanchor(folder: Path, root: Path) -> int:
    def change(line: bytes) -> bytes:
        name, _, path = line.decode().rstrip("\n").partition(" ")
        return f"{name} {moved(path, folder, root)}\n".encode()

    return sum(reanchor_lines(path, change) for path in lists_in(folder, "*/wav.scp"))


EXPORTER = Exporter(
    name="kaldi",
    summary="Kaldi data folders: wav.scp, text, utt2spk, spk2utt and reco2dur, sorted by bytes",
    finish=_finish,
    clip_bytes=_clip_bytes,
    shards=ShardWriter(_plan, _write),
    takes=frozenset({Choice.ROOT, Choice.WAV}),
    check=_check,
    reanchor=_reanchor,
)
