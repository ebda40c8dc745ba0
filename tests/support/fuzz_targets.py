"""What a fuzzer calls: any bytes go in; out comes a documented answer, or an exception that is a finding.

Each target also checks what its answer must hold, so that a wrong answer is a finding too. ``SEEDS`` are
inputs of the real forms.
"""

from __future__ import annotations

import io
import json
from array import array
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from zlib import crc32

import orjson

from asyncdl.core import forms, layout
from asyncdl.core.columns import USUAL, Columns, fields_of, read_columns
from asyncdl.core.cookies import read_cookies
from asyncdl.core.encoding import decode, encode
from asyncdl.core.events import (
    ClipStored,
    Event,
    GaveUp,
    RowEvent,
    RowSelected,
    RunStarted,
    Source,
    SourceAdded,
)
from asyncdl.core.kinds import FailureKind
from asyncdl.core.ledger import Ledger
from asyncdl.core.media_index import (
    CuesAt,
    FarBytes,
    Index,
    NeedMore,
    NotAnIndex,
    entries_for,
    off_grid,
    open_ended_segment,
    parse_index,
    pieces,
    reach_of,
    signature,
)
from asyncdl.core.model import Clip, ClipSpec, Container, Failure, Row, RowRef, Segment, Span
from asyncdl.core.mp3_tag import HEAD_BYTES, with_exact_length
from asyncdl.core.printable import printable, printable_lines
from asyncdl.core.proxy import ProxyUrl, parse_proxies, parse_proxy
from asyncdl.core.records import open_record, pack, seal
from asyncdl.core.redact import redact
from asyncdl.core.row_encoding import decode_rows, encode_rows
from asyncdl.core.rows import RejectReason, excerpt, line_text, parse_row
from asyncdl.core.scan import RecordScan
from asyncdl.core.snapshot import LINE_BYTES, Head, decode_head, encode_head, head_bytes, restore
from asyncdl.errors import JournalFault
from asyncdl.runtime.replay import fold
from support.containers import box, sidx, webm

KEY = "Video00001A_0_10000"
SEGMENT = Segment("Video00001A", Span(0, 10_000), "eval", ("/m/09x0r",), (("note", "x"),))


def rows(data: bytes) -> None:
    """Lines of a list; a header among them names the columns of those below."""
    columns = USUAL
    for line in data.split(b"\n"):
        text = line_text(line)
        header = None if isinstance(text, RejectReason) else read_columns(text)
        if isinstance(header, Columns):
            columns = USUAL if header == USUAL else header
        outcome = parse_row(line, columns, "eval")
        assert len(excerpt(line)) <= 200
        assert excerpt(line).isprintable()
        if isinstance(outcome, Segment):
            _check_segment(outcome)
        elif outcome is not None:
            assert isinstance(outcome, RejectReason)


def _check_segment(segment: Segment) -> None:
    """It has a path inside, comes back from its record, and from its own line in AudioSet's form."""
    assert forms.parts_of(segment.key) == (segment.ytid, segment.span)
    path = layout.clip_path(segment, "flac")
    assert path.startswith("clips/eval/")
    assert path.count("/") == 3
    row = Row(RowRef(0, 1), segment)
    opened = open_record(seal(pack(encode_rows([row])), 1, 0)[:-1])
    assert opened is not None
    assert decode_rows(opened).rows == (row,)
    start, end = (f"{ms // 1000}.{ms % 1000:03}" for ms in (segment.span.start_ms, segment.span.end_ms))
    line = f'{segment.ytid}, {start}, {end}, "{",".join(segment.labels)}"'.encode()
    bare = Segment(segment.ytid, segment.span, "eval", segment.labels)
    assert len(line) > 60_000 or parse_row(line, USUAL, "eval") == bare


def media_index(data: bytes) -> None:
    """Two bytes tell how much larger than the prefix the file is; then the file's first bytes."""
    container = signature(data[2:])
    if container is not None:
        _index_of(container, data[2:], len(data) - 2 + 97 * int.from_bytes(data[:2]))


def sidx_index(data: bytes) -> None:
    """As ``media_index``, always mp4."""
    _index_of(Container.MP4, data[2:], len(data) - 2 + 97 * int.from_bytes(data[:2]))


def cues_index(data: bytes) -> None:
    """As ``media_index``, always WebM."""
    _index_of(Container.WEBM, data[2:], len(data) - 2 + 97 * int.from_bytes(data[:2]))


def _index_of(container: Container, data: bytes, size_bytes: int) -> None:
    prefix = data[: len(data) // 2]
    parsed = parse_index(container, prefix, size_bytes)
    while isinstance(parsed, NeedMore):
        assert len(prefix) < parsed.end_byte <= size_bytes, "it asks for what it has"
        if parsed.end_byte > len(data):
            return
        prefix = data[: parsed.end_byte]
        parsed = parse_index(container, prefix, size_bytes)
    for _ in range(3):
        if isinstance(parsed, CuesAt):
            assert 0 < parsed.first_byte < parsed.end_byte <= size_bytes
            far = FarBytes(parsed.first_byte, data[parsed.first_byte : parsed.end_byte])
            parsed = parse_index(container, prefix, size_bytes, far)
    if isinstance(parsed, Index):
        _check_index(parsed, prefix, size_bytes)


def _check_index(index: Index, prefix: bytes, size_bytes: int) -> None:
    assert index.entries
    assert index.init_bytes <= index.entries[0].first_byte
    assert index.entries[-1].end_byte <= size_bytes
    for entry in index.entries:
        assert entry.first_byte < entry.end_byte
        assert entry.start_ms <= entry.end_ms
        off_grid(entry)
    for before, after in pairwise(index.entries):
        assert before.end_byte <= after.first_byte
    for span in (Span(0, 1), Span(30_000, 40_000), Span(999_999_000, 999_999_999)):
        for codec in ("opus", "mp4a.40.2", "mp4a.40.5", "avc1"):
            chosen = entries_for(index, span, reach_of(codec))
            if chosen:
                ranges = pieces(chosen[0].first_byte, min(chosen[-1].end_byte, 1 << 24))
                assert all(first < end for first, end in ranges)
    if index.container is Container.WEBM:
        with suppress(NotAnIndex):
            opened = open_ended_segment(prefix[: index.init_bytes])
            assert len(opened) == min(index.init_bytes, len(prefix))


def journal(data: bytes) -> None:
    """Raw bytes of a run file."""
    _fold(data)


def signed_journal(data: bytes) -> None:
    """Lines are bodies of records; numbered and signed, so that what is behind the check is reached."""
    bodies = enumerate(data.split(b"\n")[:64], 1)
    _fold(b"".join(seal(b"{%b}" % body.strip(b"{}"), number, number - 1) for number, body in bodies))


def _fold(data: bytes) -> None:
    ledger = Ledger()
    scan = RecordScan(io.BytesIO(data))
    with suppress(JournalFault):
        fold(scan, ledger, "x")
        assert all(gap.first <= gap.last for gap in scan.lost())
        assert scan.position.offset <= len(data)
    counts = ledger.counts()
    assert counts.open >= 0
    assert counts.segments == counts.open + counts.stored + counts.failed_total
    for _, fields in RecordScan(io.BytesIO(data)):
        with suppress(JournalFault):
            event = decode(fields)
            if isinstance(event, ClipStored | GaveUp):
                assert decode(orjson.loads(orjson.dumps(encode(event)))) == event


def snapshot(data: bytes) -> None:
    """A line of JSON, the head, and the columns; both are signed, the sums of columns put right."""
    head_text, _, columns = data.partition(b"\n")
    line = b"asyncdl snapshot 1 %08x %08x\n" % (len(head_text), crc32(head_text))
    try:
        assert head_bytes(line) == len(head_text)
        head = decode_head(line, head_text)
    except (ValueError, KeyError, TypeError, AttributeError, JournalFault):
        return
    _restore(head, columns)


def _restore(head: Head, columns: bytes) -> None:
    """As ``runtime.snapshot`` reads it, which looks at the length of the whole first."""
    if head.columns_bytes > 1 << 20:
        return
    arrays, told, place = {}, [], 0
    for column in head.columns:
        part = columns[place : place + column.size_bytes].ljust(column.size_bytes, b"\0")
        place += column.size_bytes
        arrays[column.name] = array(column.typecode, part)
        told.append(replace(column, crc=crc32(part)))
    try:
        ledger = restore(replace(head, columns=tuple(told)), arrays)
    except (ValueError, KeyError, TypeError, OverflowError):
        return
    for number in range(4):
        ledger.row_selected(0, number, f"Video0000{number}A_0_1")
        ledger.state_of(f"Video0000{number}A_0_1")
        ledger.is_settled_line(0, number)


def texts(data: bytes) -> None:
    """Cookie files, proxies, an mp3's head, and text on its way to a screen."""
    text = data.decode("utf-8", "surrogateescape")
    facts = read_cookies(text)
    assert facts.youtube_cookies <= facts.cookies
    for proxy in parse_proxies(text).proxies:
        assert isinstance(proxy, ProxyUrl)
        again = parse_proxy(proxy.secret_url)
        assert again == proxy, (again, proxy)
        assert proxy.password is None or len(proxy.password) < 4 or f":{proxy.password}@" not in str(proxy)
    assert len(with_exact_length(data[:HEAD_BYTES], 480_000)) == len(data[:HEAD_BYTES])
    assert printable(text).isprintable()
    assert all(line.isprintable() for line in printable_lines(text).split("\n"))
    redact(text[:2000])
    with suppress(StopIteration):
        fields_of(text.replace("\r", "").replace("\n", ""))


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "rows": rows,
    "sidx": sidx_index,
    "cues": cues_index,
    "media_index": media_index,
    "journal": journal,
    "signed_journal": signed_journal,
    "snapshot": snapshot,
    "texts": texts,
}


def _records() -> list[bytes]:
    clip = Clip(100, "ab" * 32, 480_000, 48_000, 2, 0, False, "251", 48_000, False, "t", "title")
    failure = Failure(FailureKind.PRIVATE, "private", "text")
    events: list[Event | RowEvent] = [
        RunStarted("id", 0, ClipSpec(), {"concurrency": 8}, "run", {"asyncdl": "0"}),
        SourceAdded(Source(0, "eval.csv", "eval", "5a" * 32, 100)),
        RowSelected(Row(RowRef(0, 1), SEGMENT)),
        ClipStored(KEY, RowRef(0, 1), 0, 1, 0, clip),
        GaveUp(KEY, RowRef(0, 1), 0, 1, 0, failure),
    ]
    return [pack(encode(event)) for event in events]


def _snapshot() -> bytes:
    ledger = Ledger()
    fold(
        RecordScan(io.BytesIO(b"".join(seal(one, q, 0) for q, one in enumerate(_records(), 1)))), ledger, "x"
    )
    columns = b"".join(bytes(memoryview(cells).cast("B")) for cells in ledger.columns().values())
    return json.dumps(json.loads(encode_head(ledger, {})[LINE_BYTES:])).encode() + b"\n" + columns


_LIST = b"""# Segments csv created Sun Mar  5 10:54:31 2017
# YTID, start_seconds, end_seconds, positive_labels
--aB3dE5gH8, 30.000, 40.000, "/m/09x0r,/t/dd00088"
\xef\xbb\xbfyt_id,start_seconds, end_seconds, positive_labels,note
-aB3dE5gH8x,0,10,"/m/09x0r",\r
#NAME?,30,40,"/m/09x0r"
"""
_MP4 = box(b"ftyp", b"dashiso6") + box(b"moov", b"x" * 40) + sidx([(100, 5000), (90, 5000)], earliest=7)
_PROXIES = b"http://user:pass%40@h.example:8080\nsocks5://[::1]:9"
_COOKIES = b"# Netscape HTTP Cookie File\n.youtube.com\tTRUE\t/\tTRUE\t1893456000\tLOGIN_INFO\tx\n"

SEEDS: Mapping[str, tuple[bytes, ...]] = {
    "rows": (_LIST, *_LIST.splitlines()),
    "sidx": (b"\0\5" + _MP4 + bytes(300), b"\0\0" + _MP4 + sidx([(9, 9)], version=1)),
    "cues": (
        b"\0\0" + webm([0, 10_000, 20_000]).data,
        b"\0\1" + webm([0, 10_000], cues_in_front=False).data,
    ),
    "media_index": (b"\0\5" + _MP4 + bytes(300), b"\0\0" + webm([0, 10_000, 20_000]).data),
    "journal": (b"".join(seal(one, q, q - 1) for q, one in enumerate(_records(), 1)),),
    "signed_journal": (b"\n".join(_records()), *_records()),
    "snapshot": (_snapshot(),),
    "texts": (
        _COOKIES,
        b"http://user:pass%40@h.example:8080\nsocks5://[::1]:9",
        b"ID3\0\0\0\0\0\0\0\xff\xfbInfo",
    ),
}
