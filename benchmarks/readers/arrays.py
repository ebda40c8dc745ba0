"""HDF5 forms, read with h5py: PANNs, PaSST, and perib's waveforms."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
import scipy.signal
import soundfile
import soxr

from readers.tally import ONE_STEP, Tally
from readers.truth import SPLITS, DataSet, Truth, Wave, fitted

METADATA = [
    ("YTID", "S20"),
    ("start", "i4"),
    ("end", "i4"),
    ("labels", "S1000"),
    ("norm", "f8"),
    ("padded", "i1"),
]
PERIB_SAMPLES = 160_000
LIKE_ENOUGH, NOISE_LIKE_ENOUGH = 0.95, 0.3


def read_panns(target: Path, data: DataSet, tally: Tally) -> None:
    """Go by the index, as PANNs' data set does: open ``hdf5_path`` at ``index_in_hdf5``."""
    _read_index(target / "hdf5s/indexes/eval.h5", data.of("eval"), tally)
    _read_index(target / "hdf5s/indexes/balanced_train.h5", data.of("balanced_train"), tally)
    _read_index(target / "hdf5s/indexes/full_train.h5", data.of("balanced_train"), tally)
    for split in SPLITS:
        with h5py.File(target / f"hdf5s/waveforms/{split}.h5") as file:
            tally.equal(file.attrs["sample_rate"], 32_000, "sample_rate")
            tally.equal(file.attrs["sample_rate"].dtype, np.int32, "dtype of sample_rate")
            tally.equal(file["audio_name"].dtype, "S20", "dtype of audio_name")
            tally.equal(file["waveform"].dtype, np.int16, "dtype of waveform")
            tally.equal(file["target"].dtype, np.bool_, "dtype of target")
            _require_one_read_a_row(file["waveform"], tally)


def _read_index(path: Path, truths: list[Truth], tally: Tally) -> None:
    right = {f"{one.y_name}.wav": one for one in truths}
    with h5py.File(path) as index:
        tally.equal(index["hdf5_path"].dtype, "S200", "dtype of hdf5_path")
        tally.equal(index["index_in_hdf5"].dtype, np.int32, "dtype of index_in_hdf5")
        names = [name.decode() for name in index["audio_name"][:]]
        tally.names(names, right, str(path.name))
        for at, name in enumerate(names):
            truth = right[name]
            with h5py.File(index["hdf5_path"][at].decode()) as file:
                row = index["index_in_hdf5"][at]
                tally.equal(file["audio_name"][row].decode(), name, "name of the row")
                tally.bits(truth, file["target"][row])
                tally.bits(truth, index["target"][at])
                wave = np.trunc(np.clip(fitted(truth.mono(32_000), 320_000), -1, 1) * 32_767)
                tally.sound(truth, file["waveform"][row], wave, ONE_STEP, scale=1)


def read_passt(target: Path, data: DataSet, tally: Tally) -> None:
    """Unpack the targets and decode the MP3s with soundfile."""
    for split in SPLITS:
        right = {f"{one.y_name}.mp3": one for one in data.of(split)}
        with h5py.File(target / f"{split}_segments_mp3.hdf") as file:
            tally.equal(file["target"].dtype, np.uint8, "dtype of target")
            tally.equal(file["audio_name"].dtype, "S20", "dtype of audio_name")
            tally.equal(h5py.check_vlen_dtype(file["mp3"].dtype), np.uint8, "dtype of mp3")
            names = [name.decode() for name in file["audio_name"][:]]
            tally.names(names, right, split)
            for at, name in enumerate(names):
                truth = right[name]
                tally.bits(truth, np.unpackbits(file["target"][at], axis=-1, count=527))
                _compare_mp3(truth, file["mp3"][at].tobytes(), tally)


def _compare_mp3(truth: Truth, data: bytes, tally: Tally) -> None:
    found, rate = soundfile.read(io.BytesIO(data), always_2d=True)
    tally.equal((rate, found.shape[1]), (32_000, 1), "rate and channels")
    tally.lossy(truth, found[:, 0], truth.mono(rate), rate, _least(truth))


def _least(truth: Truth) -> float:
    """Noise at full scale is what 64 kbit/s cannot hold."""
    return NOISE_LIKE_ENOUGH if np.abs(truth.mono()).mean() > 0.4 else LIKE_ENOUGH


def perib_wave(truth: Truth, *, is_compat: bool) -> tuple[Wave, float]:
    """Pad, cut, resample, mix and divide, in perib's order; with the largest sample, of full scale."""
    sound = truth.sound()
    samples = truth.clip.sample_rate * 10
    whole = np.stack([fitted(channel, samples) for channel in sound.T], axis=1)
    if is_compat:
        made = scipy.signal.resample(whole, PERIB_SAMPLES)
    else:
        made = soxr.resample(whole, truth.clip.sample_rate, 16_000, quality="HQ")
    wave = np.asarray(made, np.float64).mean(axis=1)
    norm = float(np.abs(wave).max())
    return (wave / norm if norm else wave), norm


def hdf5_reader(*, is_compat: bool) -> Callable[[Path, DataSet, Tally], None]:
    """Make the reader of one of both forms."""

    def read(target: Path, data: DataSet, tally: Tally) -> None:
        for split in SPLITS:
            right = {one.ytid: one for one in data.of(split)}
            rows = np.load(target / f"{split}_metadata.npy", allow_pickle=False)
            tally.equal(rows.dtype, np.dtype(METADATA), "dtype of the metadata")
            tally.names([row["YTID"].decode() for row in rows], right, split)
            with h5py.File(target / f"{split}.hdf5") as file:
                require_arrays(file, "wav", (len(right), PERIB_SAMPLES), tally)
                for at, row in enumerate(rows):
                    truth = right[row["YTID"].decode()]
                    tally.bits(truth, file["labels"][at])
                    wave, norm = perib_wave(truth, is_compat=is_compat)
                    tally.sound(truth, file["wav"][at], wave, within=1e-5 * 32_768)
                    _compare_record(truth, row, norm * (32_768 if is_compat else 1), tally)

    return read


def _compare_record(truth: Truth, row: npt.NDArray[np.void], norm: float, tally: Tally) -> None:
    span = truth.segment.span
    tally.equal((int(row["start"]), int(row["end"])), (span.start_ms // 1000, span.end_ms // 1000), "times")
    tally.equal(bytes(row["labels"]).decode(), ",".join(truth.mids), f"labels in the record of {truth.ytid}")
    tally.require(abs(row["norm"] - norm) <= 1e-5 * norm, f"norm of {truth.ytid}: {row['norm']}, not {norm}")
    tally.equal(bool(row["padded"]), truth.seconds < 10, f"padded of {truth.ytid}")


def require_arrays(file: h5py.File, name: str, shape: tuple[int, int], tally: Tally) -> None:
    """Compare shapes, types and attributes of perib's form."""
    tally.equal(file[name].shape, shape, f"shape of /{name}")
    tally.equal(file[name].dtype, np.float32, f"dtype of /{name}")
    _require_one_read_a_row(file[name], tally)
    tally.equal(file["labels"].shape, (shape[0], 527), "shape of /labels")
    tally.equal(file["labels"].dtype, np.bool_, "dtype of /labels")
    tally.equal(int(file.attrs["size"]), shape[0], "attribute size")


def _require_one_read_a_row(rows: h5py.Dataset, tally: Tally) -> None:
    """Chunks of one row, or none at all: a loader that shuffles reads no more than it wants."""
    fits = rows.chunks in {None, (1, rows.shape[1])} and rows.compression is None
    tally.require(fits, f"chunks of {rows.name}: {rows.chunks}")
