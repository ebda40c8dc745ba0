"""A SOURCE is a file or a known name; everything else is told what to do instead."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from asyncdl.errors import EnvironmentFault, UsageError
from asyncdl.inputs import reader
from asyncdl.inputs.audioset_weak import READER
from asyncdl.inputs.known import KNOWN
from asyncdl.inputs.sources import ListFile, fingerprint, resolve


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An address that is taken, but where nobody listens."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("birds.csv", "birds"),
        ("birds.tsv", "birds"),
        ("Birds.CSV.GZ", "Birds"),
        ("birds.gz", "birds"),
        ("birds", "birds"),
        ("birds.v2.csv", "birds.v2"),
        ("my birds (1).csv", "my_birds_1_"),
        ("..csv", "list"),
        ("-rf.csv", "rf"),
        ("eval", "eval"),
    ],
)
def test_a_file_gives_its_stem_made_safe_as_split(tmp_path: Path, name: str, split: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"zT9rQ7pN5mE, 8, 18\n")
    assert resolve(str(path), tmp_path) == ListFile(path, name, split, READER)


def test_a_known_name_is_taken_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nowhere: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("eval", "eval_segments.csv"):
        (tmp_path / name).write_bytes(b"zT9rQ7pN5mE, 8, 18\n")
    known = resolve("eval", tmp_path, base_url=nowhere)
    assert (known.path, known.name, known.split) == (tmp_path / "eval_segments.csv", "eval", "eval")
    assert "not the copy of eval that asyncdl knows" in known.warning
    assert resolve("./eval", tmp_path).path == Path("eval")


def test_a_known_name_that_cannot_be_fetched_is_the_environments_fault(tmp_path: Path, nowhere: str) -> None:
    with pytest.raises(EnvironmentFault, match=r"/v1/csv/eval_segments\.csv"):
        resolve("eval", tmp_path, base_url=nowhere)


@pytest.mark.parametrize(
    ("argument", "what", "mend"),
    [
        ("-", "standard input", "into a file"),
        ("/dev/stdin", "standard input", "into a file"),
        ("https://host/list.csv", "is an address", "Fetch it"),
        ("gs://bucket/list.csv", "is an address", "Fetch it"),
        ("", "empty name", "Give a file"),
        ("balanced_trian", "no file balanced_trian", "Did you mean balanced_train"),
        ("missing.csv", "no file missing.csv", "eval, balanced_train, unbalanced_train"),
        ("nul\0.csv", "Cannot open", "path of a list"),
        ("x" * 300, "Cannot open", "path of a list"),
    ],
)
def test_what_is_no_list_is_a_usage_error_that_says_what_is(
    tmp_path: Path, argument: str, what: str, mend: str
) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(argument, tmp_path)
    assert what in caught.value.what
    assert mend in caught.value.mend


def test_a_fifo_or_a_folder_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.csv")
    for name in ("fifo.csv", "."):
        with pytest.raises(UsageError, match="not a regular file"):
            resolve(str(tmp_path / name), tmp_path)


def test_every_known_name_has_a_reader(tmp_path: Path, nowhere: str) -> None:
    for known in KNOWN.values():
        (tmp_path / known.file_name).write_bytes(b"")
        assert resolve(known.name, tmp_path, base_url=nowhere).reader is reader(known.reader)


def test_a_fingerprint_tells_lists_apart(tmp_path: Path) -> None:
    content = b"zT9rQ7pN5mE, 8, 18\n" * 100_000
    (tmp_path / "list.csv").write_bytes(content)
    assert fingerprint(tmp_path / "list.csv") == (hashlib.sha256(content).hexdigest(), len(content))
