"""lhotse's cuts and Shar, read by a small reader of their published schema: lhotse itself brings torch."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import soxr

from asyncdl.core.events import Event
from asyncdl.core.model import AudioFormat, ClipSpec, Segment, Span
from asyncdl.errors import UsageError
from asyncdl.exporters import load_exporter
from asyncdl.exporting.completing import complete
from asyncdl.exporting.contract import Terms
from asyncdl.exporting.steps import plan, prepare
from support.datasets import rows_of, write_run
from support.exports import (
    Sounding,
    export_all,
    files_of,
    make_data_set,
    make_todo,
    opened,
    stored_clips,
)
from support.stored_clips import clip_of, path_of, stored, write_sound

SMALL = Sounding(count=4)
SHAR = Terms(shar=True)
Sound = npt.NDArray[np.int16]
CUT = {"id", "start", "duration", "channel", "supervisions", "recording", "custom", "type"}
RECORDING = {"id", "sources", "sampling_rate", "num_samples", "duration", "channel_ids"}
SOURCE = {"type", "channels", "source"}
SUPERVISION = {"id", "recording_id", "start", "duration", "channel", "text"}


@dataclass(frozen=True)
class Cut:
    """A cut with its sound, shape (channels, samples)."""

    id: str
    kind: str
    rate: int
    sound: Sound
    texts: tuple[str, ...]
    custom: Mapping[str, Any]


def load_cuts(path: Path) -> list[Cut]:
    """Read ``cuts.jsonl.gz`` as ``CutSet.from_file`` does; sound comes from the sources."""
    cuts = []
    for fields in _lines(path):
        (source,) = fields["recording"]["sources"]
        assert source["type"] == "file"
        assert Path(source["source"]).is_absolute()
        cuts.append(_cut(fields, Path(source["source"]).read_bytes()))
    return cuts


def load_shar(folder: Path) -> list[Cut]:
    """Read a folder as ``CutSet.from_shar`` does: cuts and tars in step, sound first, then its manifest.

    Each file's name up to the first dot is a field, so no other file may be there.
    """
    assert {path.name.split(".")[0] for path in folder.glob("*")} == {"cuts", "recording"}
    cuts = []
    shards = sorted(folder.glob("cuts.*.jsonl.gz")), sorted(folder.glob("recording.*.tar"))
    for cuts_path, tar_path in zip(*shards, strict=True):
        for fields, (data_name, data, manifest_name, manifest) in zip(
            _lines(cuts_path), _pairs(tar_path), strict=True
        ):
            assert (data_name, manifest_name) == (f"{fields['id']}.flac", f"{fields['id']}.json")
            assert json.loads(manifest) == fields["recording"]
            assert fields["recording"]["sources"][0]["type"] == "shar"
            cuts.append(_cut(fields, data))
    return cuts


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt") as lines:
        yield from map(json.loads, lines)


def _pairs(path: Path) -> Iterator[tuple[str, bytes, str, bytes]]:
    with tarfile.open(path, "r|") as tar:
        members = iter(tar)
        for first in members:
            data = _content(tar, first)
            second = next(members)
            yield first.name, data, second.name, _content(tar, second)


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    assert file is not None
    return file.read()


def _cut(fields: dict[str, Any], data: bytes) -> Cut:
    """Check a cut against the schema, and decode its sound."""
    recording = fields["recording"]
    (source,) = recording["sources"]
    assert (set(fields), set(recording), set(source)) == (CUT, RECORDING, SOURCE)
    sound, rate = soundfile.read(io.BytesIO(data), dtype="int16", always_2d=True)
    channels = [*range(sound.shape[1])]
    assert source["channels"] == recording["channel_ids"] == channels
    assert (rate, len(sound)) == (recording["sampling_rate"], recording["num_samples"])
    assert fields["start"] == 0
    assert fields["duration"] == recording["duration"] == len(sound) / rate
    assert fields["channel"] == (0 if len(channels) == 1 else channels)
    assert fields["type"] == ("MonoCut" if len(channels) == 1 else "MultiCut")
    for supervision in fields["supervisions"]:
        assert set(supervision) == SUPERVISION
        assert supervision["recording_id"] == recording["id"] == fields["id"]
        assert (supervision["start"], supervision["duration"]) == (0, fields["duration"])
    assert len({one["id"] for one in fields["supervisions"]}) == len(fields["supervisions"])
    texts = tuple(one["text"] for one in fields["supervisions"])
    return Cut(fields["id"], fields["type"], rate, sound.T, texts, fields["custom"])


def sound_of(root: Path, path: str) -> Sound:
    return np.asarray(soundfile.read(root / path, dtype="int16", always_2d=True)[0].T, np.int16)


def resampled(root: Path, path: str, to_rate: int) -> Sound:
    sound, rate = soundfile.read(root / path, dtype="float32", always_2d=True)
    made = soxr.resample(sound.mean(axis=1), rate, to_rate, quality="HQ")
    return np.asarray(np.rint(made * 32768).clip(-32768, 32767), np.int16)[None]


async def test_cuts_point_at_the_clips_with_labels_in_custom(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SMALL)
    target = export_all(tmp_path, "lhotse").place.target
    clips = [clip for clip in stored_clips(tmp_path) if clip.segment.split == "balanced_train"]
    cuts = load_cuts(target / "balanced_train" / "cuts.jsonl.gz")
    assert [cut.id for cut in cuts] == [clip.segment.ytid for clip in clips]
    for cut, clip in zip(cuts, clips, strict=True):
        assert np.array_equal(cut.sound, sound_of(tmp_path, clip.path))
        assert (cut.kind, cut.texts) == ("MultiCut", ())
        assert cut.custom["labels"] == [*clip.segment.labels]
        assert (cut.custom["ytid"], cut.custom["start_s"]) == (clip.segment.ytid, 30.0)
    assert cuts[0].custom["label_names"] == ["Speech", "Gush", "Dog"]
    assert cuts[0].custom["classes"][0] == 0


async def test_captions_are_supervisions(tmp_path: Path) -> None:
    told = (("caption", "A dog barks."), ("caption", "Barks."), ("note", "no"))
    await make_data_set(tmp_path, segments=[Segment("captioned_1", Span(0, 250), "eval", (), told)])
    for terms in (Terms(), SHAR):
        folder = export_all(tmp_path, "lhotse", terms=terms).place.target / "eval"
        (cut,) = load_shar(folder) if terms.shar else load_cuts(folder / "cuts.jsonl.gz")
        assert cut.texts == ("A dog barks.", "Barks.")
        assert cut.custom["labels"] == cut.custom["classes"] == []


async def test_files_at_a_rate_are_mono_cuts(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SMALL)
    target = export_all(tmp_path, "lhotse", terms=Terms(wav=16_000)).place.target
    clips = stored_clips(tmp_path)[:2]
    for cut, clip in zip(load_cuts(target / "eval" / "cuts.jsonl.gz"), clips, strict=True):
        assert (cut.kind, cut.rate) == ("MonoCut", 16_000)
        assert np.array_equal(cut.sound, resampled(tmp_path, clip.path, 16_000))


async def test_shar_holds_the_very_flac_files(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SMALL)
    target = export_all(tmp_path, "lhotse", terms=SHAR).place.target
    clips = stored_clips(tmp_path)
    cuts = load_shar(target / "eval") + load_shar(target / "balanced_train")
    assert [cut.id for cut in cuts] == [clip.segment.ytid for clip in clips]
    for cut, clip in zip(cuts, clips, strict=True):
        assert np.array_equal(cut.sound, sound_of(tmp_path, clip.path))
    tar = (target / "eval" / "recording.000000.tar").read_bytes()
    assert (tmp_path / clips[0].path).read_bytes() in tar


async def test_shar_at_a_rate_is_mono(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SMALL)
    target = export_all(tmp_path, "lhotse", terms=Terms(shar=True, wav=8000)).place.target
    for cut, clip in zip(load_shar(target / "eval"), stored_clips(tmp_path)[:2], strict=True):
        assert (cut.kind, cut.rate) == ("MonoCut", 8000)
        assert np.array_equal(cut.sound, resampled(tmp_path, clip.path, 8000))


async def test_shar_of_other_clips_is_flac_at_their_own_rate(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SMALL, spec=ClipSpec(AudioFormat.WAV))
    with opened(tmp_path, "lhotse", terms=SHAR) as export:
        assert export.table.extension == "wav"
        sizes = export.exporter.clip_bytes(export.table, SHAR)
    target = export_all(tmp_path, "lhotse", terms=SHAR).place.target
    for cut, clip in zip(load_shar(target / "eval"), stored_clips(tmp_path)[:2], strict=True):
        path = clip.path.replace(".flac", ".wav")
        assert cut.rate == SMALL.rate
        assert np.array_equal(cut.sound, sound_of(tmp_path, path))
    assert sum(map(len, files_of(target).values())) <= sum(sizes) + 2 * 10_240


async def test_no_tar_is_larger_than_asked_and_one_too_small_is_refused(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    most_bytes = 100_000
    terms = Terms(shar=True, max_shard_bytes=most_bytes)
    target = export_all(tmp_path, "lhotse", terms=terms).place.target
    tars = [*target.rglob("*.tar")]
    assert len(tars) >= 4
    assert max(path.stat().st_size for path in tars) <= most_bytes
    assert len(load_shar(target / "eval")) == 4
    for size in (5_000, 20_000):
        with (
            opened(tmp_path, "lhotse", terms=Terms(shar=True, max_shard_bytes=size)) as export,
            pytest.raises(UsageError, match="too small"),
        ):
            plan(export)


@pytest.mark.parametrize("terms", [Terms(max_shard_bytes=1 << 30), Terms(shar=True, root="/data")])
async def test_options_that_mean_nothing_together_are_refused(tmp_path: Path, terms: Terms) -> None:
    await make_data_set(tmp_path, SMALL)
    with opened(tmp_path, "lhotse", terms=terms) as export, pytest.raises(UsageError, match="--"):
        plan(export)


@pytest.mark.parametrize("terms", [Terms(), SHAR, Terms(wav=8000)], ids=["cuts", "shar", "wav"])
async def test_a_clip_that_is_gone_has_no_cut(tmp_path: Path, terms: Terms) -> None:
    await make_data_set(tmp_path, SMALL)
    gone = stored_clips(tmp_path)[0]
    (tmp_path / gone.path).unlink()
    finish = export_all(tmp_path, "lhotse", terms=terms)
    folder = finish.place.target / "eval"
    cuts = load_shar(folder) if terms.shar else load_cuts(folder / "cuts.jsonl.gz")
    assert [*finish.left_out] == [gone.key]
    assert [cut.id for cut in cuts] == [stored_clips(tmp_path)[1].segment.ytid]


async def test_a_shar_of_which_no_clip_is_left_is_not_there(tmp_path: Path) -> None:
    await make_data_set(tmp_path, Sounding(count=2))
    target = export_all(tmp_path, "lhotse", terms=SHAR).place.target
    (first,) = (clip for clip in stored_clips(tmp_path) if clip.segment.split == "eval")
    (tmp_path / first.path).unlink()
    (target / "eval/recording.000000.tar").write_bytes(b"no longer what was written")
    export_all(tmp_path, "lhotse", terms=SHAR)
    assert sorted(files_of(target)) == [
        "balanced_train/cuts.000000.jsonl.gz",
        "balanced_train/recording.000000.tar",
    ]


async def test_bytes_that_are_no_flac_as_recorded_are_in_no_shar(tmp_path: Path) -> None:
    segments = [Segment(f"abcdefgh{number:03}", Span(0, 250), "eval") for number in range(3)]
    events = list[Event]()
    for number, segment in enumerate(segments):
        path = path_of(tmp_path, segment)
        write_sound(path, number, 4000, 16_000 if number else 8000)
        if number == 1:
            path.write_bytes(b"no sound at all" * 50)
        events.append(stored(segment, number + 4, clip_of(path, 4000, 16_000)))
    await write_run(tmp_path, rows_of(segments), events)
    finish = export_all(tmp_path, "lhotse", terms=SHAR)
    assert set(finish.left_out) == {segments[0].key, segments[1].key}
    assert [cut.id for cut in load_shar(finish.place.target / "eval")] == [segments[2].ytid]


async def test_sound_of_more_channels_than_flac_has_is_left_out(tmp_path: Path) -> None:
    spec = ClipSpec(format=AudioFormat.WAV)
    await make_data_set(tmp_path, Sounding(count=2, channels=9, splits=("eval",)), spec=spec)
    finish = export_all(tmp_path, "lhotse", terms=SHAR)
    assert {one.reason for one in finish.left_out.values()} == {"it has more channels than FLAC can have"}
    mixed = export_all(tmp_path, "lhotse", tmp_path / "mixed", Terms(shar=True, wav=8000))
    assert len(load_shar(mixed.place.target / "eval")) == 2


@pytest.mark.parametrize("terms", [SHAR, Terms(wav=8000, root="/data/lhotse")], ids=["shar", "wav"])
async def test_two_exports_are_equal_and_a_killed_one_goes_on_to_the_same(
    tmp_path: Path, terms: Terms
) -> None:
    await make_data_set(tmp_path, SMALL)
    whole = export_all(tmp_path, "lhotse", tmp_path / "one", terms).place.target
    with opened(tmp_path, "lhotse", tmp_path / "two", terms) as export:
        make_todo(export, prepare(export), most=1)
    with opened(tmp_path, "lhotse", tmp_path / "two", terms) as export:
        agenda = prepare(export)
        assert make_todo(export, agenda) == 1
        complete(export, agenda)
    assert files_of(whole) == files_of(tmp_path / "two")


async def test_an_export_may_change_between_its_forms(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SMALL)
    export_all(tmp_path, "lhotse", terms=Terms(wav=8000))
    target = export_all(tmp_path, "lhotse", terms=SHAR).place.target
    assert len(load_shar(target / "eval")) == 2
    assert not [*target.rglob("*.wav")]
    export_all(tmp_path, "lhotse")
    assert sorted(files_of(target)) == ["balanced_train/cuts.jsonl.gz", "eval/cuts.jsonl.gz"]


@pytest.mark.parametrize("wav", [None, 8000])
async def test_a_moved_export_is_found_again(tmp_path: Path, wav: int | None) -> None:
    await make_data_set(tmp_path / "old", SMALL)
    path = export_all(tmp_path / "old", "lhotse", terms=Terms(wav=wav)).place.target / "eval/cuts.jsonl.gz"
    before = path.read_bytes()
    (tmp_path / "old").rename(tmp_path / "new")
    target = tmp_path / "new" / "exports" / "lhotse"
    reanchor = load_exporter("lhotse").reanchor
    assert reanchor is not None
    assert reanchor(target, target) == 4
    assert len(load_cuts(target / "eval/cuts.jsonl.gz")) == 2
    assert reanchor(target, tmp_path / "old" / "exports" / "lhotse") == 4
    assert (target / "eval/cuts.jsonl.gz").read_bytes() == before
