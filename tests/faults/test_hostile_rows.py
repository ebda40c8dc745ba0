"""Lists from strangers: every bad row is counted with its line and reason, and nothing else happens."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from types import SimpleNamespace

import pytest

from asyncdl.core import layout
from asyncdl.core.columns import UnreadableHeader, read_columns
from asyncdl.core.model import Segment, Span
from asyncdl.core.rows import RejectReason as Why
from asyncdl.demo import player
from asyncdl.demo.reasons import Refusal
from asyncdl.demo.wordings import Wording
from asyncdl.runtime.finding import journal_of
from support.bench import Bench
from support.witness import Witness

MB = 1 << 20
GOOD = "ZQ3dE5gH8xk"
# What a terminal would obey, and what makes a file name or JSON awkward.
STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

HOSTILE: list[tuple[bytes, Why]] = [
    (b"abc\x00def3x_y, 0, 10", Why.NUL_BYTE),
    (bytes(range(14, 256)), Why.NOT_UTF8),
    (b"\xff\xfe\xfd, 0, 10", Why.NOT_UTF8),
    (b"\x7fELF\x02\x01\x01\x00", Why.NUL_BYTE),
    (b"x" * 70_000, Why.LINE_TOO_LONG),
    (b'"' * 66_000, Why.LINE_TOO_LONG),
    (b'ZQ3dE5gH8xk, 0, 10, "/m/09x0r', Why.OPEN_QUOTE),
    (b'"ZQ3dE5gH8xk, 0, 10', Why.MISSING_FIELDS),
    (b"ZQ3dE5gH8xk", Why.MISSING_FIELDS),
    (b"ZQ3dE5gH8xk, 0", Why.MISSING_FIELDS),
    (b"ZQ3dE5gH8xk\t0\t10", Why.TAB_SEPARATED),
    (b"ZQ3dE5gH8xk, nan, 10", Why.NOT_A_TIME),
    (b"ZQ3dE5gH8xk, 0, inf", Why.NOT_A_TIME),
    (b"ZQ3dE5gH8xk, 0, 1e999", Why.NOT_A_TIME),
    (b"ZQ3dE5gH8xk, 0, 1_0", Why.NOT_A_TIME),
    (b"ZQ3dE5gH8xk, 0, 0x10", Why.NOT_A_TIME),
    ("ZQ3dE5gH8xk, \u0661, \u0661\u0660".encode(), Why.NOT_A_TIME),
    ("ZQ3dE5gH8xk, \uff10, \uff11\uff10".encode(), Why.NOT_A_TIME),
    (b"ZQ3dE5gH8xk, -1, 10", Why.NEGATIVE_TIME),
    (b"ZQ3dE5gH8xk, 10, 0", Why.END_NOT_AFTER_START),
    (b"ZQ3dE5gH8xk, 10, 10", Why.END_NOT_AFTER_START),
    (b"ZQ3dE5gH8xk, 0, 99999999999999999999", Why.TIME_TOO_LARGE),
    (b"ZQ3dE5gH8xk, 0, 999999", Why.SEGMENT_TOO_LONG),
    (b"../../etc/x, 0, 10", Why.BAD_ID),
    (b"/etc/passwd, 0, 10", Why.BAD_ID),
    (rb"..\..\canar, 0, 10", Why.BAD_ID),
    (b"-exec, 0, 10", Why.BAD_ID),
    (b"--exec=touch canary2, 0, 10", Why.BAD_ID),
    (b"$(id)$(id)x, 0, 10", Why.BAD_ID),
    (b"`id`&&id>xy, 0, 10", Why.BAD_ID),
    (b";id;id;id;i, 0, 10", Why.SEMICOLON_SEPARATED),
    ("ZQ3dE5gH8x\u00e9, 0, 10".encode(), Why.BAD_ID),
    ("ZQ3dE5gH8x\u0661, 0, 10".encode(), Why.BAD_ID),
    (b'"ZQ3dE5gH8x"k, 0, 10, "/m/09x0r", "', Why.OPEN_QUOTE),
    (b'#NAME?, 30, 40, "/m/09x0r"', Why.SPREADSHEET_ID),
    (b"ZQ3dE5gH8xk\r, 0, 10", Why.LONE_CR),
    (b"ZQ3dE5gH8xk, 0, 10\rZQ3dE5gH8xl, 0, 10", Why.LONE_CR),
    (b'ZQ3dE5gH8xk, 0, 10, "../../../x"', Why.BAD_LABEL),
    (b"ZQ3dE5gH8xk, 0, 10, \x1b]0;owned\x07\x1b[2J", Why.BAD_LABEL),
    ("ZQ3dE5gH8xk, 0, 10, \u009b31m\u202e".encode(), Why.BAD_LABEL),
]
LISTED = [line for line, _ in HOSTILE]


def printed(text: str) -> str:
    """What a command wrote, after looking for anything that steers a terminal."""
    assert not STEERING.search(text), repr(STEERING.search(text))
    return text


async def rejected(bench: Bench) -> dict[int, str]:
    """Line and reason of each rejected row, as ``status --rejected`` tells them."""
    ended = await bench.command("status", "--rejected", "--json")
    rows = [json.loads(line) for line in printed(ended.stdout).splitlines()]
    assert len({row["line"] for row in rows}) == len(rows)
    return {row["line"]: row["reason"] for row in rows}


async def test_every_bad_row_is_told_with_line_and_reason_and_the_good_ones_are_fetched(bench: Bench) -> None:
    """BOM, CRLF, leading dashes and a last line without an end are good."""
    good = [b"\xef\xbb\xbf--PJHxphWEs, 0, 1\r", b"-PJHxphWEs0,0,1,/m/09x0r", b"-----------, 0, 1"]
    path = bench.folder / "hostile.csv"
    path.write_bytes(b"\n".join([good[0], *LISTED, *good[1:], good[0][3:], b"_9-PJHxphWE, 0, 1"]))
    witness = Witness.of(bench, str(path))

    ended = await bench.command("run", str(path), "--json")

    assert ended.code == 0, ended.stderr
    printed(ended.stderr)
    told = ended.json()
    assert (told["segments"], told["stored"], told["open"]) == (4, 4, 0)
    assert (told["rejected_rows"], told["repeated_rows"]) == (len(HOSTILE), 1)
    assert await rejected(bench) == {line: why.value for line, (_, why) in enumerate(HOSTILE, 2)}
    for ytid in ("--PJHxphWEs", "-PJHxphWEs0", "-----------", "_9-PJHxphWE"):
        clip = layout.clip_path(Segment(ytid, Span(0, 1000), "hostile"), "flac")
        assert (bench.out / clip).stat().st_size > 1000
    assert witness.complaints() == []


TELL_PEAK = """
import atexit, pathlib, runpy, sys
def tell():
    status = pathlib.Path("/proc/self/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    pathlib.Path("peak").write_text(peak.split()[1])
atexit.register(tell)
"""
RUN = """
sys.argv.pop(0)
runpy.run_module("asyncdl", run_name="__main__", alter_sys=True)
"""


async def run_measured(folder: Path, *arguments: str) -> tuple[int, str, int]:
    """Run asyncdl in ``folder``; answer exit code, stdout and the peak of its memory in MB."""
    return await measured(folder, RUN, "asyncdl", *arguments)


async def measured(folder: Path, program: str, *arguments: str) -> tuple[int, str, int]:
    """Run Python lines in a process of their own, as ``run_measured`` does."""
    argv = [sys.executable, "-c", TELL_PEAK + program, *arguments]
    process = await asyncio.create_subprocess_exec(*argv, cwd=folder, stdout=PIPE, stderr=PIPE)
    stdout, stderr = await process.communicate()
    printed(stderr.decode())
    return process.returncode or 0, stdout.decode(), int((folder / "peak").read_text()) >> 10


def with_a_hole(path: Path, size_bytes: int) -> None:
    """Write a list with one endless line between two bad rows; on disk it takes nothing."""
    with path.open("wb") as file:
        file.write(b"#NAME?, 0, 10\nx")
        file.seek(size_bytes)
        file.write(b"\n-exec, 0, 10\n")


@pytest.mark.parametrize("size_mb", [300, pytest.param(1024, marks=pytest.mark.slow)])
async def test_a_line_of_any_length_takes_no_memory(tmp_path: Path, size_mb: int) -> None:
    with_a_hole(tmp_path / "long.csv", size_mb * MB)
    code, _, peak_mb = await run_measured(tmp_path, "run", "long.csv")
    assert code == 2
    assert peak_mb < 120
    _, told, _ = await run_measured(tmp_path, "status", "--rejected", "--json")
    rows = [json.loads(line) for line in told.splitlines()]
    assert [(row["line"], row["reason"]) for row in rows] == [
        (1, Why.SPREADSHEET_ID.value),
        (2, Why.LINE_TOO_LONG.value),
        (3, Why.BAD_ID.value),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("fill", "repeats"), [(b"x" * MB, 1024), (b"-exec, 0, 10\n" * 10_000, 10)])
async def test_a_gzip_bomb_takes_time_and_no_memory(tmp_path: Path, fill: bytes, repeats: int) -> None:
    with gzip.open(tmp_path / "bomb.csv.gz", "wb", compresslevel=9) as file:
        for _ in range(repeats):
            file.write(fill)
    code, _, peak_mb = await run_measured(tmp_path, "run", "bomb.csv.gz")
    assert code == 2
    assert peak_mb < 120


@pytest.mark.timeout(900)
@pytest.mark.parametrize("rows", [5_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
async def test_any_number_of_bad_rows_takes_little_memory(tmp_path: Path, rows: int) -> None:
    """Each with another long label, which nothing may remember."""
    label = ",/m/" + "x" * 200
    with (tmp_path / "bad.csv").open("w") as file:
        file.writelines(f'ZQ3dE5gH8xk, 0, 10, "{label}{number},Speech"\n' for number in range(rows))
    code, _, peak_mb = await run_measured(tmp_path, "run", "bad.csv")
    assert code == 2
    assert peak_mb < 120
    _, told, _ = await run_measured(tmp_path, "status", "--json")
    assert json.loads(told)["rejected_rows"] == rows


async def test_rows_of_thousands_of_labels_leave_nothing_in_memory(tmp_path: Path) -> None:
    """A label set is remembered since most come again; a set of 64 KiB would be remembered in vain."""
    program = """
from asyncdl.core.columns import USUAL
from asyncdl.core.rows import parse_row
for n in range(100):
    labels = ",".join(f"/m/{n}_{m}" for m in range(4000 if n % 2 else 300))
    row = f'ZQ3dE5gH8xk, 0, 10, "{labels}"'
    assert len(parse_row(row.encode(), USUAL, "x").labels) >= 300
"""
    code, _, peak_mb = await measured(tmp_path, program)
    assert code == 0
    assert peak_mb < 30


def test_a_header_of_thousands_of_columns_is_refused() -> None:
    names = ",".join(f"column{number}" for number in range(2000))
    header = read_columns(f"ytid,start,end,labels,{names}")
    assert isinstance(header, UnreadableHeader)
    assert "longer than" in header.what
    assert read_columns("x," * 9000) is None


ESCAPES = "a\x1b[31mb\x1b]0;owned\x07c\x9b2Jd\u202ee\ud800f\x00g\n{}\"'\\"


async def test_titles_and_reasons_of_any_content_reach_no_terminal_and_break_no_record(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles = {"Video00001A": ESCAPES, "Video00002A": "long " * 400_000, "Video00003A": ""}
    monkeypatch.setattr(player, "orjson", SimpleNamespace(dumps=lambda answer: json.dumps(answer).encode()))
    monkeypatch.setattr(player, "title_of", lambda ytid: titles.get(ytid, "a title"))
    words = Wording("private", Refusal("LOGIN_REQUIRED", f"This video is private{ESCAPES}"))
    monkeypatch.setattr(player, "WORDINGS", {"Video00004A": words})
    path = bench.folder / "eval\x1b[31m\u202e.csv"
    path.write_text("".join(f"{ytid}, 0, 1\n" for ytid in (*titles, "Video00004A")) + "bad\x1b[2J, 0, 1\n")

    ended = await bench.command("run", str(path), "--json", "--log-file", "run.log")

    printed(ended.stderr)
    assert ended.stdout, ended.stderr[-3000:]
    assert ended.json()["stored"] == 3, ended.stderr
    printed((await bench.command("status", "--rejected", "--json")).stdout)
    printed((bench.folder / "run.log").read_text())
    for file in [*journal_of(bench.out).glob("*.jsonl"), bench.out / "manifest.jsonl"]:
        for line in file.read_bytes().splitlines():
            json.loads(line)
