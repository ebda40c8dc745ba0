"""HDF5 files of MP3s, read back as the data set of EfficientAT does."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import soxr

from asyncdl.core.export import StoredClip
from asyncdl.errors import UsageError
from asyncdl.exporters import passt
from asyncdl.exporting.completing import complete
from asyncdl.exporting.contract import Terms
from asyncdl.exporting.mp3 import mp3_bytes, mp3_of
from asyncdl.exporting.slabs import slabs
from asyncdl.exporting.steps import prepare
from asyncdl.exporting.table import Stretch
from asyncdl.labels import load_labels
from support.exports import Sounding, export_all, files_of, make_data_set, make_todo, opened, stored_clips

Sound = npt.NDArray[np.float32]
FRAME_BYTES = 288  # 1152 samples at 32 kHz and 64 kbit/s


@dataclass(frozen=True)
class Read:
    """One item: the name without its ending from the first ``Y`` on, which is the id."""

    ytid: str
    mp3: bytes
    target: npt.NDArray[np.float32]


def load(path: Path) -> list[Read]:
    with h5py.File(path, "r") as file:
        assert file["audio_name"].dtype == np.dtype("S20")
        assert h5py.check_vlen_dtype(file["mp3"].dtype) == np.uint8
        assert (file["target"].dtype, file["target"].shape[1:]) == (np.uint8, (66,))
        items = []
        for number, name in enumerate(file["audio_name"][:]):
            stem, _, ending = name.decode().partition(".")
            assert ending == "mp3"
            bits = np.unpackbits(file["target"][number], axis=-1, count=527).astype(np.float32)
            items.append(Read(stem[stem.index("Y") + 1 :], file["mp3"][number].tobytes(), bits))
        return items


def decoded(mp3: bytes) -> Sound:
    sound, rate = soundfile.read(io.BytesIO(mp3), dtype="float32", always_2d=True)
    assert (rate, sound.shape[1]) == (32_000, 1)
    return np.asarray(sound[:, 0], np.float32)


def expected(root: Path, clip: StoredClip) -> Sound:
    sound, rate = soundfile.read(root / clip.path, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(sound.mean(axis=1), rate, 32_000), np.float32)


def likeness(one: Sound, other: Sound) -> float:
    """Correlation where neither is moved against the other."""
    samples = min(len(one), len(other))
    return float(np.corrcoef(one[:samples], other[:samples])[0, 1])


def target_of(root: Path) -> Path:
    return root / "exports" / "passt"


async def test_a_reader_finds_every_clip_with_its_sound_and_labels(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    mids = [label.mid for label in load_labels().classes]
    target = export_all(tmp_path, "passt").place.target
    assert set(files_of(target)) == {"eval_segments_mp3.hdf", "balanced_train_segments_mp3.hdf"}
    for split in ("eval", "balanced_train"):
        items = load(target / f"{split}_segments_mp3.hdf")
        clips = [clip for clip in stored_clips(tmp_path) if clip.segment.split == split]
        assert [item.ytid for item in items] == [clip.segment.ytid for clip in clips]
        for clip, item in zip(clips, items, strict=True):
            assert {mids[index] for index in np.flatnonzero(item.target)} == set(clip.segment.labels)
            sound = decoded(item.mp3)
            assert abs(len(sound) - 8000) <= 2 * 1152
            assert likeness(sound, expected(tmp_path, clip)) > 0.95
            others = [other for other in clips if other is not clip]
            assert all(likeness(sound, expected(tmp_path, other)) < 0.5 for other in others)


@pytest.mark.parametrize("samples", [1, 1151, 1152, 1153, 8000, 320_000])
def test_an_mp3_is_of_64_kbit_s_throughout_and_as_large_as_told(samples: int) -> None:
    noise = np.random.default_rng(samples).uniform(-1.2, 1.2, samples).astype(np.float32)
    mp3 = mp3_of(noise)
    assert [len(mp3)] == mp3_bytes(np.array([samples])).tolist()
    # MPEG 1 layer III without a checksum; then 64 kbit/s, 32 kHz, with or without a byte of padding.
    heads = {(mp3[at], mp3[at + 1], mp3[at + 2] & 0xFC) for at in range(0, len(mp3), FRAME_BYTES)}
    assert heads == {(0xFF, 0xFB, 0x58)}
    assert mp3_of(noise) == mp3


async def test_a_clip_of_any_length_is_stored_whole(tmp_path: Path) -> None:
    await make_data_set(tmp_path, Sounding(count=1, seconds=11, rate=16_000, channels=1, splits=("eval",)))
    export_all(tmp_path, "passt")
    (item,) = load(target_of(tmp_path) / "eval_segments_mp3.hdf")
    (clip,) = stored_clips(tmp_path)
    sound = decoded(item.mp3)
    assert abs(len(sound) - 11 * 32_000) <= 2 * 1152
    assert likeness(sound, expected(tmp_path, clip)) > 0.95


async def test_a_clip_that_does_not_decode_has_no_row(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    clips = stored_clips(tmp_path)
    for broken in clips[:2]:
        (tmp_path / broken.path).write_bytes(b"no sound")
    finish = export_all(tmp_path, "passt")
    assert set(finish.left_out) == {clip.key for clip in clips[:2]}
    items = load(target_of(tmp_path) / "eval_segments_mp3.hdf")
    assert [item.ytid for item in items] == [clip.segment.ytid for clip in clips[2:4]]
    assert all(item.target.any() and item.mp3 for item in items)


async def test_a_split_without_a_clip_that_decodes_is_an_empty_file(tmp_path: Path) -> None:
    await make_data_set(tmp_path, Sounding(count=1, splits=("eval",)))
    (tmp_path / stored_clips(tmp_path)[0].path).unlink()
    export_all(tmp_path, "passt")
    assert load(target_of(tmp_path) / "eval_segments_mp3.hdf") == []


async def test_a_killed_export_goes_on_and_gives_the_bytes_of_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passt, "_SHARD_CLIPS", 2)
    await make_data_set(tmp_path)
    whole = files_of(export_all(tmp_path, "passt", tmp_path / "whole").place.target)
    with opened(tmp_path, "passt", tmp_path / "killed") as export:
        assert make_todo(export, prepare(export), most=3) == 3
        assert not files_of(tmp_path / "killed")
    with opened(tmp_path, "passt", tmp_path / "killed") as export:
        agenda = prepare(export)
        assert make_todo(export, agenda) == 1
        complete(export, agenda)
    assert files_of(tmp_path / "killed") == whole


async def test_how_the_work_is_cut_shows_in_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await make_data_set(tmp_path)
    in_one = files_of(export_all(tmp_path, "passt", tmp_path / "one").place.target)
    monkeypatch.setattr(passt, "_SHARD_CLIPS", 3)
    assert files_of(export_all(tmp_path, "passt", tmp_path / "other").place.target) == in_one


async def test_no_file_is_larger_than_asked_for(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    export_all(tmp_path, "passt", terms=Terms(max_shard_bytes=17_000))
    files = files_of(target_of(tmp_path))
    assert set(files) == {
        f"{split}_segments_part0{part}_mp3.hdf" for split in ("eval", "balanced_train") for part in (0, 1)
    }
    assert all(len(data) <= 17_000 for data in files.values())
    ytids = [item.ytid for name in sorted(files) for item in load(target_of(tmp_path) / name)]
    assert sorted(ytids) == sorted(clip.segment.ytid for clip in stored_clips(tmp_path))
    export_all(tmp_path, "passt")
    assert set(files_of(target_of(tmp_path))) == {
        "eval_segments_mp3.hdf",
        "balanced_train_segments_mp3.hdf",
    }


async def test_a_size_that_holds_no_clip_is_refused(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    with pytest.raises(UsageError, match="--max-shard-size is too small"):
        export_all(tmp_path, "passt", terms=Terms(max_shard_bytes=10_000))


async def test_the_bytes_told_beforehand_are_enough(tmp_path: Path) -> None:
    """At the length of AudioSet's clips they are hardly more."""
    sounding = Sounding(count=8, seconds=10, rate=16_000, channels=1)
    for name, clips in (("short", Sounding()), ("long", sounding)):
        await make_data_set(tmp_path / name, clips)
        with opened(tmp_path / name, "passt") as export:
            told = sum(export.exporter.clip_bytes(export.table, export.terms))
        written = sum(map(len, files_of(export_all(tmp_path / name, "passt").place.target).values()))
        assert written <= told
    assert told <= 1.05 * written


def test_shards_take_every_clip_once_and_fill_their_files_from_the_first_row_on() -> None:
    stretch, sizes = Stretch("eval", 3, 1000), np.full(1003, 80_000)
    files = passt._files(stretch, sizes, Terms(max_shard_bytes=40_000_000))
    shards = list(slabs(stretch, files, 256))
    filled: dict[str, int] = {}
    first = 3
    for shard in shards:
        assert (shard.first, shard.row) == (first, filled.get(shard.file, 0))
        first += shard.count
        filled[shard.file] = shard.row + shard.count
    assert first == 1003
    assert list(filled.values()) == [333, 333, 334]
    assert max(shard.count for shard in shards) == 256
