"""lhotse's cuts: ``<split>/cuts.jsonl.gz``, or with ``--shar`` the sound beside them in tars.

Cuts hold their recordings, which point at the clips as they are, or with ``--wav HZ`` at WAV files of the
export. Shar is ``<split>/cuts.000000.jsonl.gz`` and ``<split>/recording.000000.tar`` with ``<id>.flac`` and
``<id>.json`` in the order of the cuts: FLAC clips go in as they stand, others as 16-bit FLAC at their own
rate and channels; with ``--wav HZ`` all are 16-bit mono at that rate. Both are written here, by the published
schema: lhotse brings torch. ``CutSet.from_file`` and ``CutSet.from_shar(in_dir=…/<split>)`` read them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson

from asyncdl.core.export import Shard, Sizes, StoredClip
from asyncdl.core.model import AudioFormat
from asyncdl.errors import UsageError
from asyncdl.exporting.contract import Choice, Exporter, Facts, ShardWriter, Terms
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.gzipped import gzipped
from asyncdl.exporting.lhotse_cuts import Sound, cut_line, recording
from asyncdl.exporting.pointing import Pointed, folder_seen, lists_in, moved, pointed, reanchor_lines
from asyncdl.exporting.sound import ClipReader, Unfit, as_int16, head_of, mono, resampled
from asyncdl.exporting.table import Table
from asyncdl.exporting.targets import Targets
from asyncdl.exporting.tars import Member, tar_shards, write_tar
from asyncdl.exporting.wav_files import plan_wavs, text_sizes, wav_sizes, write_wavs
from asyncdl.exporting.work import Place, ShardWork

CUTS = "cuts.jsonl.gz"
_CLIPS = 500
# A cut's names, numbers and path; labels come from the table's line, with their names.
_BESIDES = 2048
# Two headers of a tar, each member filled up to 512 bytes, and the JSON of a recording.
_MEMBERS_BYTES = 3072
_MOST_CHANNELS = 8  # in FLAC


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


def _check(_table: Table, terms: Terms, place: Place) -> None:
    if not terms.shar:
        folder_seen(place, terms, has_files=terms.wav is not None)


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
    return tar_shards(table, sizes, _CLIPS, terms.max_shard_bytes, _file)


def _file(split: str, number: int, _shards: int) -> str:
    return f"{split}/recording.{number:06d}.tar"


def _write(work: ShardWork) -> Facts:
    if work.terms.shar:
        return _write_shar(work)
    assert work.terms.wav is not None  # noqa: S101 - no shard was planned else
    return write_wavs(work, work.terms.wav)


def _write_shar(work: ShardWork) -> Facts:
    """Write a tar, then its cuts, which are few enough to hold; neither for no clip at all."""
    lines = list[bytes]()
    cuts = work.path.with_name(f"cuts.{work.path.name.split('.')[1]}.jsonl.gz")
    work.will_write([str(cuts.relative_to(work.place.target))])
    if write_tar(work, _samples(work, lines)):
        work.write_file(cuts, gzipped(lines))
    else:
        cuts.unlink(missing_ok=True)
    return {}


def _samples(work: ShardWork, lines: list[bytes]) -> Iterator[list[Member]]:
    """Yield the members of each clip, and append the line of its cut."""
    targets, rate = Targets(), work.terms.wav
    is_kept = rate is None and work.table.extension == AudioFormat.FLAC

    def packed(reader: ClipReader, clip: StoredClip) -> tuple[Sound, bytes]:
        return _as_it_is(reader, clip) if is_kept else _encoded(reader, clip, rate)

    for clip, (sound, data) in work.each(packed):
        name = work.table.name_of(clip)
        lines.append(cut_line(clip, name, sound, targets))
        yield [(f"{name}.flac", data), (f"{name}.json", orjson.dumps(recording(name, sound)))]


def _as_it_is(reader: ClipReader, clip: StoredClip) -> tuple[Sound, bytes]:
    """Take a FLAC file; of one that is none, or of another form than recorded, the cut would not be true."""
    data, told = reader.bytes_of(clip), clip.clip
    head = head_of(data)
    if head is None or (head.format, *head[2:]) != ("FLAC", told.sample_rate, told.channels, told.samples):
        raise Unfit("it is no FLAC file of the form that was recorded", is_lasting=True)
    return Sound(None, told.sample_rate, told.samples, told.channels), data


def _encoded(reader: ClipReader, clip: StoredClip, to_rate: int | None) -> tuple[Sound, bytes]:
    """Encode a clip, mono where a rate is told."""
    import soundfile  # noqa: PLC0415 - in worker processes only

    samples, rate = reader.sound_of(clip), to_rate or clip.clip.sample_rate
    if to_rate is not None:
        samples = resampled(mono(samples), clip.clip.sample_rate, to_rate)[:, None]
    if samples.shape[1] > _MOST_CHANNELS:
        raise Unfit("it has more channels than FLAC can have", is_lasting=True)
    encoded = io.BytesIO()
    soundfile.write(encoded, as_int16(samples), rate, format="FLAC", subtype="PCM_16")
    return Sound(None, rate, len(samples), samples.shape[1]), encoded.getvalue()


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
    check=_check,
    reanchor=_reanchor,
)
