"""Journals from strangers are refused by name or harmless: nothing is run, read or written elsewhere."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asyncdl.app.opening import Surroundings
from asyncdl.app.retry import retry_failed
from asyncdl.core import forms, layout
from asyncdl.core.model import Segment, Span
from asyncdl.core.records import MAX_RECORD_BYTES, seal
from asyncdl.errors import JournalFault, UsageError
from asyncdl.fetchers.ytdlp.config import Endpoint
from asyncdl.inputs.lines import fingerprint
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.replay import replay
from asyncdl.settings import RunSettings
from asyncdl.ui.choose import ScreenMode
from support.bench import Bench, ytids
from support.proxies import closed_port
from support.strange_journals import (
    EVENTS,
    PATHS,
    bend,
    consume,
    is_refused,
    little_memory,
    plant,
    sound,
    with_member,
)
from support.witness import Witness


def test_the_sound_journal_is_read_by_all(tmp_path: Path) -> None:
    """What the tests below bend is taken as it is."""
    plant(tmp_path, sound())
    consume(tmp_path)
    counts = replay(journal_of(tmp_path)).ledger.counts()
    assert (counts.segments, counts.stored, counts.rejected_rows, counts.repeated_rows) == (1, 1, 1, 1)


KEYS = [
    *PATHS,
    *("Video00001A_0_0", "Video00001A_10_5", "Video00001A_-1_5", "Video00001A_0_1_5", "Video00001A_0_1\n"),
    *("Video00001A_00_1", "Video00001A_0_\u0661", "Video00001A_0_99999999999", "", "_", None, 5, [], ["x"]),
]


@pytest.mark.parametrize("key", KEYS)
def test_a_row_whose_key_no_list_could_have_is_refused(tmp_path: Path, key: object) -> None:
    plant(tmp_path, with_member("row", ("rows", 0, 1), key))
    with pytest.raises(JournalFault):
        consume(tmp_path)


@pytest.mark.parametrize("key", PATHS)
def test_no_path_is_made_of_such_a_key_wherever_it_comes_from(key: str) -> None:
    ytid, start, end = key.rsplit("_", 2)
    with pytest.raises(ValueError, match="no key"):
        layout.clip_path(Segment(ytid, Span(int(start), int(end)), "eval"), "flac")


SPLITS = [
    "../..",
    "..",
    ".",
    "",
    "/etc",
    "a/b",
    "a\\b/..",
    "-x",
    "x\x00",
    "x\n",
    "é",
    "x" * 65,
    None,
    3,
    ["eval"],
]


@pytest.mark.parametrize("split", SPLITS)
def test_a_split_with_path_parts_is_refused_in_rows_sources_and_paths(tmp_path: Path, split: object) -> None:
    for kind, member in (("row", "p"), ("source", "split")):
        plant(tmp_path, with_member(kind, (member,), split))
        with pytest.raises(JournalFault):
            consume(tmp_path)
    with pytest.raises(ValueError, match=r"no name of a split|no text"):
        layout.clip_path(Segment("Video00001A", Span(0, 1), split, ()), "flac")  # type: ignore[arg-type]


Case = tuple[str, tuple[Any, ...], object]


def each(kind: str, path: tuple[Any, ...], *values: object) -> list[Case]:
    """One case a value."""
    return [(kind, path, value) for value in values]


HOSTILE: list[Case] = [
    *each("row", ("s",), -1, 2**63, 1e300, "0", None, []),
    *each("row", ("rows", 0, 0), -1, 2**60, 2**40, 2**64 - 1, 1e300, "1", None, {}),
    *each("repeated", ("i",), -1, 2**60, 1 << 27, 1.5, "x", None),
    *each("rejected", ("i",), -5, 2**62, "x", None),
    *each("row", ("rows", 0, 2), [1], [None], [["x"]], "ab", {"a": 1}),
    *each("row", ("rows", 0, 3), [["x"]], [[1, 2]], ["xy", 1], [["a", "b", "c"]]),
    *each("row", ("rows",), 5, None, [5], [[]], ["ab"], {"a": "b"}),
    *each("stored", ("r",), 2**64 - 1, 2**31, "1", None),
    *each("failed", ("r",), -1, 2**64 - 1, 2**31, 1.5, "1", None),
    *each("retry", ("r",), -1, 2**63, 2**31, "x"),
    *each("lost", ("r",), -1, 2**63, 2**31, "x"),
    *(case for member in "bmaz" for case in each("stored", (member,), -1, "1", None, [], 1.5)),
    *(case for member in ("a", "z", "src") for case in each("stored", (member,), 0)),
    *(case for member in ("fid", "tool", "title", "mute", "whole") for case in each("stored", (member,), 5)),
    *each("stored", ("kept",), ["../../x"], ["/etc/passwd"], [5], ["clips/../x"], "clips"),
    *(case for member in ("fc", "ft") for case in each("failed", (member,), 5)),
    *each("failed", ("fw",), "x", [], {}),
    *(case for member in ("why", "ft") for case in each("rejected", (member,), ["x"])),
    *(case for member in ("index", "size_bytes") for case in each("source", (member,), -1, "0", None, [])),
    *(case for member in ("name", "sha256") for case in each("source", (member,), 5)),
    *each("start", ("v",), 2, 0, "1", None, [1], "9" * 1000, "\x1b[2J"),
    *each("start", ("spec", "sample_rate"), "8000,amovie=/etc/passwd", 1, 10**9, True, [1]),
    *each("start", ("spec", "max_height"), "360'[x];movie=/etc/passwd", 0, None, 10**6),
    *each("start", ("spec", "bitrate_kbps"), "1k -f null", 0, -5, 10**9),
    *each("start", ("spec", "format"), "../x", "sh", None, ["flac"]),
    *(case for member in ("mono", "video") for case in each("start", ("spec", member), "yes", 1, None)),
    *(case for member in ("spec", "options", "tools") for case in each("start", (member,), "x", [], 5)),
    *each("start", ("id",), ["../x"]),
    *each("pace", ("who",), ["x"]),
    *each("pace", ("pace",), "x"),
    *each("stored", ("e",), [], {}, None, 5),
]


@pytest.mark.parametrize(("kind", "path", "value"), HOSTILE)
def test_a_member_that_no_version_writes_is_refused_by_name(
    tmp_path: Path, kind: str, path: tuple[Any, ...], value: object
) -> None:
    plant(tmp_path, with_member(kind, path, value))
    with little_memory(), pytest.raises(JournalFault) as refused:
        consume(tmp_path)
    told = str(refused.value)
    assert EVENTS in told or "record" in told
    assert len(told) < 1000
    assert "\x1b" not in told


COMMANDS = [
    ("yt_dlp_args", "--exec 'touch canary2'"),
    ("yt_dlp_args", "--netrc-cmd 'touch canary2'"),
    ("yt_dlp_args", "--plugin-dirs ."),
    ("yt_dlp_args", "--config-locations ."),
    ("yt_dlp_args", "-o ../../x"),
    ("yt_dlp_args", "--proxy http://127.0.0.1:9"),
    ("yt_dlp_args", "--cookies /etc/passwd"),
    ("yt_dlp_args", "--extractor-args youtube:innertube_host=127.0.0.1:9"),
    ("url_template", "file:///etc/passwd?{ytid}"),
    ("url_template", "http://127.0.0.1/{ytid}"),
    ("deadline_s", 1e300),
    ("deadline_s", -1.0),
    ("max_file_bytes", 2**63),
    ("max_file_bytes", -1),
    ("concurrency", 10**9),
    ("has_unsafe_args", True),
]


@pytest.mark.parametrize(("name", "value"), COMMANDS)
async def test_options_that_nobody_could_type_are_not_taken_from_a_journal(
    tmp_path: Path, name: str, value: object
) -> None:
    """``retry-failed`` takes its options from there; here it would meet a closed port."""
    plant(tmp_path / "out", with_member("start", ("options", name), value))
    around = Surroundings(ScreenMode.QUIET, endpoint=Endpoint(f"127.0.0.1:{closed_port()}", "ca.pem"))
    with pytest.raises(UsageError):
        await retry_failed(RunSettings(out=tmp_path / "out"), around)
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_stands_in_a_record_is_refused_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Any member of any record replaced by any JSON value."""
    root = tmp_path_factory.mktemp("strange")
    records = deepcopy(sound())
    bend(data, records)
    plant(root, records)
    is_refused(root)
    assert sorted(entry.name for entry in root.iterdir()) in (["journal"], ["journal", "manifest.jsonl"])


def test_lines_that_are_values_only_together_are_passed_over(tmp_path: Path) -> None:
    """Each is signed; joined by commas they are as many values as lines, and one is no object."""

    def signed(body: bytes) -> bytes:
        return b'%b,"c":"%08x"}\n' % (body, crc32(body))

    folder = plant(tmp_path, sound())
    whole = (folder / EVENTS).read_bytes()
    together = signed(b'[1],{"q":90,"d":0') + signed(b'{"z":{"q":91') + signed(b'"q":92,"d":0')
    (folder / EVENTS).write_bytes(together + whole)
    consume(tmp_path)
    assert replay(folder).ledger.counts().stored == 1


@pytest.mark.parametrize("event", ["from_the_future", "", "\x1b[2J"])
def test_an_event_of_no_known_name_is_passed_over(tmp_path: Path, event: object) -> None:
    plant(tmp_path, with_member("stored", ("e",), event))
    consume(tmp_path)
    assert replay(journal_of(tmp_path)).ledger.counts().stored == 0


def test_nesting_of_any_depth_is_no_record(tmp_path: Path) -> None:
    folder = plant(tmp_path, sound())
    for depth in (2_000, 100_000):
        deep = b'{"e":"x","x":%b%b}' % (b"[" * depth, b"]" * depth)
        with (folder / EVENTS).open("ab") as file:
            file.write(seal(deep, 99, 0))
    consume(tmp_path)


async def test_a_known_list_whose_split_leads_outside_is_not_fetched(bench: Bench) -> None:
    """A list is recognised by its bytes; what a journal says of it decides where its clips go."""
    rows = bench.write_list(ytids(1))
    sha256, size_bytes = fingerprint(Path(rows))
    records = with_member("source", ("split",), "../../../escaped")
    records["source"] |= {"sha256": sha256, "size_bytes": size_bytes}
    plant(bench.out, records)
    witness = Witness.of(bench, rows)
    with pytest.raises(JournalFault, match="no name of a split"):
        await bench.run(rows)
    assert witness.complaints() == []
    assert bench.fetched() == 0


def test_a_record_may_be_as_long_as_one_may_be_written(tmp_path: Path) -> None:
    records = with_member("rejected", ("ft",), "x" * (MAX_RECORD_BYTES - 200))
    plant(tmp_path, records)
    consume(tmp_path)


def test_the_key_rule_is_the_rule_of_lists() -> None:
    assert forms.parts_of("--PJHxphWEs_30000_40000") == ("--PJHxphWEs", Span(30_000, 40_000))
    assert forms.parts_of("-----------_0_21600000") == ("-----------", Span(0, 21_600_000))
    with pytest.raises(ValueError, match="no key"):
        forms.parts_of("-----------_0_21600001")
