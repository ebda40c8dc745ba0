"""One record: what was sealed opens again, and nothing else does."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.records import MAX_RECORD_BYTES, Fields, open_record, open_records, pack, seal
from asyncdl.core.scan import RecordScan

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abxyz", max_size=4), inner, max_size=3)
    ),
    max_leaves=10,
)
MEMBERS = st.dictionaries(st.sampled_from(["e", "k", "s", "i", "ft", "options"]), JSON, min_size=1)


def file_of(count: int, *, batch: int = 4) -> bytes:
    """Whole records 1 … count, acknowledged in batches."""
    return b"".join(
        seal(pack({"e": "x", "i": number}), number, (number - 1) // batch * batch)
        for number in range(1, count + 1)
    )


def scanned(content: bytes) -> tuple[RecordScan, list[int]]:
    scan = RecordScan(io.BytesIO(content))
    return scan, [fields["q"] for _, fields in scan]


@given(MEMBERS, st.integers(1, 2**40), st.integers(0, 2**40))
def test_what_is_sealed_opens_with_its_members_and_numbers(members: Fields, q: int, d: int) -> None:
    line = seal(pack(members), q, d)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    opened = open_record(line[:-1])
    assert opened is not None
    assert opened["q"] == q
    assert opened["d"] == d
    assert {name: opened[name] for name in members} == members


def test_every_single_flipped_bit_of_a_record_is_found() -> None:
    line = seal(pack({"e": "stored", "k": "--PJHxphWEs_30000_40000", "r": 0}), 17, 12)[:-1]
    for place in range(len(line)):
        for bit in range(8):
            flipped = bytearray(line)
            flipped[place] ^= 1 << bit
            assert open_record(bytes(flipped)) is None


def test_check_bytes_in_capitals_are_not_accepted() -> None:
    lines = (seal(pack({"e": "x"}), number, 0)[:-1] for number in range(1, 100))
    line = next(line for line in lines if line[-10:-2] != line[-10:-2].upper())
    assert open_record(line[:-10] + line[-10:-2].upper() + line[-2:]) is None


def test_one_bad_line_among_many_spoils_only_itself() -> None:
    lines = file_of(5).split(b"\n")[:-1]
    lines[2] = lines[2].replace(b'"i":3', b'"i":4')
    assert [fields.get("q") for fields in open_records(lines)] == [1, 2, None, 4, 5]


def test_halves_of_surrogate_pairs_are_replaced_and_the_rest_is_kept() -> None:
    opened = open_record(seal(pack({"ft": "a\udce9b", "x": [["name", "\ud800"]], "n": 1}), 1, 0)[:-1])
    assert opened is not None
    assert opened["ft"] == "a?b"
    assert opened["x"] == [["name", "?"]]
    assert opened["n"] == 1


def test_a_record_beyond_a_mebibyte_is_refused_before_it_is_queued() -> None:
    with pytest.raises(ValueError, match="too long"):
        pack({"ft": "x" * MAX_RECORD_BYTES})


def test_a_file_cut_at_any_byte_gives_exactly_the_whole_records_and_no_damage() -> None:
    content = file_of(12)
    for cut in range(len(content) + 1):
        scan, numbers = scanned(content[:cut])
        assert numbers == list(range(1, content[:cut].count(b"\n") + 1))
        assert scan.lost() == ()
        assert scan.is_torn == (not content[:cut].endswith(b"\n") and cut > 0)


@pytest.mark.parametrize("tail", [b"\0" * 512, b"\0" * 511 + b"\n", b"\n", b"\xff" * 3_000_000])
def test_a_tail_of_other_bytes_is_torn_and_never_a_record(tail: bytes) -> None:
    scan, numbers = scanned(file_of(6) + tail)
    assert numbers == [1, 2, 3, 4, 5, 6]
    assert scan.is_torn
    assert scan.lost() == ()


def test_every_flipped_bit_before_the_last_batch_is_damage_and_behind_it_torn() -> None:
    content = file_of(8)
    last_batch = content.index(b'{"q":5,')
    for place in range(len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 1
        scan, numbers = scanned(bytes(flipped))
        is_newline = content[place] == ord("\n")
        assert len(numbers) == (8 - 1 - (is_newline and place != len(content) - 1))
        # the newline between the two batches takes a record of the later one with it, too
        assert bool(scan.lost()) == (place < last_batch)
        assert scan.is_torn == (place >= last_batch)


def test_a_bad_line_before_good_ones_of_the_same_batch_is_no_damage() -> None:
    lines = file_of(8).splitlines(keepends=True)
    lines[5] = b"\0" * (len(lines[5]) - 1) + b"\n"
    scan, numbers = scanned(b"".join(lines))
    assert numbers == [1, 2, 3, 4, 5, 7, 8]
    assert scan.is_torn


def test_damage_tells_how_many_records_are_gone_and_behind_which_byte() -> None:
    lines = file_of(12).splitlines(keepends=True)
    scan, _ = scanned(b"".join(lines[:2] + lines[5:]))
    (gap,) = scan.lost()
    assert (gap.first, gap.last, gap.offset) == (3, 5, len(lines[0]) + len(lines[1]))


def test_reading_on_from_any_record_tells_what_reading_at_once_tells() -> None:
    lines = file_of(12).splitlines(keepends=True)
    content = b"".join([*lines[:3], b"junk\n", *lines[4:8], *lines[9:], b"torn"])
    whole, numbers = scanned(content)
    for end in range(len(content)):
        first = RecordScan(io.BytesIO(content), end=end)
        read = [fields["q"] for _, fields in first]
        rest = RecordScan(io.BytesIO(content), first.position)
        assert read + [fields["q"] for _, fields in rest] == numbers
        assert (rest.lost(), rest.is_torn, rest.position) == (whole.lost(), whole.is_torn, whole.position)


def test_records_that_somebody_vouches_for_are_lost_where_they_are_not() -> None:
    scan, _ = scanned(file_of(3))
    scan.vouch(3)
    assert scan.lost() == ()
    scan.vouch(5)
    (gap,) = scan.lost()
    assert (gap.first, gap.last, gap.offset) == (4, 5, len(file_of(3)))


def test_batches_and_single_steps_tell_the_same() -> None:
    lines = file_of(3000, batch=64).splitlines(keepends=True)
    content = b"".join([*lines[:700], b"junk\n", *lines[701:2000], *lines[2003:], b"torn"])
    by_steps = RecordScan(io.BytesIO(content))
    steps = list(by_steps)
    by_batches = RecordScan(io.BytesIO(content))
    assert [fields for batch in by_batches.batches() for fields in batch] == [fields for _, fields in steps]
    assert by_batches.lost() == by_steps.lost()
    assert len(by_steps.lost()) == 2
    for offset, fields in steps:
        assert content[offset:].startswith(b'{"q":%d,' % fields["q"])
