"""What the model of a disk says may be left: the enumerator is as good as this."""

from __future__ import annotations

from random import Random

from support.crash_disk import CrashDisk, Image
from support.crash_trace import Cut, MadeFolder, Op, Opened, Renamed, Synced, Unlinked, Wrote
from support.crash_variants import SECTOR_BYTES

ROOT = (Opened(9, "", creates=False), Synced(9, ""))


def left(*ops: Op) -> list[Image]:
    disk = CrashDisk()
    for op in ops:
        disk.apply(op)
    return list(disk.images(1000, Random(1)))


def contents(path: str, *ops: Op) -> set[bytes | None]:
    return {image.get(path) for image in left(*ops)}


def test_sync_of_a_file_says_nothing_about_its_name() -> None:
    ops = (Opened(1, "a", creates=True), Wrote(1, 0, b"x"), Synced(1, "a"))
    assert contents("a", *ops) == {None, b"x"}
    assert contents("a", *ops, *ROOT) == {b"x"}


def test_sync_of_a_folder_says_nothing_about_what_its_names_hold() -> None:
    assert contents("a", Opened(1, "a", creates=True), Wrote(1, 0, b"x"), *ROOT) == {b"", b"\0", b"x"}


def test_of_an_unsynced_batch_any_sectors_may_be_missing() -> None:
    batch = b"a" * SECTOR_BYTES + b"b" * SECTOR_BYTES
    zeros = bytes(SECTOR_BYTES)
    possible = contents("a", Opened(1, "a", creates=True), Wrote(1, 0, batch), *ROOT)
    halves = {batch[:SECTOR_BYTES] + zeros, zeros + batch[SECTOR_BYTES:], batch[:SECTOR_BYTES]}
    assert possible == {b"", batch, 2 * zeros} | halves


def test_what_is_durable_stays_when_more_is_appended() -> None:
    start = (Opened(1, "a", creates=True), Wrote(1, 0, b"kept"), Synced(1, "a"), *ROOT)
    assert all(str(content).startswith("b'kept") for content in contents("a", *start, Wrote(1, 4, b"more")))


def test_of_bytes_written_over_others_any_sector_may_be_old() -> None:
    old, new = b"o" * 2 * SECTOR_BYTES, b"n" * 2 * SECTOR_BYTES
    start = (Opened(1, "a", creates=True), Wrote(1, 0, old), Synced(1, "a"), *ROOT)
    mixed = {old[:SECTOR_BYTES] + new[:SECTOR_BYTES], new[:SECTOR_BYTES] + old[:SECTOR_BYTES]}
    assert contents("a", *start, Wrote(1, 0, new)) == {old, new} | mixed


def test_bytes_that_were_cut_off_again_may_still_be_there() -> None:
    start = (Opened(1, "a", creates=True), *ROOT, Wrote(1, 0, b"xy"), Cut(1, 0))
    assert {b"", b"xy"} < contents("a", *start)
    assert contents("a", *start, Synced(1, "a")) == {b""}


def test_a_file_on_its_way_between_folders_may_stand_in_both_or_in_none() -> None:
    start = (MadeFolder("to"), Opened(1, "a", creates=True), Wrote(1, 0, b"x"), Synced(1, "a"), *ROOT)
    images = left(*start, Renamed("a", "to/b"))
    assert {frozenset(image) for image in images} == {
        frozenset(names) for names in ((), ("a",), ("to/b",), ("a", "to/b"))
    }


def test_a_rename_within_a_folder_is_one_step() -> None:
    old = (Opened(1, "a", creates=True), Wrote(1, 0, b"old"), Synced(1, "a"))
    new = (Opened(2, "part", creates=True), Wrote(2, 0, b"new"), Synced(2, "part"), *ROOT)
    images = left(*old, *new, Renamed("part", "a"))
    assert [sorted(image.items()) for image in images] == [[("a", b"old"), ("part", b"new")], [("a", b"new")]]


def test_an_unlink_may_be_undone_until_its_folder_is_synced() -> None:
    ops = (Opened(1, "a", creates=True), *ROOT, Unlinked("a"))
    assert contents("a", *ops) == {b"", None}
    assert contents("a", *ops, *ROOT) == {None}


def test_a_later_change_of_a_folder_may_survive_an_earlier_one() -> None:
    images = left(Opened(1, "a", creates=True), Opened(2, "b", creates=True), Opened(3, "c", creates=True))
    assert {frozenset(image) for image in images} >= {frozenset("c"), frozenset("ac"), frozenset("ab")}


def test_in_a_folder_whose_name_is_lost_everything_is() -> None:
    inside = (Opened(1, "f/a", creates=True), Wrote(1, 0, b"x"), Synced(1, "f/a"))
    synced = (Opened(8, "f", creates=False), Synced(8, "f"))
    assert contents("f/a", MadeFolder("f"), *inside, *synced) == {None, b"x"}
