"""Waveforms in perib's form, read back with h5py and numpy as its data loader does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncdl.core.export import StoredClip
from asyncdl.core.model import Clip, RowRef, Segment, Span
from asyncdl.errors import UsageError
from asyncdl.exporters import hdf5
from asyncdl.exporting.completing import complete
from asyncdl.exporting.contract import Terms
from asyncdl.exporting.steps import plan, prepare
from asyncdl.exporting.waves import by_fft, wave_of
from asyncdl.labels import load_labels
from support.exports import Sounding, export_all, files_of, make_data_set, make_todo, opened, stored_clips

h5py = pytest.importorskip("h5py")

FEW = Sounding(count=5, splits=("eval",))
METADATA = [
    ("YTID", "S20"),
    ("start", "<i4"),
    ("end", "<i4"),
    ("labels", "S1000"),
    ("norm", "<f8"),
    ("padded", "i1"),
]
ROW_BYTES = 4 * 160_000 + 527


@dataclass(frozen=True)
class Read:
    """A file and its metadata."""

    wav: npt.NDArray[np.float32]
    labels: npt.NDArray[np.bool_]
    attributes: dict[str, Any]
    rows: Any

    def row_of(self, clip: StoredClip) -> int:
        return int(np.flatnonzero(self.rows["YTID"] == clip.segment.ytid.encode())[0])


def load(target: Path, name: str) -> Read:
    rows = np.load(target / f"{name}_metadata.npy", allow_pickle=False)
    with h5py.File(target / f"{name}.hdf5", "r") as file:
        assert sorted(file) == ["labels", "wav"]
        assert (file["wav"].dtype, file["labels"].dtype) == (np.float32, np.bool_)
        read = Read(file["wav"][:], file["labels"][:], dict(file.attrs), rows)
    size = read.attributes["size"]
    assert read.wav.shape == (size, 160_000)
    assert read.labels.shape == (size, 527)
    assert rows.shape == (size,)
    return read


def ten_seconds(root: Path, clip: StoredClip) -> tuple[npt.NDArray[np.float32], int]:
    """All channels of a clip, silence up to ten seconds, and the rate."""
    sound, rate = soundfile.read(root / clip.path, dtype="float32", always_2d=True)
    padded = np.zeros((10 * rate, sound.shape[1]), np.float32)
    padded[: len(sound)] = sound
    return padded, rate


def target_of(clip: StoredClip) -> list[int]:
    mids = [label.mid for label in load_labels().classes]
    return sorted(mids.index(mid) for mid in clip.segment.labels)


async def test_row_i_of_the_metadata_tells_of_row_i_whose_sound_and_labels_are_the_clips(
    tmp_path: Path,
) -> None:
    await make_data_set(tmp_path, Sounding(count=4))
    target = export_all(tmp_path, "hdf5").place.target
    assert sorted(files_of(target)) == [
        "balanced_train.hdf5",
        "balanced_train_metadata.npy",
        "eval.hdf5",
        "eval_metadata.npy",
    ]
    for clip in stored_clips(tmp_path):
        read = load(target, clip.segment.split)
        row = read.row_of(clip)
        sound, rate = ten_seconds(tmp_path, clip)
        wave = soxr.resample(sound.mean(axis=1), rate, 16_000, quality="HQ")
        norm = np.abs(wave).max()
        np.testing.assert_allclose(read.wav[row], wave / norm, rtol=0, atol=1e-6)
        assert np.abs(read.wav[row]).max() == 1
        assert np.flatnonzero(read.labels[row]).tolist() == target_of(clip)
        told = read.rows[row]
        assert told["norm"] == pytest.approx(norm, rel=1e-6)
        assert (told["start"], told["end"], told["padded"]) == (30, 31, 1)
        assert told["labels"] == ",".join(clip.segment.labels).encode()


async def test_the_form_is_exactly_the_published_one_and_says_what_is_different(tmp_path: Path) -> None:
    await make_data_set(tmp_path, FEW)
    read = load(export_all(tmp_path, "hdf5").place.target, "eval")
    assert read.rows.dtype == np.dtype(METADATA)
    assert read.attributes == {"size": 5, "resampler": "soxr HQ", "norm_unit": "full_scale"}


async def test_compat_resamples_by_fft_and_counts_16_bit_steps(tmp_path: Path) -> None:
    signal = pytest.importorskip("scipy.signal")
    await make_data_set(tmp_path, replace(FEW, count=2))
    read = load(export_all(tmp_path, "hdf5", terms=Terms(compat=True)).place.target, "eval")
    assert (read.attributes["resampler"], read.attributes["norm_unit"]) == ("fft", "int16")
    for clip in stored_clips(tmp_path):
        sound, _ = ten_seconds(tmp_path, clip)
        wave = signal.resample(np.rint(sound * 32_768).astype(np.int16), 160_000).mean(axis=1)
        row = read.row_of(clip)
        assert read.rows["norm"][row] == pytest.approx(np.abs(wave).max(), rel=1e-12)
        np.testing.assert_allclose(read.wav[row], wave / np.abs(wave).max(), rtol=0, atol=1e-7)


@settings(max_examples=40, deadline=None)
@given(before=st.integers(1, 60), after=st.integers(1, 60), seed=st.integers(0, 99))
def test_resampling_by_fft_is_scipys(before: int, after: int, seed: int) -> None:
    signal = pytest.importorskip("scipy.signal")
    sound = np.random.default_rng(seed).normal(size=(before, 2))
    np.testing.assert_allclose(by_fft(sound, after), signal.resample(sound, after), rtol=0, atol=1e-12)


def stored(samples: int, *, rate: int = 16_000, padded: int = 0) -> StoredClip:
    clip = Clip(1, "0" * 64, samples, rate, 2, padded, False, "140", rate, False, "yt-dlp 0")
    segment = Segment("-_Clip00001", Span(0, 10_000), "eval")
    return StoredClip(segment, clip, "clips/x.flac", RowRef(0, 1), 0)


@pytest.mark.parametrize("compat", [False, True])
def test_a_silent_clip_has_norm_zero_and_is_not_divided(compat: bool) -> None:
    wave = wave_of(stored(441_000, rate=44_100), np.zeros((441_000, 2), np.float32), compat=compat)
    assert wave.norm == 0
    assert wave.samples.shape == (160_000,)
    assert not wave.samples.any()


def test_only_sound_that_lasts_ten_seconds_is_not_padded_and_more_is_cut() -> None:
    sound = np.random.default_rng(0).uniform(-0.4, 0.4, (200_000, 2)).astype(np.float32)
    longer = wave_of(stored(200_000), sound, compat=False)
    whole = wave_of(stored(160_000), sound[:160_000], compat=False)
    np.testing.assert_array_equal(longer.samples, whole.samples)
    assert (longer.is_padded, whole.is_padded) == (False, False)
    assert wave_of(stored(159_999), sound[:159_999], compat=False).is_padded
    assert wave_of(stored(160_000, padded=1), sound[:160_000], compat=False).is_padded


async def test_the_seed_decides_on_the_order(tmp_path: Path) -> None:
    await make_data_set(tmp_path, FEW)
    orders = set()
    for seed in (None, 0, 1, 2):
        target = export_all(tmp_path, "hdf5", tmp_path / f"seed {seed}", Terms(seed=seed)).place.target
        orders.add(tuple(load(target, "eval").rows["YTID"].tolist()))
    assert len(orders) == 3  # none is 0
    assert len({frozenset(order) for order in orders}) == 1


async def test_a_largest_size_cuts_a_split_into_files_that_each_have_their_metadata(tmp_path: Path) -> None:
    await make_data_set(tmp_path, FEW)
    most = 2 * ROW_BYTES + 20_000
    target = export_all(tmp_path, "hdf5", terms=Terms(max_shard_bytes=most)).place.target
    names = ("eval_00", "eval_01", "eval_02")
    assert {f"{name}.hdf5" for name in names} | {f"{name}_metadata.npy" for name in names} == set(
        files_of(target)
    )
    assert all(len(content) <= most for content in files_of(target).values())
    ytids = [ytid for name in names for ytid in load(target, name).rows["YTID"].tolist()]
    assert sorted(ytids) == sorted(clip.segment.ytid.encode() for clip in stored_clips(tmp_path))
    # Back to one file: nothing of the others stays.
    assert set(files_of(export_all(tmp_path, "hdf5").place.target)) == {"eval.hdf5", "eval_metadata.npy"}


@pytest.mark.parametrize("most", [None, 2 * ROW_BYTES + 20_000])
async def test_the_bytes_told_beforehand_are_enough(most: int | None, tmp_path: Path) -> None:
    await make_data_set(tmp_path, FEW)
    terms = Terms(max_shard_bytes=most)
    with opened(tmp_path, "hdf5", terms=terms) as export:
        told = sum(export.exporter.clip_bytes(export.table, terms))
    written = sum(map(len, files_of(export_all(tmp_path, "hdf5", terms=terms).place.target).values()))
    assert written <= told <= 1.01 * written


async def test_a_size_that_holds_no_row_is_refused(tmp_path: Path) -> None:
    await make_data_set(tmp_path, FEW)
    with (
        opened(tmp_path, "hdf5", terms=Terms(max_shard_bytes=ROW_BYTES)) as export,
        pytest.raises(UsageError, match="--max-shard-size"),
    ):
        plan(export)


async def test_clips_that_are_left_out_have_no_row_and_the_others_keep_theirs(tmp_path: Path) -> None:
    await make_data_set(tmp_path, FEW)
    with opened(tmp_path, "hdf5") as export:
        order = list(export.table.clips())
    (tmp_path / order[0].path).unlink()
    (tmp_path / order[3].path).write_bytes(b"no sound")
    read = load(export_all(tmp_path, "hdf5").place.target, "eval")
    kept = [order[number] for number in (1, 2, 4)]
    assert read.rows["YTID"].tolist() == [clip.segment.ytid.encode() for clip in kept]
    for row, clip in enumerate(kept):
        assert np.flatnonzero(read.labels[row]).tolist() == target_of(clip)
        sound, rate = ten_seconds(tmp_path, clip)
        wave = soxr.resample(sound.mean(axis=1), rate, 16_000, quality="HQ")
        np.testing.assert_allclose(read.wav[row] * read.rows["norm"][row], wave, rtol=0, atol=1e-6)


async def test_slabs_of_a_file_may_be_written_in_any_order_and_with_a_kill_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hdf5, "_SLAB_ROWS", 2)
    await make_data_set(tmp_path, FEW)
    undisturbed = files_of(export_all(tmp_path, "hdf5", tmp_path / "one").place.target)
    with opened(tmp_path, "hdf5", tmp_path / "two") as export:
        agenda = prepare(export)
        make_todo(export, replace(agenda, todo=agenda.todo[::-1]), most=2)
    with opened(tmp_path, "hdf5", tmp_path / "two") as export:
        agenda = prepare(export)
        assert agenda.todo == (0,)
        make_todo(export, agenda)
        complete(export, agenda)
    assert files_of(tmp_path / "two") == undisturbed


async def test_a_lost_metadata_file_is_made_again(tmp_path: Path) -> None:
    await make_data_set(tmp_path, FEW)
    before = files_of(export_all(tmp_path, "hdf5").place.target)
    (tmp_path / "exports" / "hdf5" / "eval_metadata.npy").unlink()
    assert files_of(export_all(tmp_path, "hdf5").place.target) == before


def test_labels_that_have_no_room_are_cut_between_ids() -> None:
    mids = [f"/m/{number:07d}" for number in range(120)]
    assert hdf5._joined(mids[:3]) == b"/m/0000000,/m/0000001,/m/0000002"
    assert hdf5._joined(mids[:91]).decode().split(",") == mids[:91]
    assert len(hdf5._joined(mids[:91])) == 1000
    assert hdf5._joined(mids).decode().split(",") == mids[:91]
