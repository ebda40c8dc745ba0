"""Receipts: what vouches for a shard, and for nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from asyncdl.core.export import LeftOut, Shard
from asyncdl.exporting.receipts import FOLDER, Receipt, Receipts, digest_of

SHARD = Shard("eval/0.tar", "eval", 0, 2, "eval/0.tar")
LEFT_OUT = LeftOut("abcdefghijk_0_1000", "eval", "clips/eval/0a1/x.flac", 'it says "no"')
RECEIPT = Receipt("eval/0.tar", "d1", 1, (("eval/0.tar", 3),), (LEFT_OUT,), {"clips": 1, "names": ["a", "ä"]})


@pytest.fixture(name="receipts")
def _receipts(tmp_path: Path) -> Receipts:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / "eval").mkdir()
    (tmp_path / "eval/0.tar").write_bytes(b"abc")
    return Receipts(tmp_path, tmp_path)


def test_a_receipt_comes_back_as_it_was_written(receipts: Receipts) -> None:
    receipts.write(RECEIPT)
    assert receipts.read("eval/0.tar") == RECEIPT
    assert receipts.find("eval/0.tar", "d1") == RECEIPT
    assert receipts.read("eval/1.tar") is None


def gone(path: Path) -> None:
    path.unlink()


def longer(path: Path) -> None:
    path.write_bytes(b"abcd")


def a_link(path: Path) -> None:
    path.rename(path.with_suffix(".moved"))
    path.symlink_to(path.with_suffix(".moved"))


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("happens", [gone, longer, a_link, a_folder])
def test_a_file_that_is_gone_or_another_is_not_vouched_for(
    happens: Callable[[Path], None], receipts: Receipts, tmp_path: Path
) -> None:
    receipts.write(RECEIPT)
    happens(tmp_path / "eval/0.tar")
    assert receipts.find("eval/0.tar", "d1") is None


def test_another_digest_is_not_vouched_for(receipts: Receipts) -> None:
    receipts.write(RECEIPT)
    assert receipts.find("eval/0.tar", "d2") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"shard": 1}', b"\xff\xfe", b'"text"'])
def test_what_is_no_whole_receipt_vouches_for_nothing(
    content: bytes, receipts: Receipts, tmp_path: Path
) -> None:
    receipts.write(RECEIPT)
    (path,) = (tmp_path / FOLDER).iterdir()
    path.write_bytes(content)
    assert receipts.read("eval/0.tar") is None
    assert receipts.find("eval/0.tar", "d1") is None
    assert list(receipts.strangers(frozenset())) == []


def test_a_link_is_no_receipt(receipts: Receipts, tmp_path: Path) -> None:
    receipts.write(RECEIPT)
    (path,) = (tmp_path / FOLDER).iterdir()
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert receipts.read("eval/0.tar") is None


def test_what_is_forgotten_is_vouched_for_no_longer(receipts: Receipts) -> None:
    receipts.write(RECEIPT)
    receipts.forget("eval/0.tar")
    receipts.forget("eval/0.tar")
    assert receipts.read("eval/0.tar") is None


def test_a_withdrawn_receipt_vouches_for_nothing_and_names_what_was_and_may_be_there(
    receipts: Receipts,
) -> None:
    receipts.write(RECEIPT)
    receipts.withdraw("eval/0.tar", ["eval/0.tar", "eval/0.json"])
    receipts.withdraw("eval/0.tar", ["eval/1.json"])
    assert receipts.find("eval/0.tar", "d1") is None
    withdrawn = receipts.read("eval/0.tar")
    assert withdrawn is not None
    assert dict(withdrawn.files) == {"eval/0.tar": 3, "eval/0.json": 0, "eval/1.json": 0}
    assert (withdrawn.clips, withdrawn.left_out) == (0, ())


def test_of_what_might_have_been_written_only_what_is_there_is_left_to_the_sweep(receipts: Receipts) -> None:
    receipts.withdraw("eval/1.tar", ["eval/0.tar", "eval/1.tar"])
    receipts.write(replace(RECEIPT, shard="eval/1.tar", files=(("eval/2.tar", 3),)))
    (before,) = receipts.strangers(frozenset({"eval/1.tar"}))
    assert [name for name, _ in before.files] == ["eval/0.tar"]


@pytest.mark.parametrize(
    "name", ["/etc/x", "//etc/x", "../x", "eval/../../x", "eval/..", "", "eval//x", "a\0b"], ids=repr
)
def test_a_receipt_of_files_elsewhere_is_none_of_ours(name: str, receipts: Receipts) -> None:
    receipts.write(replace(RECEIPT, files=(("eval/0.tar", 3), (name, 3))))
    assert receipts.read("eval/0.tar") is None
    assert list(receipts.strangers(frozenset())) == []


def test_strangers_are_the_shards_of_no_plan(receipts: Receipts) -> None:
    other = replace(RECEIPT, shard="eval/1.tar")
    receipts.write(RECEIPT)
    receipts.write(other)
    assert list(receipts.strangers(frozenset({"eval/0.tar"}))) == [other]
    assert list(receipts.strangers(frozenset({"eval/0.tar", "eval/1.tar"}))) == []


def test_a_shard_made_of_other_clips_leaves_its_former_files_to_the_sweep(
    receipts: Receipts, tmp_path: Path
) -> None:
    for name in "abc":
        (tmp_path / name).touch()
    receipts.write(replace(RECEIPT, files=(("a", 1), ("b", 2))))
    receipts.write(replace(RECEIPT, files=(("b", 2), ("c", 3))))
    receipts.write(replace(RECEIPT, files=(("c", 3),)))
    (before,) = receipts.strangers(frozenset({"eval/0.tar"}))
    assert sorted(before.files) == [("a", 1), ("b", 2)]


def test_names_of_shards_never_become_paths(receipts: Receipts, tmp_path: Path) -> None:
    receipts.write(replace(RECEIPT, shard="../../x/y"))
    assert [path.parent for path in tmp_path.rglob("*.json")] == [tmp_path / FOLDER]


def test_a_digest_tells_shards_clips_and_terms_apart() -> None:
    digests = [
        digest_of(SHARD, "terms", iter([b"one\n", b"two\n"])),
        digest_of(SHARD, "other terms", iter([b"one\n", b"two\n"])),
        digest_of(SHARD, "terms", iter([b"two\n", b"one\n"])),
        digest_of(SHARD, "terms", iter([b"one\n"])),
        *(
            digest_of(replace(SHARD, **other), "terms", iter([b"one\n", b"two\n"]))
            for other in ({"name": "n"}, {"first": 1}, {"file": "f"}, {"row": 1}, {"split": "s"})
        ),
    ]
    assert len(set(digests)) == len(digests)
    assert digests[0] == digest_of(SHARD, "terms", iter([b"one\n", b"two\n"]))
