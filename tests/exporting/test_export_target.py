"""Where an export goes: which folders are its own, and that it has them for itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from asyncdl.app.export_target import format_in, held, place_of
from asyncdl.errors import EnvironmentFault, JournalLocked, UsageError
from asyncdl.exporting.contract import Exporter
from asyncdl.exporting.receipts import FOLDER
from asyncdl.exporting.table import TableWriter
from asyncdl.exporting.work import Place
from support.made_formats import ROWS, TEXT

TO_ROOT = replace(TEXT, name="beside", goes_to_root=True)


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    root = tmp_path / "set"
    for name in ("clips", "journal"):
        (root / name).mkdir(parents=True)
    return root


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def begin(place: Place) -> None:
    """From here on the folder is an export."""
    (place.state / FOLDER).mkdir()


def test_a_format_has_its_folder_in_the_data_set(root: Path) -> None:
    assert place_of(root, None, TEXT).target == root / "exports/text"
    assert place_of(root, None, TEXT, "panns").target == root / "exports/text-panns"
    assert place_of(root, None, TO_ROOT).target == root
    assert place_of(root, root.parent / "other", TEXT) == Place(
        root, root.parent / "other", root.parent / "other/.asyncdl"
    )


@pytest.mark.parametrize("to", ["clips", "clips/eval", "journal", ".parts", "x/../clips", "link"])
@pytest.mark.parametrize("exporter", [TEXT, TO_ROOT], ids=lambda one: one.name)
def test_folders_of_the_data_set_itself_are_refused(to: str, exporter: Exporter, root: Path) -> None:
    (root / "link").symlink_to("clips")
    with pytest.raises(UsageError, match="keeps its own files there"):
        place_of(root, root / to, exporter)


@pytest.mark.parametrize("to", ["", "..", "exports/../"])
def test_the_data_set_folder_and_those_around_it_are_refused(to: str, root: Path) -> None:
    with pytest.raises(UsageError, match="data set itself lies there"):
        place_of(root, root / to, TEXT)
    assert place_of(root, root / to, TO_ROOT).root == root


def test_an_export_keeps_its_format_and_nothing_of_what_it_needed_meanwhile(root: Path) -> None:
    place = place_of(root, None, TEXT)
    with held(place, TEXT) as work:
        (work / "table.jsonl").write_bytes(b"{}")
        begin(place)
    assert format_in(place.target) == "text"
    assert files_in(place.target) == [
        ".asyncdl",
        ".asyncdl/export.json",
        ".asyncdl/lock",
        ".asyncdl/receipts",
    ]


def test_of_an_export_that_never_began_nothing_is_left(root: Path) -> None:
    before = files_in(root)
    place = place_of(root, None, TEXT)
    with held(place, TEXT) as work:
        (work / "table.jsonl").write_bytes(b"{}")
    assert files_in(root) == before


def test_links_and_leftovers_among_the_files_needed_meanwhile_are_gone_before_any_is_written(
    root: Path,
) -> None:
    place = place_of(root, None, TEXT)
    victim = root / "clips/clip.flac"
    victim.write_bytes(b"sound")
    work = place.state / "work"
    (work / "table.npz").mkdir(parents=True)
    (work / "table.jsonl").symlink_to(victim)
    (work / "job.json").write_bytes(b"{}")
    with held(place, TEXT) as lent:
        assert lent == work
        assert files_in(lent) == []
        TableWriter(lent, "flac").finish(None).close()
    assert victim.read_bytes() == b"sound"


@pytest.mark.parametrize("other", [ROWS, TO_ROOT], ids=lambda one: one.name)
def test_a_folder_of_another_format_is_refused_and_left_as_it_is(other: Exporter, root: Path) -> None:
    place = place_of(root, None, TEXT)
    with held(place, TEXT):
        begin(place)
    before = files_in(place.target)
    with pytest.raises(UsageError, match="holds an export as text"), held(place, other):
        pytest.fail("the folder was lent")
    assert files_in(place.target) == before


def test_two_exports_into_one_folder_do_not_mix(root: Path) -> None:
    place = place_of(root, None, TEXT)
    with held(place, TEXT) as work:
        (work / "table.jsonl").write_bytes(b"{}")
        for other in (TEXT, ROWS):
            with pytest.raises(JournalLocked, match="another export"), held(place, other):
                pytest.fail("the folder was lent twice")
        assert (work / "table.jsonl").read_bytes() == b"{}", "the files of the first one are its own"
    with held(place, TEXT):
        pass


def test_a_lock_that_its_holder_has_removed_meanwhile_is_no_lock(root: Path) -> None:
    place = place_of(root, None, TO_ROOT)
    with held(place, TO_ROOT):
        (place.state / "lock").unlink()
        with held(place, TO_ROOT):
            pass


def fault() -> None:
    raise EnvironmentFault("a fault in the middle")


@pytest.mark.parametrize("happens", [lambda: None, fault])
def test_nothing_is_left_beside_the_clips(happens: Callable[[], None], root: Path) -> None:
    before = files_in(root)
    with suppress(EnvironmentFault), held(place_of(root, None, TO_ROOT), TO_ROOT) as work:
        (work / "table.jsonl").write_bytes(b"{}")
        happens()
    assert files_in(root) == before


def test_what_a_killed_export_has_left_beside_the_clips_goes_with_the_next_one(root: Path) -> None:
    before = files_in(root)
    place = place_of(root, None, TO_ROOT)
    (place.state / "work").mkdir(parents=True)
    (place.state / "work/table.jsonl").write_bytes(b"{}")
    (place.state / "lock").touch()
    with held(place, TO_ROOT):
        pass
    assert files_in(root) == before


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 7}', b"\xff"])
def test_a_note_of_the_format_that_says_nothing_is_written_anew(content: bytes, root: Path) -> None:
    place = place_of(root, None, TEXT)
    place.state.mkdir(parents=True)
    (place.state / "export.json").write_bytes(content)
    assert format_in(place.target) is None
    with held(place, TEXT):
        assert format_in(place.target) == "text"


def test_a_target_that_is_a_link_to_a_folder_will_do(root: Path, tmp_path: Path) -> None:
    there = tmp_path / "large disk"
    there.mkdir()
    (root / "exports").symlink_to(there)
    place = place_of(root, None, TEXT)
    with held(place, TEXT):
        begin(place)
    assert format_in(there / "text") == "text"
    (tmp_path / "link").symlink_to(there / "text")
    assert place_of(root, tmp_path / "link", TEXT).target == there / "text"


def a_file(target: Path) -> None:
    target.parent.mkdir(parents=True)
    target.write_bytes(b"")


def a_link_to_nowhere(target: Path) -> None:
    target.parent.mkdir(parents=True)
    target.symlink_to("nowhere")


def below_a_file(target: Path) -> None:
    target.parent.write_bytes(b"")


def no_folder_of_ours(target: Path) -> None:
    target.mkdir(parents=True)
    (target / ".asyncdl").symlink_to(target.parent.parent)


def a_linked_lock(target: Path) -> None:
    (target / ".asyncdl").mkdir(parents=True)
    (target / ".asyncdl/lock").symlink_to(target.parent.parent / "planted")


def a_linked_note(target: Path) -> None:
    (target / ".asyncdl").mkdir(parents=True)
    (target / ".asyncdl/export.json").symlink_to(target.parent.parent / "planted")


def a_linked_work_folder(target: Path) -> None:
    (target / ".asyncdl").mkdir(parents=True)
    (target / ".asyncdl/work").symlink_to(target.parent.parent / "clips")


@pytest.mark.parametrize(
    "happens",
    [
        a_file,
        a_link_to_nowhere,
        below_a_file,
        no_folder_of_ours,
        a_linked_lock,
        a_linked_note,
        a_linked_work_folder,
    ],
)
def test_a_folder_that_cannot_be_used_is_a_fault_that_names_it(
    happens: Callable[[Path], None], root: Path
) -> None:
    (root / "clips/clip.flac").write_bytes(b"sound")
    place = place_of(root, None, TEXT)
    happens(place.target)
    with pytest.raises(EnvironmentFault, match="exports"), held(place, TEXT):
        pytest.fail("the folder was lent")
    assert (root / "clips/clip.flac").read_bytes() == b"sound"
    assert not (root / "planted").exists()
