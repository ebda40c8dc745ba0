"""fairseq's manifests, read as its audio and classification tasks read them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import soundfile

from asyncdl.core.model import Segment, Span
from asyncdl.errors import UsageError
from asyncdl.exporters import load_exporter
from asyncdl.exporting.completing import complete
from asyncdl.exporting.contract import Terms
from asyncdl.exporting.finishing import PassedOver
from asyncdl.exporting.pointing import moved
from asyncdl.exporting.steps import prepare
from support.exports import (
    Sounding,
    export_all,
    files_of,
    make_data_set,
    make_todo,
    opened,
    stored_clips,
)

SMALL = Sounding(count=4)


@dataclass(frozen=True)
class Item:
    """What the tasks have of one clip."""

    path: Path
    samples: int
    name: str
    classes: tuple[int, ...]


def load(target: Path, split: str) -> list[Item]:
    """Read by the rules of the loaders: a folder, paths with sizes, labels in the same order."""
    index = {}
    for line in (target / "label_descriptors.csv").read_text().splitlines():
        number, mid = line.split(",")[:2]
        assert mid not in index
        index[mid] = int(number)
    assert sorted(index.values()) == [*range(527)]
    folder, *paths = (target / f"{split}.tsv").read_text().splitlines()
    labels = (target / f"{split}.lbl").read_text().splitlines()
    assert len(paths) == len(labels)
    items = []
    for path_line, label_line in zip(paths, labels, strict=True):
        path, samples = path_line.split()
        name, mids = label_line.split()
        classes = tuple(index[mid] for mid in mids.split(","))
        items.append(Item(Path(folder.strip(), path), int(samples), name, classes))
    return items


async def test_lists_point_at_the_clips_as_they_are_with_their_samples(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SMALL)
    target = export_all(tmp_path, "fairseq").place.target
    for split in ("eval", "balanced_train"):
        clips = [clip for clip in stored_clips(tmp_path) if clip.segment.split == split]
        items = load(target, split)
        assert [item.path for item in items] == [tmp_path / clip.path for clip in clips]
        assert [item.name for item in items] == [f"Y{clip.segment.ytid}" for clip in clips]
        assert [len(item.classes) for item in items] == [len(clip.segment.labels) for clip in clips]
        assert {item.classes[0] for item in items} == {0}  # /m/09x0r, Speech
        assert all(soundfile.info(item.path).frames == item.samples for item in items)
    assert not [*target.rglob("*.wav")]


async def test_files_at_a_rate_are_written_and_their_own_samples_told(tmp_path: Path) -> None:
    await make_data_set(tmp_path, Sounding(count=4, rate=11_025))
    target = export_all(tmp_path, "fairseq", terms=Terms(wav=16_000)).place.target
    items = load(target, "eval")
    assert len(items) == 2
    for item in items:
        info = soundfile.info(item.path)
        assert item.path.is_relative_to(target)
        assert (info.samplerate, info.channels, info.subtype) == (16_000, 1, "PCM_16")
        assert info.frames == item.samples == 4000  # 2,756 at 11,025 Hz are 3,999.6


async def test_folders_with_white_space_are_refused_before_sound_is_made(tmp_path: Path) -> None:
    await make_data_set(tmp_path / "my data", SMALL)
    with pytest.raises(UsageError, match="white space"):
        export_all(tmp_path / "my data", "fairseq")
    for root in ("", "/my data/fairseq"):
        target = tmp_path / f"my export{root[:1] and 2}"
        with (
            opened(tmp_path / "my data", "fairseq", target, Terms(wav=8000, root=root)) as export,
            pytest.raises(UsageError, match="--root"),
        ):
            prepare(export)
    found = export_all(tmp_path / "my data", "fairseq", terms=Terms(wav=8000, root="/data/fairseq"))
    assert (found.place.target / "eval.tsv").read_text().startswith("/data/fairseq\nwav/eval/")


async def test_clips_without_a_class_stand_in_neither_list(tmp_path: Path) -> None:
    segments = [
        Segment("foreignClip", Span(0, 250), "eval", ("/t/dd00141",)),
        Segment("knownClip_1", Span(0, 250), "eval", ("/t/dd00141", "/m/09x0r")),
    ]
    await make_data_set(tmp_path, segments=segments)
    finish = export_all(tmp_path, "fairseq")
    target = finish.place.target
    (item,) = load(target, "eval")
    assert (item.name, item.classes) == ("YknownClip_1", (0,))
    assert finish.passed_over == {("eval", PassedOver.NO_CLASS): 1}
    assert (target / "unlabelled.txt").read_text() == "eval/foreignClip_0_250\n"


async def test_a_clip_that_is_gone_is_in_no_list(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SMALL)
    gone = stored_clips(tmp_path)[0]
    (tmp_path / gone.path).unlink()
    for terms in (Terms(), Terms(wav=8000)):
        finish = export_all(tmp_path, "fairseq", terms=terms)
        assert [*finish.left_out] == [gone.key]
        assert [item.name for item in load(finish.place.target, "eval")] == [
            f"Y{stored_clips(tmp_path)[1].segment.ytid}"
        ]


async def test_clips_of_one_video_go_by_their_segments(tmp_path: Path) -> None:
    segments = [Segment("-twiceClip0", Span(at, at + 250), "eval", ("/m/09x0r",)) for at in (0, 500)]
    await make_data_set(tmp_path, segments=segments)
    items = load(export_all(tmp_path, "fairseq", terms=Terms(wav=8000)).place.target, "eval")
    assert [item.name for item in items] == ["Y-twiceClip0_0_250", "Y-twiceClip0_500_750"]
    assert [item.path.stem for item in items] == ["-twiceClip0_0_250", "-twiceClip0_500_750"]


async def test_two_exports_are_equal_and_a_killed_one_goes_on_to_the_same(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SMALL)
    terms = Terms(root="/data/fairseq", wav=8000, seed=3)
    whole = export_all(tmp_path, "fairseq", tmp_path / "one", terms).place.target
    with opened(tmp_path, "fairseq", tmp_path / "two", terms) as export:
        make_todo(export, prepare(export), most=1)
    with opened(tmp_path, "fairseq", tmp_path / "two", terms) as export:
        agenda = prepare(export)
        assert make_todo(export, agenda) == 1
        complete(export, agenda)
    assert files_of(whole) == files_of(tmp_path / "two")


@pytest.mark.parametrize("wav", [None, 8000])
async def test_a_moved_export_is_found_again(tmp_path: Path, wav: int | None) -> None:
    await make_data_set(tmp_path / "old", SMALL)
    export_all(tmp_path / "old", "fairseq", terms=Terms(wav=wav))
    target = (tmp_path / "old").rename(tmp_path / "new") / "exports" / "fairseq"
    reanchor = load_exporter("fairseq").reanchor
    assert reanchor is not None
    assert not any(item.path.exists() for item in load(target, "eval"))
    assert reanchor(target, target) == 2
    assert all(item.path.is_file() for item in load(target, "eval"))
    assert reanchor(target, target) == 0
    with pytest.raises(UsageError, match="white space"):
        reanchor(target, Path("/a b/exports/fairseq"))


@pytest.mark.parametrize("path", ["/etc/passwd", "/a/b/c/d/e.wav", "relative"])
def test_a_path_of_no_export_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file of this export"):
        moved(path, tmp_path, Path("/new"))


def test_a_split_may_be_called_as_the_folder_of_sound() -> None:
    path = "/old/wav/wav/0a1/name.wav"
    assert moved(path, Path("/new"), Path("/new")) == "/new/wav/wav/0a1/name.wav"


async def test_a_folder_whose_name_no_list_can_hold_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "two\nlines"
    await make_data_set(root, SMALL)
    for name in ("ast", "kaldi", "lhotse"):
        with pytest.raises(UsageError, match="no list can hold"):
            export_all(root, name)


async def test_the_bound_on_disk_holds(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SMALL)
    for terms in (Terms(), Terms(wav=16_000)):
        with opened(tmp_path, "fairseq", terms=terms) as export:
            bound = sum(export.exporter.clip_bytes(export.table, terms))
        files = files_of(export_all(tmp_path, "fairseq", terms=terms).place.target)
        del files["label_descriptors.csv"]
        assert sum(map(len, files.values())) <= bound
