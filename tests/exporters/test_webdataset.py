"""WebDataset tars, read back by ``tarfile``, by the library itself, and by Hugging Face's loader."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import soxr

from asyncdl.core.events import Event
from asyncdl.core.export import StoredClip
from asyncdl.core.model import Segment, Span
from asyncdl.errors import UsageError
from asyncdl.exporters import webdataset
from asyncdl.exporters.webdataset import EXPORTER, RATE, _caption
from asyncdl.exporting.completing import complete
from asyncdl.exporting.contract import Terms
from asyncdl.exporting.steps import prepare
from asyncdl.exporting.tars import END_BYTES
from asyncdl.labels import load_labels
from support.datasets import rows_of, write_run
from support.exports import Sounding, export_all, files_of, make_data_set, make_todo, opened, stored_clips
from support.stored_clips import clip_of, path_of, stored

SPEECH, DUCK = "/m/09x0r", "/m/09ddx"
Samples = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Sample:
    """What a tar has of one key."""

    flac: bytes
    told: dict[str, Any]


def read_tar(path: Path) -> dict[str, Sample]:
    """Read samples by WebDataset's rules: members of a key stand together, the key ends at the first dot."""
    samples = {}
    with tarfile.open(path, "r:") as tar:
        members = tar.getmembers()
        for sound, told in zip(members[::2], members[1::2], strict=True):
            key, _, suffix = sound.name.partition(".")
            assert (suffix, told.name) == ("flac", f"{key}.json")
            assert key not in samples
            samples[key] = Sample(_content(tar, sound), json.loads(_content(tar, told)))
    return samples


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    assert file is not None
    return file.read()


def read_export(target: Path) -> dict[str, Sample]:
    """Read all splits as CLAP does: the tars that ``sizes.json`` names, each with so many samples."""
    found: dict[str, Sample] = {}
    for sizes in sorted(target.glob("*/sizes.json")):
        told = json.loads(sizes.read_text())
        assert sorted(told) == sorted(path.name for path in sizes.parent.glob("*.tar"))
        for tar, count in told.items():
            samples = read_tar(sizes.parent / tar)
            assert len(samples) == count
            assert not set(samples) & set(found)
            found |= samples
    return found


def decoded(flac: bytes) -> Samples:
    """Decode what has to be FLAC at 48 kHz, mono, 16 bit."""
    with soundfile.SoundFile(io.BytesIO(flac)) as file:
        assert (file.format, file.samplerate, file.channels, file.subtype) == ("FLAC", RATE, 1, "PCM_16")
        return np.asarray(file.read(dtype="int16"))


def expected(root: Path, clip: StoredClip) -> npt.NDArray[np.float64]:
    """Resample a clip in double precision, in units of 16 bits."""
    sound, rate = soundfile.read(root / clip.path, always_2d=True)
    at_48_khz = soxr.resample(sound.mean(axis=1), rate, RATE, quality="HQ")
    return np.asarray(np.clip(at_48_khz * 32768, -32768, 32767), np.float64)


async def store(root: Path, sounds: Mapping[Segment, Samples], rate: int, subtype: str = "PCM_16") -> None:
    """Make a data set of these very sounds, shape (samples, channels)."""
    events = list[Event]()
    for line, (segment, sound) in enumerate(sounds.items(), 4):
        path = path_of(root, segment)
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, sound, rate, format="FLAC", subtype=subtype)
        events.append(stored(segment, line, clip_of(path, len(sound), rate, sound.shape[1])))
    await write_run(root, rows_of(list(sounds)), events)


def a_segment(ytid: str, start_s: int = 30, labels: Sequence[str] = (), *captions: str) -> Segment:
    columns = tuple(("caption", caption) for caption in captions)
    return Segment(ytid, Span(start_s * 1000, start_s * 1000 + 250), "eval", tuple(labels), columns)


def noise(seed: int, samples: int = RATE // 4, channels: int = 1) -> Samples:
    """Sound that no encoder makes smaller."""
    return np.random.default_rng(seed).integers(-32768, 32767, (samples, channels), np.int16, endpoint=True)


async def test_each_clip_is_a_flac_of_48_khz_mono_that_sounds_the_same(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    found = read_export(export_all(tmp_path, "webdataset").place.target)
    clips = stored_clips(tmp_path)
    assert set(found) == {clip.segment.ytid for clip in clips}
    for clip in clips:
        sound = decoded(found[clip.segment.ytid].flac)
        assert len(sound) == RATE // 4
        np.testing.assert_allclose(sound, expected(tmp_path, clip), rtol=0, atol=0.51)


async def test_the_json_tells_captions_names_ids_and_where_the_clip_is_from(tmp_path: Path) -> None:
    segment = Segment("-abcdefghij", Span(61_100, 61_350), "eval", (SPEECH, DUCK))
    await store(tmp_path, {segment: noise(1)}, RATE)
    (sample,) = read_export(export_all(tmp_path, "webdataset").place.target).values()
    (clip,) = stored_clips(tmp_path)
    assert sample.told == {
        "text": ["The sounds of Speech and Duck"],
        "tag": ["Speech", "Duck"],
        "original_data": {
            "class_labels": [SPEECH, DUCK],
            "class_names": ["Speech", "Duck"],
            "ytid": "-abcdefghij",
            "start": 61.1,
            "end": 61.35,
            "sha256": clip.clip.sha256,
        },
    }


@pytest.mark.parametrize(
    ("names", "caption"),
    [
        ([], ""),
        (["Speech"], "The sound of Speech"),
        (["Speech", "Duck"], "The sounds of Speech and Duck"),
        (
            ["Speech", "Ducks, geese, waterfowl", "Bow-wow"],
            "The sounds of Speech, Ducks, geese, waterfowl and Bow-wow",
        ),
    ],
)
def test_a_caption_is_made_of_the_names(names: list[str], caption: str) -> None:
    assert _caption(names) == caption


async def test_captions_of_the_list_come_first_and_a_clip_that_nothing_is_known_of_has_an_empty_one(
    tmp_path: Path,
) -> None:
    segments = [
        a_segment("several_cap", 1, [SPEECH], "Eine Tür fällt zu", "ドアが閉まる"),
        a_segment("blank_capti", 2, [SPEECH], " "),
        a_segment("no_label_at", 3),
        a_segment("own_label_1", 4, ["klopfen"]),
    ]
    await store(tmp_path, {segment: noise(1) for segment in segments}, RATE)
    found = read_export(export_all(tmp_path, "webdataset").place.target)
    assert {key: sample.told["text"] for key, sample in found.items()} == {
        "several_cap": ["Eine Tür fällt zu", "ドアが閉まる"],
        "blank_capti": ["The sound of Speech"],
        "no_label_at": [""],
        "own_label_1": ["The sound of klopfen"],
    }


async def test_a_clip_that_is_such_a_flac_already_goes_in_as_it_stands(tmp_path: Path) -> None:
    segment = a_segment("abcdefghijk")
    await store(tmp_path, {segment: noise(1)}, RATE)
    (sample,) = read_export(export_all(tmp_path, "webdataset").place.target).values()
    assert sample.flac == path_of(tmp_path, segment).read_bytes()


@pytest.mark.parametrize(("rate", "channels", "subtype"), [(RATE, 1, "PCM_24"), (RATE, 2, "PCM_16")])
async def test_one_of_other_bits_or_channels_is_encoded_anew(
    tmp_path: Path, rate: int, channels: int, subtype: str
) -> None:
    segment, sound = a_segment("abcdefghijk"), noise(1, channels=channels)
    await store(tmp_path, {segment: sound}, rate, subtype)
    (sample,) = read_export(export_all(tmp_path, "webdataset").place.target).values()
    np.testing.assert_array_equal(decoded(sample.flac), np.rint(sound.mean(axis=1)).astype(np.int16))


async def test_keys_have_no_dot_and_are_unique_where_a_video_has_clips_in_several_splits(
    tmp_path: Path,
) -> None:
    spans = [Span(start, start + 250) for start in (0, 250, 999_000_000)]
    segments = [
        Segment("-_abcdefg_-", span, split)
        for span, split in zip(spans, ("eval", "eval", "a.dotted.split"), strict=True)
    ]
    await store(tmp_path, {segment: noise(1, 100) for segment in segments}, RATE)
    found = read_export(export_all(tmp_path, "webdataset").place.target)
    assert sorted(found) == sorted(segment.key for segment in segments)
    assert not [key for key in found if "." in key or len(key) > 128]


async def test_the_library_groups_what_the_tars_hold(tmp_path: Path) -> None:
    tars = pytest.importorskip("webdataset.tariterators", reason="the library webdataset is not installed")
    await make_data_set(tmp_path)
    target = export_all(tmp_path, "webdataset").place.target
    found = read_export(target)
    paths = sorted(target.glob("*/*.tar"))
    streams = ({"url": str(path), "stream": io.BytesIO(path.read_bytes())} for path in paths)
    samples = list(tars.group_by_keys(tars.tar_file_expander(streams)))
    assert {sample["__key__"] for sample in samples} == set(found)
    for sample in samples:
        assert sample["flac"] == found[sample["__key__"]].flac
        assert json.loads(sample["json"]) == found[sample["__key__"]].told


async def test_hugging_faces_loader_takes_all_of_it_also_ids_that_begin_with_underscores(
    tmp_path: Path, hugging_face: Any
) -> None:
    ids = ["__bcdefghij", "_bcdefghijk", "-bcdefghijk", "no_label_at"]
    sounds = {
        a_segment(ytid, labels=[] if ytid.startswith("no") else [SPEECH]): noise(number)
        for number, ytid in enumerate(ids)
    }
    await store(tmp_path, sounds, RATE)
    target = export_all(tmp_path, "webdataset").place.target
    files = sorted(str(path) for path in target.glob("eval/*.tar"))
    rows = hugging_face.load("webdataset", data_files={"train": files}, split="train")
    assert rows.features["flac"] == hugging_face.datasets.Audio()
    assert rows.features["json"]["text"].feature.dtype == "string"
    whole = rows.cast_column("flac", hugging_face.datasets.Audio(decode=False))
    found = {row["json"]["original_data"]["ytid"]: row["flac"]["bytes"] for row in whole}
    assert sorted(found) == sorted(ids)
    for segment, sound in sounds.items():
        np.testing.assert_array_equal(decoded(found[segment.ytid]), sound[:, 0])


async def test_the_order_is_that_of_the_seed_and_of_nothing_else(tmp_path: Path) -> None:
    await make_data_set(tmp_path, Sounding(count=16, seconds=0.01))
    orders = [
        list(read_tar(export_all(tmp_path, "webdataset", tmp_path / name, terms).place.target / "eval/0.tar"))
        for name, terms in {
            "default": Terms(),
            "seed 0": Terms(seed=0),
            "seed 1": Terms(seed=1),
            "one split": Terms(splits=("eval",)),
        }.items()
    ]
    assert orders[0] == orders[1] == orders[3]
    assert sorted(orders[0]) == sorted(orders[2])
    in_the_list = [clip.segment.ytid for clip in stored_clips(tmp_path) if clip.segment.split == "eval"]
    assert len({tuple(order) for order in (orders[0], orders[2], in_the_list)}) == 3


async def test_noise_with_all_labels_stays_within_the_greatest_size_of_a_shard(tmp_path: Path) -> None:
    """24 bits are encoded anew and 16 are not, so both ways are at their worst."""
    labels = [label.mid for label in load_labels().classes]
    captions = ["ü" * 3000, "\x01" * 500]
    for subtype in ("PCM_16", "PCM_24"):
        root = tmp_path / subtype
        sounds = {
            a_segment(f"abcdefgh{number:03}", 30, labels, *captions[: number % 3]): noise(number, RATE // 8)
            for number in range(11)
        }
        await store(root, sounds, RATE, subtype)
        with opened(root, "webdataset") as export:
            most = 3 * int(max(EXPORTER.clip_bytes(export.table, Terms()))) + 12_000
        with opened(root, "webdataset", terms=Terms(max_shard_bytes=most)) as export:
            agenda, bounds = prepare(export), EXPORTER.clip_bytes(export.table, Terms())
            make_todo(export, agenda)
            target = complete(export, agenda).place.target
        for shard in agenda.shards:
            size = (target / shard.file).stat().st_size
            planned = sum(bounds[shard.first : shard.first + shard.count]) + END_BYTES
            assert size <= planned <= most
        counts = list(json.loads((target / "eval/sizes.json").read_text()).values())
        assert len(counts) >= 4
        assert max(counts) - min(counts) <= 1
        assert sum(counts) == len(read_export(target)) == 11


async def test_a_size_that_no_clip_fits_in_is_refused(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    with pytest.raises(UsageError, match="--max-shard-size is too small"):
        export_all(tmp_path, "webdataset", terms=Terms(max_shard_bytes=20_000))


async def test_shards_are_even(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert webdataset._CLIPS == 512
    monkeypatch.setattr(webdataset, "_CLIPS", 5)
    await make_data_set(tmp_path, Sounding(count=11, seconds=0.01, splits=("eval",)))
    target = export_all(tmp_path, "webdataset").place.target
    assert json.loads((target / "eval/sizes.json").read_text()) == {"0.tar": 3, "1.tar": 4, "2.tar": 4}
    assert len(read_export(target)) == 11


async def test_a_clip_that_is_broken_is_in_no_tar_and_counted_in_no_size(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    broken, gone, *_, last = stored_clips(tmp_path)
    (tmp_path / broken.path).write_bytes(b"fLaC and nothing more")
    (tmp_path / gone.path).unlink()
    finish = export_all(tmp_path, "webdataset")
    assert set(finish.left_out) == {broken.key, gone.key}
    found = read_export(finish.place.target)
    assert len(found) == 6
    assert last.segment.ytid in found
    assert not {broken.segment.ytid, gone.segment.ytid} & set(found)


async def test_a_file_that_is_not_as_recorded_is_left_out_and_stops_no_shard(tmp_path: Path) -> None:
    """The journal of a stranger may vouch for any bytes as FLAC of 48 kHz, one channel."""
    segments = [a_segment(f"abcdefgh{number:03}", labels=[SPEECH]) for number in range(4)]
    events = list[Event]()
    for number, segment in enumerate(segments):
        path = path_of(tmp_path, segment)
        path.parent.mkdir(parents=True, exist_ok=True)
        rate, channels = [(RATE, 1), (RATE, 1), (44_100, 1), (RATE, 2)][number]
        soundfile.write(path, noise(number, RATE // 4, channels), rate, format="FLAC")
        if number == 0:
            path.write_bytes(b"no sound at all" * 50)
        events.append(stored(segment, number + 4, clip_of(path, RATE // 4, RATE, 1)))
    await write_run(tmp_path, rows_of(segments), events)
    finish = export_all(tmp_path, "webdataset")
    assert set(finish.left_out) == {segments[number].key for number in (0, 2, 3)}
    assert all(one.is_lasting for one in finish.left_out.values())
    assert set(read_export(finish.place.target)) == {segments[1].ytid}
    with opened(tmp_path, "webdataset") as export:
        assert prepare(export).todo == ()


async def test_a_tar_of_which_no_clip_is_left_is_not_there(tmp_path: Path) -> None:
    await make_data_set(tmp_path, Sounding(count=2))
    target = export_all(tmp_path, "webdataset").place.target
    (first,) = (clip for clip in stored_clips(tmp_path) if clip.segment.split == "eval")
    (tmp_path / first.path).unlink()
    (target / "eval/0.tar").write_bytes(b"no longer what was written")
    export_all(tmp_path, "webdataset")
    assert sorted(files_of(target)) == [
        "balanced_train/0.tar",
        "balanced_train/sizes.json",
        "eval/sizes.json",
    ]
    assert json.loads((target / "eval/sizes.json").read_text()) == {}


async def test_a_killed_export_goes_on_and_two_exports_are_the_same_bytes(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    terms = Terms(max_shard_bytes=120_000)
    with opened(tmp_path, "webdataset", terms=terms) as export:
        agenda = prepare(export)
        assert make_todo(export, agenda, most=2) == 2
        done = {path: path.stat().st_mtime_ns for path in export.place.target.glob("*/*.tar")}
    assert len(done) == 2
    with opened(tmp_path, "webdataset", terms=terms) as export:
        agenda = prepare(export)
        assert make_todo(export, agenda) == len(agenda.shards) - 2 > 0
        target = complete(export, agenda).place.target
    assert {path: path.stat().st_mtime_ns for path in done} == done
    other = export_all(tmp_path, "webdataset", tmp_path / "other", terms).place.target
    assert files_of(other) == files_of(target)
