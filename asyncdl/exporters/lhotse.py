"""lhotse's cuts: ``<split>/cuts.jsonl.gz``, or with ``--shar`` the sound beside them in tars.

Cuts hold their recordings, which point at the clips as they are, or with ``--wav HZ`` at WAV files of the
export. Shar is ``<split>/cuts.000000.jsonl.gz`` and ``<split>/recording.000000.tar`` with ``<id>.flac`` and
``<id>.json`` in the order of the cuts: FLAC clips go in as they stand, others as 16-bit FLAC at their own
rate and channels; with ``--wav HZ`` all are 16-bit mono at that rate. Both are written here, by the published
schema: lhotse brings torch. ``CutSet.from_file`` and ``CutSet.from_shar(in_dir=…/<split>)`` read them.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson

from asyncdl.core.export import Shard, Sizes, StoredClip
from asyncdl.core.model import AudioFormat
from asyncdl.errors import UsageError
from asyncdl.exporting.contract import Choice, Exporter, Facts, ShardWriter, Terms
from asyncdl.exporting.cutting import shards_by_size
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.gzipped import gzipped
from asyncdl.exporting.lhotse_cuts import Sound, cut_line, recording
from asyncdl.exporting.pointing import Pointed, lists_in, moved, pointed, reanchor_lines
from asyncdl.exporting.sound import Samples, as_int16, mono, resampled
from asyncdl.exporting.table import Table
from asyncdl.exporting.targets import Targets
from asyncdl.exporting.wav_files import plan_wavs, text_sizes, wav_sizes, write_wavs
from asyncdl.exporting.work import ShardWork

CUTS = "cuts.jsonl.gz"
_CLIPS = 500
# A cut's names, numbers and path; labels come from the table's line, with their names.
_BESIDES = 2048
# Two headers of a tar, each member filled up to 512 bytes, and the JSON of a recording.
_MEMBERS_BYTES = 3072
_TAR_END_BYTES = 10_240


def _clip_bytes(table: Table, terms: Terms) -> Sizes:
    texts = text_sizes(table, 4, _BESIDES)
    if terms.shar:
        return texts + _member_sizes(table, terms)
    return texts if terms.wav is None else texts + wav_sizes(table, terms.wav)


def _member_sizes(table: Table, terms: Terms) -> Sizes:
    """Bound what a clip takes in a tar; FLAC of noise is a little more than its samples."""
    if terms.wav is not None:
        samples_bytes = wav_sizes(table, terms.wav)
    elif table.extension == AudioFormat.FLAC:
        return table.sizes.astype(np.int64) + _MEMBERS_BYTES
    else:
        counts = (clip.clip.samples * clip.clip.channels * 2 for clip in table.clips())
        samples_bytes = np.fromiter(counts, np.int64, len(table))
    return samples_bytes + samples_bytes // 64 + 8192 + _MEMBERS_BYTES


def _plan(table: Table, terms: Terms) -> list[Shard]:
    if terms.shar:
        return _plan_shar(table, terms)
    if terms.max_shard_bytes is not None:
        raise UsageError("--max-shard-size is about the tars of Shar.", mend="Give --shar as well.")
    return [] if terms.wav is None else plan_wavs(table)


def _plan_shar(table: Table, terms: Terms) -> list[Shard]:
    if terms.root:
        raise UsageError("--root means nothing to Shar, which holds no absolute paths.", mend="Leave it out.")
    sizes = _member_sizes(table, terms)
    most_bytes = (terms.max_shard_bytes or int(sizes.sum()) + _TAR_END_BYTES) - _TAR_END_BYTES
    return shards_by_size(table, sizes, most_clips=_CLIPS, most_bytes=most_bytes, file_of=_file)


def _file(split: str, number: int, _shards: int) -> str:
    return f"{split}/recording.{number:06d}.tar"


def _write(work: ShardWork) -> Facts:
    if work.terms.shar:
        return _write_shar(work)
    assert work.terms.wav is not None  # noqa: S101 - no shard was planned else
    return write_wavs(work, work.terms.wav)


def _write_shar(work: ShardWork) -> Facts:
    """Write a tar, then its cuts, which are few enough to hold."""
    targets, lines = Targets(), list[bytes]()
    with work.part() as part, tarfile.open(part, "w", format=tarfile.USTAR_FORMAT) as tar:
        for clip, sound, data in _packed(work):
            name = work.table.name_of(clip)
            _add(tar, f"{name}.flac", data)
            _add(tar, f"{name}.json", orjson.dumps(recording(name, sound)))
            lines.append(cut_line(clip, name, sound, targets))
    number = work.path.name.split(".")[1]
    work.write_file(work.path.with_name(f"cuts.{number}.jsonl.gz"), gzipped(lines))
    return {}


def _packed(work: ShardWork) -> Iterator[tuple[StoredClip, Sound, bytes]]:
    """Yield clips as FLAC."""
    rate = work.terms.wav
    if rate is None and work.table.extension == AudioFormat.FLAC:
        for clip, data in work.contents():
            told = clip.clip
            yield clip, Sound(None, told.sample_rate, told.samples, told.channels), data
        return
    for clip, samples in work.sounds():
        wanted = clip.clip.sample_rate if rate is None else rate
        made = samples if rate is None else resampled(mono(samples), clip.clip.sample_rate, rate)[:, None]
        yield clip, Sound(None, wanted, len(made), made.shape[1]), _flac(made, wanted)


def _flac(samples: Samples, rate: int) -> bytes:
    import soundfile  # noqa: PLC0415 - in worker processes only

    encoded = io.BytesIO()
    soundfile.write(encoded, as_int16(samples), rate, format="FLAC", subtype="PCM_16")
    return encoded.getvalue()


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o644
    tar.addfile(member, io.BytesIO(data))


def _finish(finish: Finish) -> None:
    if finish.terms.shar:
        return
    files, targets = pointed(finish, finish.terms.wav), Targets()
    for split in finish.splits:
        finish.write(f"{split}/{CUTS}", gzipped(_lines(files, split, targets)))


def _lines(files: Pointed, split: str, targets: Targets) -> Iterator[bytes]:
    for clip in files.finish.clips(split):
        sound = Sound(files.path(clip), files.rate(clip), files.samples(clip), files.channels(clip))
        yield cut_line(clip, files.finish.table.name_of(clip), sound, targets)


def _reanchor(folder: Path, root: Path) -> int:
    def change(line: bytes) -> bytes:
        cut = orjson.loads(line)
        source = cut["recording"]["sources"][0]
        source["source"] = moved(source["source"], folder, root)
        return orjson.dumps(cut, option=orjson.OPT_APPEND_NEWLINE)

    return sum(reanchor_lines(path, change) for path in lists_in(folder, f"*/{CUTS}"))


EXPORTER = Exporter(
    name="lhotse",
    summary="cuts as JSON lines, or Shar with the sound in tars (--shar)",
    finish=_finish,
    clip_bytes=_clip_bytes,
    shards=ShardWriter(_plan, _write),
    takes=frozenset({Choice.ROOT, Choice.SEED, Choice.SHAR, Choice.WAV, Choice.MAX_SHARD_SIZE}),
    reanchor=_reanchor,
)
