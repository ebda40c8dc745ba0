"""Tables of other data sets, and any table whose columns are told, become segments."""

from __future__ import annotations

import csv
import io
import json
import os
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asyncdl.core.events import Source
from asyncdl.core.model import RejectedRow, Row, Segment, Span
from asyncdl.core.rows import RejectReason
from asyncdl.core.table_columns import BY_HEADER, TableColumns, parse_columns
from asyncdl.errors import UsageError
from asyncdl.inputs import further
from asyncdl.inputs.recognise import reader_name
from asyncdl.inputs.sources import resolve
from asyncdl.inputs.table import Table

LIST = Source(index=3, name="table.csv", split="table", sha256="", size_bytes=0)
ONE, TWO = "-x_y_z1234Q", "abcdefghijk"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


def rows_of(
    path: Path, columns: TableColumns = BY_HEADER, skip: frozenset[int] = frozenset()
) -> list[Row | RejectedRow]:
    return list(Table(columns).rows(path, LIST, skip.__contains__))


def read(path: Path, text: str, columns: str = "") -> list[Row | RejectedRow]:
    path.write_text(text, encoding="utf-8", newline="")
    return rows_of(path, parse_columns(columns) if columns else BY_HEADER)


def segments(rows: list[Row | RejectedRow]) -> list[Segment]:
    assert all(isinstance(row, Row) for row in rows), rows
    return [row.segment for row in rows if isinstance(row, Row)]


def told(rows: list[Row | RejectedRow]) -> list[tuple[int, str]]:
    """Line number, and key or reason, of each row."""
    return [
        (row.ref.line, row.segment.key if isinstance(row, Row) else RejectReason(row.reason).name)
        for row in rows
    ]


AUDIOCAPS = "audiocap_id,youtube_id,start_time,caption\r\n"


def test_five_captions_of_an_audiocaps_clip_are_one_segment_wherever_they_stand(path: Path) -> None:
    text = AUDIOCAPS + f'7,{ONE},30,"A dog barks, twice"\r\n8,{TWO},0,Rain\r\n9,{ONE},30,It\u2019s a dog\r\n'
    assert told(found := read(path, text)) == [(2, f"{ONE}_30000_40000"), (3, f"{TWO}_0_10000")]
    assert segments(found)[0].columns == (
        ("audiocap_id", "7"),
        ("audiocap_id", "9"),
        ("caption", "A dog barks, twice"),
        ("caption", "It\u2019s a dog"),
    )
    assert segments(found)[1].columns == (("audiocap_id", "8"), ("caption", "Rain"))


def test_musiccaps_has_label_ids_and_texts(path: Path) -> None:
    text = (
        "ytid,start_s,end_s,audioset_positive_labels,aspect_list,caption,author_id,is_balanced_subset,"
        "is_audioset_eval\n"
        '-0Gj8-vB1q4,30,40,"/m/0140xf,/m/02cjck","[\'slow, soft\']","A ""low"" voice.",4,False,True\n'
    )
    (found,) = segments(read(path, text))
    assert (found.span, found.labels) == (Span(30_000, 40_000), ("/m/0140xf", "/m/02cjck"))
    assert dict(found.columns) == {
        "aspect_list": "['slow, soft']",
        "caption": 'A "low" voice.',
        "author_id": "4",
        "is_balanced_subset": "False",
        "is_audioset_eval": "True",
    }


def test_vggsound_is_told_by_the_form_of_its_rows(path: Path) -> None:
    text = f'{ONE},1,people marching,test\n{TWO},30,"bird chirping, tweeting",train\n#NAME?,30,rain,train\n'
    first, second, damaged = read(path, text)
    assert segments([first, second]) == [
        Segment(ONE, Span(1_000, 11_000), "test", ("people marching",)),
        Segment(TWO, Span(30_000, 40_000), "train", ("bird chirping, tweeting",)),
    ]
    assert told([damaged]) == [(3, "SPREADSHEET_ID")]
    assert reader_name(path) == "table"


def test_kinetics_may_lack_labels_and_name_a_split(path: Path) -> None:
    head = "label,youtube_id,time_start,time_end,split,is_cc\n"
    text = head + f'"abseiling",{ONE},20,30,validate,0\n,{TWO},0,10,../up,1\n"a, b",{TWO},10,20,,1\n'
    assert segments(read(path, text)) == [
        Segment(ONE, Span(20_000, 30_000), "validate", ("abseiling",), (("is_cc", "0"),)),
        Segment(TWO, Span(0, 10_000), "_up", (), (("is_cc", "1"),)),
        Segment(TWO, Span(10_000, 20_000), "table", ("a, b",), (("is_cc", "1"),)),
    ]


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ("id=clip,start=from,duration=2.5", f"clip,from\n{ONE},1\n"),
        ("id=clip,start=from,end=to", f"Clip\tFrom\tTo\n{ONE}\t1.000\t3.5\n"),
        ("id=clip,start=from,duration=len", f"len,clip,from\n2.5,{ONE},1\n"),
        ("id=#2,start=#3,end=#4", f"x,{ONE},1,3.5\n"),
        ("id=#1,start=1,end=3.5", f"{ONE}\n"),
        ("duration=2.5", f"video_id,start\n{ONE},1\n"),
        ("duration=2.5", f"video_id,start,end\n{ONE},1,99\n"),
        ("start=1,end=3.5", f"video_id\tnote\n{ONE}\t\n"),
        ("id=clip,start=from,duration=2.5", json.dumps({"clip": ONE, "from": 1}) + "\n"),
        ("id=clip,start=from,end=to", f'{{"clip": "{ONE}", "from": 1.000, "to": 3.5}}'),
    ],
)
def test_columns_are_what_the_user_says(path: Path, columns: str, text: str) -> None:
    (found,) = segments(read(path, text, columns))
    assert (found.ytid, found.span) == (ONE, Span(1_000, 3_500))


def test_labels_split_and_caption_can_be_named(path: Path) -> None:
    text = f"vid,s,what,part,words,rest\n{ONE},1,Dog,a/b,Woof,x\n"
    (found,) = segments(read(path, text, "id=vid,start=s,duration=10,labels=what,split=part,caption=words"))
    assert (found.split, found.labels) == ("a_b", ("Dog",))
    assert found.columns == (("caption", "Woof"), ("rest", "x"))


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        ("id", "'id' names no column"),
        ("id=", "names no column"),
        ("ytid=x", "names no column"),
        ("id=x,id=y", "names no column"),
        ("id=x,", "names no column"),
        ("end=x,duration=10", "an end or a duration"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_a_usage_error(columns: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        parse_columns(columns)


@given(
    said=st.dictionaries(
        st.sampled_from(["id", "start", "end", "labels", "split", "caption"]),
        st.from_regex(r"[a-z#0-9. ]{0,5}[a-z0-9]", fullmatch=True).map(str.strip),
        min_size=1,
    )
)
def test_a_mapping_comes_back_from_its_text(said: dict[str, str]) -> None:
    columns = TableColumns(**said)
    assert parse_columns(columns.text) == columns


@pytest.mark.parametrize(
    ("text", "columns", "what"),
    [
        ("youtube_id,start_time,caption\n", "", "no column for its end or duration"),
        ("# youtube_id, start_time\n", "", "no column for its end or duration"),
        ("name,start_time,end\n", "", "no column for the video id"),
        ("video_id,caption\n", "", "no column for the start"),
        ("a,b\n", "id=vid,start=b,duration=10", "no column vid"),
        ("a\n", "id=#1,start=#9,duration=10", "no column #9"),
        ("youtube_id;start;end\n", "", "separated by semicolons"),
        ("youtube_id|start|end|caption\n", "", "separated by vertical bars"),
        ('[{"id": 1}]\n', "", "one JSON array"),
        ('{"name": 1}\n', "", "no column for the video id"),
        ("youtube_id,start,end,caption," + "x" * 9000, "", "header is too long"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(path: Path, text: str, columns: str, what: str) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        read(path, text, columns)
    assert caught.value.mend


BAD = [
    (f"5,{ONE}x,30,a", "BAD_ID"),
    ("5,#NAME?,30,a", "SPREADSHEET_ID"),
    (f"5,{ONE}", "MISSING_FIELDS"),
    (f"5,{ONE},,a", "MISSING_FIELDS"),
    (f"5,{ONE},30,A dog, barking", "SURPLUS_FIELDS"),
    (f'5,{ONE},30,"A dog', "OPEN_QUOTE"),
    (f"5,{ONE},0:30,a", "NOT_A_TIME"),
    (f"5,{ONE},-3,a", "NEGATIVE_TIME"),
    (f"5,{ONE},999999,a", "TIME_TOO_LARGE"),
    (f"5;{ONE};30;a", "SEMICOLON_SEPARATED"),
    ("youtube_id,start,end", "HEADER_INSIDE"),
    ("x" * 70_000, "LINE_TOO_LONG"),
]


@pytest.mark.parametrize(("line", "reason"), BAD)
def test_a_bad_row_is_told_and_stops_nothing(path: Path, line: str, reason: str) -> None:
    text = AUDIOCAPS + f"1,{ONE},30,x\r\n{line}\r\n\r\n# note\r\n{AUDIOCAPS}2,{TWO},30,y\r\n"
    assert told(read(path, text)) == [
        (2, f"{ONE}_30000_40000"),
        (3, reason),
        (7, f"{TWO}_30000_40000"),
    ]


def test_a_row_that_says_all_the_same_again_repeats_and_another_split_is_another_row(path: Path) -> None:
    text = "ytid,start,end,split,caption\n" + f"{ONE},0,9,a,x\n{ONE},0,9,a,y\n{ONE},0,9,a,x\n{ONE},0,9,b,x\n"
    rows = read(path, text)
    assert [row.ref.line for row in rows] == [2, 4, 5]
    one, again, other = segments(rows)
    assert one == again == Segment(ONE, Span(0, 9_000), "a", (), (("caption", "x"), ("caption", "y")))
    assert other.split == "b"


def test_labels_of_several_rows_are_put_together(path: Path) -> None:
    (found,) = segments(read(path, f"ytid,start,end,label,by\n{ONE},0,9,Dog,me\n{ONE},0,9,Cat,me\n"))
    assert (found.labels, found.columns) == (("Dog", "Cat"), (("by", "me"),))


def test_json_lines_keep_their_decimals_and_lists(path: Path) -> None:
    lines = [
        f'{{"youtube_id": "{ONE}", "start": 61.1, "end": 71.100, "captions": ["a", "b"], "label": ["x, y"]}}',
        f'{{"end": 71.1, "youtube_id": "{ONE}", "start": 6.11e1, "captions": "a"}}',
        f'{{"end": 20, "youtube_id": "{TWO}", "start": 10, "rate": 1.50, "deep": {{"a": null}}, "no": null}}',
        f'{{"youtube_id": "{TWO}"}}',
        "[1]",
        "{" + '"a":[' * 20_000,
        f'{{"youtube_id": "{TWO}", "start": 1, "end": 2, "x": "\\ud800"}}',
    ]
    rows = read(path, "\n".join(lines))
    assert told(rows) == [
        (1, f"{ONE}_61100_71100"),
        (2, "NOT_A_TIME"),
        (3, f"{TWO}_10000_20000"),
        (4, "MISSING_FIELDS"),
        (5, "NOT_JSON"),
        (6, "LINE_TOO_LONG"),
        (7, f"{TWO}_1000_2000"),
    ]
    first, third, last = segments([rows[0], rows[2], rows[6]])
    assert (first.labels, first.columns) == (("x, y",), (("captions", "a"), ("captions", "b")))
    assert third.columns == (("rate", "1.50"), ("deep", '{"a": null}'), ("no", ""))
    assert last.columns == (("x", "?"),)
    assert reader_name(path) == "table"


def test_a_deep_object_is_no_fault_of_the_program(path: Path) -> None:
    assert told(read(path, '{"ytid": "x", "a": ' + "[" * 30_000 + "\n"))[0] == (1, "NOT_JSON")


def test_parquet_rows_are_read_by_their_number(path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {
        "youtube_id": [ONE, TWO, "#NAME?", ONE],
        "start_time": [61.1, 0.0, 1.0, 61.1],
        "end_time": [71.1, float("nan"), 2.0, 71.1],
        "caption": ["a", "b", None, "c"],
        "labels": [["/m/0bt9lr"], [], [], ["/m/0bt9lr"]],
    }
    for kind in (pyarrow.float64(), pyarrow.float32()):
        table = pyarrow.table(columns)
        for at in (1, 2):
            table = table.set_column(at, table.column_names[at], table.column(at).cast(kind))
        parquet.write_table(table, path)
        rows = rows_of(path)
        assert told(rows) == [(1, f"{ONE}_61100_71100"), (2, "NOT_A_TIME"), (3, "SPREADSHEET_ID")]
        assert segments(rows[:1])[0].columns == (("caption", "a"), ("caption", "c"))
        assert segments(rows[:1])[0].labels == ("/m/0bt9lr",)
        assert Table().roughly(path) == 1
    assert reader_name(path) == "table"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UsageError, match="cut or damaged"):
        rows_of(path)


def test_without_pyarrow_a_parquet_file_names_the_extra(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"PAR1" + bytes(40))
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(UsageError, match="pyarrow is not installed") as caught:
        rows_of(path)
    assert "asyncdl[parquet]" in caught.value.mend


def test_too_many_captions_of_one_segment_are_rejected(path: Path) -> None:
    words = "word " * 2_000
    rows = read(path, AUDIOCAPS + "".join(f"{n},{ONE},30,{words}{n}\n" for n in range(20)))
    assert isinstance(rows[0], Row)
    assert len(rows[0].segment.columns) == 2 * 13
    assert told(rows[1:]) == [(line, "ROWS_TOO_LARGE") for line in range(15, 22)]


def test_too_many_rows_apart_are_refused_with_what_to_do(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(further, "_MOST_BYTES", 3_000)
    with pytest.raises(UsageError, match="too many rows of one segment") as caught:
        read(path, AUDIOCAPS + "".join(f"{n},{ONE},30,x\n" for n in range(20)))
    assert caught.value.mend


CELLS = st.tuples(
    st.sampled_from([ONE, TWO]), st.integers(0, 2), st.sampled_from(["a", 'say "b", twice', "é", ""])
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(cells=st.lists(CELLS, max_size=15), settled=st.sets(st.integers(1, 17)), tab=st.booleans())
def test_whatever_the_order_each_segment_comes_once_with_all_its_captions(
    path: Path, cells: list[tuple[str, int, str]], settled: set[int], tab: bool
) -> None:
    file = io.StringIO()
    writer = csv.writer(file, delimiter="\t" if tab else ",")
    writer.writerow(["youtube_id", "start_time", "duration", "caption"])
    wanted: dict[str, dict[str, None]] = defaultdict(dict)
    first: dict[str, int] = {}
    repeated = []
    for line, (ytid, start, caption) in enumerate(cells, 2):
        writer.writerow([ytid, start, 10, caption])
        key = f"{ytid}_{start * 1000}_{start * 1000 + 10_000}"
        first.setdefault(key, line)
        if caption in wanted[key]:
            repeated.append(line)
        wanted[key][caption] = None
    rows = read(path, file.getvalue())
    assert [row.ref.line for row in rows] == sorted([*first.values(), *repeated])
    for found in segments(rows):
        assert [text for _, text in found.columns] == list(wanted[found.key])
    left = [row for row in rows if row.ref.line not in settled]
    assert rows_of(path, skip=frozenset(settled)) == left


@pytest.mark.parametrize(
    ("name", "text", "reader"),
    [
        ("a.csv", f'{ONE}, 0.000, 10.000, "/m/0jbk"\n', "audioset_weak"),
        ("a.csv", f"# YTID, start_seconds, end_seconds, positive_labels\n{ONE},0,1\n", "audioset_weak"),
        ("a.csv", f"yt_id,start_seconds, end_seconds, positive_labels\n{ONE},0,1\n", "audioset_weak"),
        (
            "a.csv",
            f"index,YTID,start_seconds,end_seconds,positive_labels,private\n0,{ONE},0,1,,F\n",
            "audioset_weak",
        ),
        ("a.csv", f"ytid,start,end,labels\n{ONE},0,1,/m/0jbk,/m/04rlf\n", "audioset_weak"),
        ("a.csv", f"ytid,start,end,label\n{ONE},0,1,dog\n", "table"),
        ("a.csv", f"ytid,start,end,duration,split\n{ONE},0,1,1,x\n", "table"),
        ("a.csv", f"ytid,start,duration\n{ONE},0,1\n", "table"),
        ("a.csv", "youtube_id\tstart\tend\n", "audioset_weak"),
        ("a.CSV.gz", "youtube_id\tstart\tend\n", "audioset_weak"),
        ("a.tsv", f"youtube_id\tstart\tend\n{ONE}\t0\t1\n", "table"),
        ("a.csv", "ytid;start_seconds;end_seconds\n", "audioset_weak"),
        ("a.csv", "# youtube_id, start_time\n", "table"),
        ("a.csv", AUDIOCAPS, "table"),
        ("a.txt", f'\ufeff\n{{"ytid": "{ONE}"}}\n', "table"),
        ("a.tsv", f"{ONE}_30000\t0.000\t1.000\t/m/0jbk\n", "audioset_strong"),
        ("a.csv", "segment_id,start_time_seconds,end_time_seconds,label\n", "audioset_strong"),
        ("a.csv", "", "audioset_weak"),
        ("a.csv", "\x00\n\ufffd", "audioset_weak"),
        ("a.csv", f"#NAME?,0,10,/m/0jbk\n{ONE},0,10,/m/0jbk\n", "audioset_weak"),
    ],
)
def test_the_reader_is_told_by_the_first_lines(tmp_path: Path, name: str, text: str, reader: str) -> None:
    (tmp_path / name).write_text(text)
    assert reader_name(tmp_path / name) == reader


def test_a_list_of_which_columns_are_told_is_read_as_a_table(path: Path) -> None:
    path.write_text(f'{ONE}, 0.000, 10.000, "/m/0jbk"\n')
    columns = parse_columns("id=#1,start=#2,duration=5")
    file = resolve(str(path), path.parent, columns=columns)
    assert file.columns == "id=#1,start=#2,duration=5"
    (found,) = segments(list(file.reader.rows(path, LIST, lambda _line: False)))
    assert found.span == Span(0, 5_000)
    assert not resolve(str(path), path.parent, columns=BY_HEADER).columns


@pytest.mark.parametrize(("name", "clips"), [("val", 495), ("test", 975)])
def test_audiocaps_gives_its_clips_with_five_captions_each(name: str, clips: int) -> None:
    """The other side is the standard CSV reader over the whole file."""
    folder = os.environ.get("ASYNCDL_TEST_DATA")
    if not folder:
        pytest.skip("ASYNCDL_TEST_DATA does not name the folder of AudioCaps' own tables")
    path = Path(folder) / "audiocaps" / f"{name}.csv"
    wanted: dict[str, list[str]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            start_ms = int(row["start_time"]) * 1000
            wanted[f"{row['youtube_id']}_{start_ms}_{start_ms + 10_000}"].append(row["caption"].strip())
    found = segments(rows_of(path))
    assert len(found) == len(wanted) == clips
    for segment in found:
        assert [text for key, text in segment.columns if key == "caption"] == wanted[segment.key]
        assert len(wanted[segment.key]) == 5
