"""Files that many shards are rows of: whenever an export is killed, the file comes out the same."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import soundfile

from asyncdl.core.events import ClipLost
from asyncdl.core.export import LeftOut
from asyncdl.core.model import Segment
from asyncdl.errors import AsyncdlError
from asyncdl.exporting import completing
from asyncdl.exporting.completing import complete
from asyncdl.exporting.contract import Exporter, SharedFiles, Terms
from asyncdl.exporting.shared import PARTS, SharedFile, aside
from asyncdl.exporting.steps import prepare, shared_files_of
from asyncdl.exporting.sweeping import remove
from asyncdl.runtime.files import publish
from support.exports import Sounding, files_of, make_data_set, make_todo, segments_of
from support.made_formats import ROWS, SAMPLES, export_as, opened_as

SHORT = Sounding(count=8, seconds=0.01, rate=16_000, channels=1)
SEGMENTS = segments_of(SHORT)


class Interrupted(BaseException):
    """The end of the process, at a point of its own choosing."""


@pytest.fixture(name="root")
async def _root(tmp_path: Path) -> Path:
    """Four clips in each of two splits: two files of two shards each."""
    await make_data_set(tmp_path, SHORT)
    return tmp_path


def target_of(root: Path) -> Path:
    return root / "exports/rows"


def undisturbed(root: Path) -> dict[str, bytes]:
    export_as(ROWS, root, to="undisturbed")
    return files_of(root / "exports/undisturbed")


def clip_file(root: Path, number: int) -> Path:
    (found,) = root.glob(f"clips/*/*/{SEGMENTS[number].key}.flac")
    return found


def rows_in(path: Path) -> dict[str, list[int]]:
    with h5py.File(path) as file:
        keys = [key.decode() for key in file["key"][:]]
        return dict(zip(keys, file["sound"][:].tolist(), strict=True))


def stored(root: Path, number: int) -> list[int]:
    sound, _ = soundfile.read(clip_file(root, number), dtype="int16")
    samples: list[int] = sound[:SAMPLES].tolist()
    return samples


def test_each_row_is_a_clip_in_the_order_of_the_export(root: Path) -> None:
    export_as(ROWS, root)
    for split, numbers in (("eval", range(4)), ("balanced_train", range(4, 8))):
        rows = rows_in(target_of(root) / f"{split}.h5")
        assert list(rows.items()) == [(SEGMENTS[n].key, stored(root, n)) for n in numbers]
    assert not (target_of(root) / ".asyncdl" / PARTS).exists()


def test_what_is_whole_is_not_made_again(root: Path) -> None:
    export_as(ROWS, root)
    before = files_of(target_of(root))
    assert export_as(ROWS, root)[1] == 0
    assert files_of(target_of(root)) == before


@pytest.mark.parametrize("most", [0, 1, 2, 3, 4])
def test_killed_between_begin_and_end_it_goes_on_with_the_rows_that_are_missing(
    most: int, root: Path
) -> None:
    whole = undisturbed(root)
    with opened_as(ROWS, root) as export:
        make_todo(export, prepare(export), most)
    assert files_of(target_of(root)) == {}
    assert export_as(ROWS, root)[1] == 4 - most
    assert files_of(target_of(root)) == whole


def interrupted_in(step: Callable[[SharedFile, Path], Path]) -> Exporter:
    assert ROWS.shards is not None
    assert ROWS.shards.shared is not None
    shared = SharedFiles(ROWS.shards.shared.begin, step)
    return replace(ROWS, shards=replace(ROWS.shards, shared=shared))


def before_the_end(_shared: SharedFile, _out: Path) -> Path:
    raise Interrupted


def in_the_end(shared: SharedFile, out: Path) -> Path:
    assert ROWS.shards is not None
    assert ROWS.shards.shared is not None
    ROWS.shards.shared.end(shared, out)
    raise Interrupted


def before_the_name(_part: Path, _final: Path, _root: Path) -> None:
    raise Interrupted


def after_the_name(part: Path, final: Path, root: Path) -> None:
    publish(part, final, root)
    raise Interrupted


def stop_in_the_end(exporter: Exporter, root: Path, terms: Terms | None = None) -> None:
    """Make all rows, and bring the first file as far as it comes."""
    with opened_as(exporter, root, terms) as export:
        agenda = prepare(export)
        make_todo(export, agenda)
        with suppress(Interrupted, AsyncdlError):
            complete(export, agenda)


@pytest.fixture(name="leave_out", params=["no clip left out", "a clip left out"])
def _leave_out(request: pytest.FixtureRequest, root: Path) -> None:
    if request.param == "a clip left out":
        clip_file(root, 1).unlink()


@pytest.mark.usefixtures("leave_out")
@pytest.mark.parametrize("step", [before_the_end, in_the_end])
def test_killed_at_the_end_of_a_file_no_row_is_made_again(
    step: Callable[[SharedFile, Path], Path], root: Path
) -> None:
    whole = undisturbed(root)
    stop_in_the_end(interrupted_in(step), root)
    assert files_of(target_of(root)) == {}
    assert export_as(ROWS, root)[1] == 0
    assert files_of(target_of(root)) == whole


@pytest.mark.usefixtures("leave_out")
@pytest.mark.parametrize("step", [before_the_name, after_the_name])
def test_killed_while_a_file_gets_its_name_no_row_is_made_again(
    step: Callable[[Path, Path, Path], None], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = undisturbed(root)
    with monkeypatch.context() as patched:
        patched.setattr(completing, "publish", step)
        stop_in_the_end(ROWS, root)
    assert export_as(ROWS, root)[1] == 0
    assert files_of(target_of(root)) == whole


@pytest.mark.usefixtures("leave_out")
@pytest.mark.parametrize("in_the_way", [Path.mkdir, lambda path: path.symlink_to("elsewhere")])
def test_where_something_is_in_the_way_of_a_file_no_row_is_made_again(
    in_the_way: Callable[[Path], None], root: Path
) -> None:
    whole = undisturbed(root)
    target_of(root).mkdir()
    in_the_way(target_of(root) / "eval.h5")
    stop_in_the_end(ROWS, root)
    (target_of(root) / "eval.h5").rename(root / "away")
    assert export_as(ROWS, root)[1] == 0
    assert files_of(target_of(root)) == whole


@pytest.mark.parametrize("step", [before_the_name, after_the_name])
def test_an_older_file_of_the_same_size_never_passes_for_one_whose_part_is_lost(
    step: Callable[[Path, Path, Path], None], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_as(ROWS, root, Terms(seed=0))
    before = files_of(target_of(root))
    with monkeypatch.context() as patched:
        patched.setattr(completing, "publish", step)
        stop_in_the_end(ROWS, root, Terms(seed=1))
    remove(target_of(root) / ".asyncdl" / PARTS)
    assert export_as(ROWS, root, Terms(seed=1))[1] > 0
    export_as(ROWS, root, Terms(seed=1), to="undisturbed")
    assert files_of(target_of(root)) == files_of(root / "exports/undisturbed")
    assert {name: len(data) for name, data in files_of(target_of(root)).items()} == {
        name: len(data) for name, data in before.items()
    }
    assert files_of(target_of(root)) != before


def test_which_rows_are_kept_is_found_out_once_and_only_where_a_clip_of_the_split_is_left_out(
    root: Path,
) -> None:
    left_out = {SEGMENTS[5].key: LeftOut(SEGMENTS[5].key, "balanced_train", "", "gone")}
    with opened_as(ROWS, root) as export:
        agenda = prepare(export)
        whole, cut = (shared for shared, _ in shared_files_of(export, agenda, left_out, {}))
        assert cut.kept.tolist() == [True, False, True, True]
    # The table is closed: to read it once more would fail.
    assert (cut.kept_rows, cut.kept.nbytes) == (3, 4)
    assert (whole.kept_rows, whole.rows) == (4, 4)


def test_killed_after_the_end_of_the_files_nothing_is_made_again(root: Path) -> None:
    def interrupted(_: object) -> None:
        raise Interrupted

    whole = undisturbed(root)
    with suppress(Interrupted):
        export_as(replace(ROWS, finish=interrupted), root)
    assert files_of(target_of(root)) == whole
    assert export_as(ROWS, root)[1] == 0
    assert files_of(target_of(root)) == whole


def test_killed_while_a_file_was_begun_it_is_begun_again(root: Path) -> None:
    whole = undisturbed(root)
    with opened_as(ROWS, root) as export:
        agenda = prepare(export)
    for part in agenda.parts.values():
        part.rename(part.with_name(f"{part.name}.begun"))
    assert export_as(ROWS, root)[1] == 4
    assert files_of(target_of(root)) == whole


@pytest.mark.parametrize("happens", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_file_that_is_gone_or_cut_is_made_anew_with_all_its_rows(
    happens: Callable[[Path], None], root: Path
) -> None:
    export_as(ROWS, root)
    whole = files_of(target_of(root))
    happens(target_of(root) / "eval.h5")
    assert export_as(ROWS, root)[1] == 2
    assert files_of(target_of(root)) == whole


@pytest.mark.parametrize("most", [0, 1])
def test_killed_while_a_lost_file_is_made_anew_its_former_rows_are_not_taken_for_written(
    most: int, root: Path
) -> None:
    export_as(ROWS, root)
    whole = files_of(target_of(root))
    (target_of(root) / "eval.h5").unlink()
    with opened_as(ROWS, root) as export:
        make_todo(export, prepare(export), most)
    assert export_as(ROWS, root)[1] == 2 - most
    assert files_of(target_of(root)) == whole


def test_rows_of_clips_that_were_left_out_are_not_there(root: Path) -> None:
    clip_file(root, 0).unlink()
    clip_file(root, 3).write_bytes(b"another file")
    finish, _ = export_as(ROWS, root)
    assert set(finish.left_out) == {SEGMENTS[0].key, SEGMENTS[3].key}
    rows = rows_in(target_of(root) / "eval.h5")
    assert rows == {SEGMENTS[number].key: stored(root, number) for number in (1, 2)}
    with h5py.File(target_of(root) / "eval.h5") as file:
        assert (file.attrs["clips"], file["sound"].shape) == (2, (2, SAMPLES))
    assert len(rows_in(target_of(root) / "balanced_train.h5")) == 4
    assert export_as(ROWS, root)[1] == 0


def test_a_split_of_which_nothing_decodes_is_a_file_without_rows(root: Path) -> None:
    for number in range(4):
        clip_file(root, number).unlink()
    export_as(ROWS, root)
    assert rows_in(target_of(root) / "eval.h5") == {}


def test_a_clip_that_is_back_has_its_row(root: Path) -> None:
    whole = undisturbed(root)
    path = clip_file(root, 0)
    path.rename(root / "away")
    export_as(ROWS, root)
    (root / "away").rename(path)
    assert export_as(ROWS, root)[1] == 2
    assert files_of(target_of(root)) == whole


async def test_rows_of_one_plan_never_pass_for_rows_of_another(tmp_path: Path) -> None:
    """The first shard is the same in both plans, but it was written into the file of the second one only."""
    short = replace(SHORT, count=4, splits=("eval",))
    await make_data_set(tmp_path, short, segments=SEGMENTS[:4])
    with opened_as(ROWS, tmp_path) as export:
        for part in prepare(export).parts.values():
            aside(part).mkdir()
    await make_data_set(tmp_path, replace(short, count=6), segments=in_eval(6))
    with opened_as(ROWS, tmp_path) as export:
        agenda = prepare(export)
        make_todo(export, agenda, 1)
        (parts,) = {part.parent for part in agenda.parts.values()}
        assert sorted(parts.iterdir()) == sorted(agenda.parts.values())
    lost = [ClipLost(segment.key, 0, 1, "gone") for segment in SEGMENTS[4:6]]
    await make_data_set(tmp_path, replace(short, count=0), segments=SEGMENTS[:4], more=lost)
    assert export_as(ROWS, tmp_path)[1] == 2
    rows = rows_in(target_of(tmp_path) / "eval.h5")
    assert rows == {SEGMENTS[number].key: stored(tmp_path, number) for number in range(4)}


def in_eval(count: int) -> list[Segment]:
    return [replace(segment, split="eval") for segment in SEGMENTS[:count]]


def test_rows_of_nothing_but_zeros_are_in_no_file(root: Path) -> None:
    """A part that lost a shard's receipt has that shard written again."""
    with opened_as(ROWS, root) as export:
        agenda = prepare(export)
        make_todo(export, agenda, 3)
        export.receipts.forget(agenda.shards[1].name)
    assert export_as(ROWS, root)[1] == 2
    for path in target_of(root).glob("*.h5"):
        assert all(np.any(row) for row in rows_in(path).values())
