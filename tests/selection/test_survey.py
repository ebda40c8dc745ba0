"""Lists are looked through for rows that match: the same ones that a reader and the test would find."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asyncdl.core.events import Source
from asyncdl.core.keytable import KeyTable, hash_of
from asyncdl.core.model import Row
from asyncdl.core.selection import Group, Wanted
from asyncdl.inputs import shelf as shelf_module
from asyncdl.inputs import survey as survey_module
from asyncdl.inputs.sources import ListFile, resolve
from asyncdl.inputs.survey import Survey, has_usual_form, survey
from support.choices import weak_line, write_weak

ODD = [
    b"",
    b"# a comment",
    b"--4gqARaEJE,0.000,10.000,/m/a",
    b'--4gqARaEJE, 0.000, 10.000, "/m/a,/m/b"\r',
    b'-0gqARaEJE_, 40.000, 20.000, "/m/a"',
    b'-0gqARaEJE_, 00.000, 20.000, "/m/a"',
    b'-0gqARaEJE_, 10.000, 20.000, "m/a"',
    b'-0gqARaEJE_, 10.000, 20.000, "/m/a,/m/a,/m/c"',
    b"#NAME?,30,40,/m/a",
    b'Video00000A, 30.000, 40.000, "/m/a"',
    b'Video00000A, 30.000, 40.000, ""',
    b"\xff\xfe",
]
mids = st.lists(st.sampled_from(["/m/a", "/m/b", "/m/c", "/t/d"]), unique=True, max_size=3)
plain = st.builds(
    lambda n, labels, length: weak_line(f"Video{n:05d}A", labels, length_s=length),
    st.integers(0, 40),
    mids,
    st.integers(1, 12),
)
lists = st.lists(st.lists(plain | st.sampled_from(ODD), max_size=20), min_size=1, max_size=3)
wishes = st.sampled_from(
    [
        Wanted(),
        Wanted(groups=(Group("/m/a", frozenset({"/m/a", "/m/b"})), Group("/m/c", frozenset({"/m/c"})))),
        Wanted(none_of=frozenset({"/m/a"}), min_duration_ms=5000),
        Wanted(all_of=(frozenset({"/m/b"}),)),
    ]
)


def rows_of(files: list[ListFile]) -> Iterator[tuple[int, Row | None, int]]:
    nobodys = Source(0, "", "list", "", 0)
    for index, file in enumerate(files):
        for row in file.reader.rows(file.path, nobodys, lambda _line: False):
            yield index, row if isinstance(row, Row) else None, row.ref.line


def told(found: Survey) -> list[tuple[int, int, int, frozenset[str]]]:
    """List, line, hash and names of what counts, of each row."""
    rows = []
    for index, (first, end) in enumerate(zip(found.bounds, found.bounds[1:], strict=False)):
        for n in range(first, end):
            names = frozenset(found.names[i] for i in found.labels[found.starts[n] : found.starts[n + 1]])
            rows.append((index, int(found.lines[n]), int(found.hashes[n]), names))
    return rows


@given(lists, wishes, st.integers(1, 9))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_a_survey_finds_what_the_readers_and_the_test_find(
    tmp_path: Path, contents: list[list[bytes]], wanted: Wanted, batch: int
) -> None:
    files = []
    for n, lines in enumerate(contents):
        path = tmp_path / f"list{n}.csv"
        path.write_bytes(weak_line("Head000000A", ["/m/a"]) + b"\n" + b"\n".join(lines))
        files.append(resolve(str(path), tmp_path))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(survey_module, "_BATCH_LINES", batch)
        patch.setattr(survey_module, "MOST_KNOWN", 3)
        patch.setattr(shelf_module, "MOST_KNOWN", 3)
        patch.setattr(shelf_module, "_CHUNK_ROWS", 2)
        found = survey(files, wanted, with_labels=True)
    seen = KeyTable()
    expected, rejected, segments = [], [set[int]() for _ in files], 0
    for index, row, line in rows_of(files):
        if row is None:
            rejected[index].add(line)
            continue
        segments += 1
        known = len(seen)
        if wanted.matches(row.segment) and seen.add(row.segment.key) == known:
            names = frozenset(wanted.names_of(row.segment.labels))
            expected.append((index, line, hash_of(row.segment.key), names))
    assert told(found) == expected
    assert [set(lines) for lines in found.rejected] == rejected
    assert found.segments == segments


def test_ids_are_asked_in_the_quick_way_too(tmp_path: Path) -> None:
    rows = [(f"Video{n:05d}A", ["/m/a"]) for n in range(1000)]
    only = KeyTable()
    only.add("Video00007A")
    only.add("Video00009A_30000_40000")
    only.add("Video00010A_0_10000")
    found = survey([write_weak(tmp_path / "a.csv", rows)], Wanted(only=only), with_labels=False)
    assert found.lines.tolist() == [8, 10]


def test_a_gzipped_list_and_a_table_with_other_columns_are_surveyed_too(tmp_path: Path) -> None:
    plain_list = write_weak(tmp_path / "a.csv", [("Video00001A", ["/m/a"]), ("Video00002A", ["/m/b"])])
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(plain_list.path.read_bytes()))
    (tmp_path / "c.csv").write_text(
        "index,YTID,start_seconds,end_seconds,positive_labels\n0,Video00003A,0,10,/m/a\n"
    )
    files = [plain_list, *(resolve(str(tmp_path / name), tmp_path) for name in ("b.csv.gz", "c.csv"))]
    assert [has_usual_form(file) for file in files] == [True, True, False]
    found = survey(files, Wanted(groups=(Group("/m/a", frozenset({"/m/a"})),)), with_labels=False)
    assert found.bounds == (0, 1, 1, 2)
    assert found.segments == 5
