"""Known lists are fetched once, whole or not at all, and a fault names the address and another way."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from asyncdl.errors import AsyncdlError, DiskFull, EnvironmentFault
from asyncdl.inputs.cache import cache_folder, cached
from asyncdl.inputs.count import RowCount, count_rows
from asyncdl.inputs.known import BASE_URL, KNOWN, KnownList

CONTENT = (Path(__file__).parent.parent / "data" / "weak_usual.csv").read_bytes()
LIST = KnownList("tiny", "v1/csv/tiny.csv", 5, len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


@dataclass
class Shelf:
    """What the loopback server answers; ``named_bytes`` is the length that it promises."""

    body: bytes = CONTENT
    status: int = 200
    named_bytes: int | None = None
    asked: list[str] = field(default_factory=list)
    base_url: str = ""


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    shelf = Shelf()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shelf.asked.append(self.path)
            self.send_response(shelf.status)
            if shelf.named_bytes != -1:
                self.send_header("Content-Length", str(shelf.named_bytes or len(shelf.body)))
            self.end_headers()
            self.wfile.write(shelf.body)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        shelf.base_url = f"http://127.0.0.1:{server.server_port}/corpus/"
        yield shelf
        server.shutdown()
        thread.join()


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def fault_of(shelf: Shelf, folder: Path, known: KnownList = LIST) -> AsyncdlError:
    with pytest.raises(EnvironmentFault) as caught:
        cached(known, folder, base_url=shelf.base_url)
    assert left_in(folder) == {".lock"}
    return caught.value


def test_a_list_is_fetched_once_and_told_of_on_the_way(shelf: Shelf, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    folder = tmp_path / "new" / "cache"
    for _ in range(2):
        found = cached(LIST, folder, base_url=shelf.base_url, on_progress=lambda *at: told.append(at))
        assert found.path.read_bytes() == CONTENT
        assert not found.warning
    assert shelf.asked == ["/corpus/v1/csv/tiny.csv"]
    assert told == [(len(CONTENT), len(CONTENT))]
    assert left_in(folder) == {"tiny.csv", ".lock"}


def test_programs_that_start_together_fetch_once(shelf: Shelf, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: cached(LIST, tmp_path, base_url=shelf.base_url), range(4)))
    assert {each.path.read_bytes() for each in found} == {CONTENT}
    assert len(shelf.asked) == 1


def test_another_whole_copy_is_used_with_a_warning_each_time(shelf: Shelf, tmp_path: Path) -> None:
    shelf.body = CONTENT.replace(b"created Mon", b"created Tue")
    for _ in range(2):
        found = cached(LIST, tmp_path, base_url=shelf.base_url)
        assert found.path.read_bytes() == shelf.body
        assert "not the copy of tiny that asyncdl knows" in found.warning


def test_a_body_without_a_length_is_taken_when_it_is_the_known_list(shelf: Shelf, tmp_path: Path) -> None:
    shelf.named_bytes = -1
    told: list[int | None] = []
    cached(LIST, tmp_path, base_url=shelf.base_url, on_progress=lambda _, total: told.append(total))
    assert told == [None]


@pytest.mark.parametrize("status", [403, 404, 503])
def test_a_refusal_names_the_address_and_the_other_way(shelf: Shelf, tmp_path: Path, status: int) -> None:
    shelf.status = status
    fault = fault_of(shelf, tmp_path)
    assert shelf.base_url + "v1/csv/tiny.csv" in fault.what
    assert str(status) in fault.what
    assert "give the path of that file instead of tiny" in fault.mend


def test_a_body_shorter_than_promised_is_not_kept(shelf: Shelf, tmp_path: Path) -> None:
    shelf.named_bytes = len(CONTENT) + 100
    assert "Cannot fetch" in fault_of(shelf, tmp_path).what


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"<html>Please sign in to this hotel's network</html>\n", "0 rows, 1 unreadable"),
        (CONTENT[: CONTENT.index(b"zT9")], "4 rows, 0 unreadable lines, 5 rows named"),
        (b"", "0 rows, 0 unreadable lines, no rows named"),
        (CONTENT.decode().encode("utf-16"), "UTF-16"),
    ],
)
def test_what_is_no_whole_list_is_not_kept(shelf: Shelf, tmp_path: Path, body: bytes, what: str) -> None:
    shelf.body = body
    assert what in fault_of(shelf, tmp_path).what


def test_a_body_far_too_large_is_cut_off(shelf: Shelf, tmp_path: Path) -> None:
    shelf.body = CONTENT * 5
    assert "far more" in fault_of(shelf, tmp_path).what


def test_a_server_that_is_not_there_is_the_environments_fault(shelf: Shelf, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        shelf.base_url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        assert f"{shelf.base_url}v1/csv/tiny.csv" in fault_of(shelf, tmp_path).what


def test_what_a_killed_fetch_left_is_written_over(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "tiny.csv.part").write_bytes(CONTENT * 2)
    assert cached(LIST, tmp_path, base_url=shelf.base_url).path.read_bytes() == CONTENT
    assert left_in(tmp_path) == {"tiny.csv", ".lock"}


def test_a_cache_that_cannot_be_written_names_its_variable(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EnvironmentFault) as caught:
        cached(LIST, tmp_path / "file" / "cache", base_url=shelf.base_url)
    assert "ASYNCDL_CACHE" in caught.value.mend
    assert not shelf.asked


def test_a_full_disk_is_told_as_such(shelf: Shelf, tmp_path: Path) -> None:
    """The part leads to a device that is always full."""
    (tmp_path / "tiny.csv.part").symlink_to("/dev/full")
    with pytest.raises(DiskFull, match="No space left"):
        cached(LIST, tmp_path, base_url=shelf.base_url)
    assert left_in(tmp_path) == {".lock"}


def test_the_cache_folder_is_the_users_own_or_the_one_named(tmp_path: Path) -> None:
    assert cache_folder({"ASYNCDL_CACHE": str(tmp_path)}) == tmp_path
    assert cache_folder({}) == cache_folder({"ASYNCDL_CACHE": ""}) == user_cache_path("asyncdl")


def test_the_known_lists_are_the_weak_and_the_strong_ones_over_https() -> None:
    weak = ["eval", "balanced_train", "unbalanced_train"]
    assert list(KNOWN) == [*weak, "strong_train", "strong_eval"]
    assert BASE_URL.startswith("https://")
    assert sum(KNOWN[name].rows for name in weak) == 2_084_320
    assert KNOWN["strong_train"].path == "strong/audioset_train_strong.tsv"
    assert KNOWN["strong_eval"].path == "strong/audioset_eval_strong.tsv"


STRONG = "".join(f"{number:010d}A_30000\t0.000\t1.000\t/m/0jbk\n" for number in range(200)).encode()


def strong_list(rows: int) -> KnownList:
    return KnownList("tiny", "strong/tiny.tsv", rows, len(STRONG), "", "audioset_strong")


def test_a_list_of_which_no_copy_is_known_is_taken_without_a_warning(shelf: Shelf, tmp_path: Path) -> None:
    shelf.body = STRONG + b"#NAME?\t0.000\t1.000\t/m/0jbk\n"
    found = cached(strong_list(200), tmp_path, base_url=shelf.base_url)
    assert (found.path.read_bytes(), found.warning) == (shelf.body, "")


@pytest.mark.parametrize(("body", "rows"), [(STRONG, 220), (STRONG + b"junk\n" * 20, 200), (b"", 200)])
def test_of_a_list_without_a_known_copy_nearly_all_must_be_there(
    shelf: Shelf, tmp_path: Path, body: bytes, rows: int
) -> None:
    shelf.body = body
    assert "gave no whole list" in fault_of(shelf, tmp_path, strong_list(rows)).what


def test_a_count_tells_rows_rejected_lines_and_the_headers_own_number(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(CONTENT + b"bad\n")
    assert count_rows(path, LIST.reader) == RowCount(5, 1, 5)
    path.write_bytes(CONTENT[CONTENT.index(b"--aB") :])
    assert count_rows(path, replace(LIST, name="other").reader) == RowCount(5, 0, None)
