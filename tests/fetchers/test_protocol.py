"""The lines between worker and parent: whatever is said is read back as it was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.model import Failure, Fetched, FetchRequest, Span, Track
from asyncdl.fetchers.ytdlp.protocol import (
    Answer,
    Ask,
    Hello,
    ProtocolFault,
    Report,
    Wait,
    decode_ask,
    decode_report,
    encode,
)

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
COUNTS = st.integers(0, 2**40)
TIMES = st.floats(0, 1e9)
SPANS = st.builds(Span, COUNTS, COUNTS)
RATES = st.none() | st.integers(1, 400_000)
TRACKS = st.builds(
    Track, path=WORDS, codec=WORDS, format_id=WORDS, first_ms=TIMES, sample_rate=RATES, size_bytes=COUNTS
)
FETCHED = st.builds(
    Fetched,
    audio=TRACKS,
    video=st.none() | TRACKS,
    video_end_ms=st.none() | TIMES,
    title=st.none() | WORDS,
    received_bytes=COUNTS,
    requests=COUNTS,
)
FAILURES = st.builds(Failure, code=WORDS, text=WORDS, retry_after_s=st.none() | TIMES)
REQUESTS = st.builds(
    FetchRequest,
    ytid=WORDS,
    spans=st.lists(SPANS, max_size=3).map(tuple),
    folder=WORDS,
    names=st.lists(WORDS, max_size=3).map(tuple),
    max_height=st.none() | COUNTS,
)
REPORTS = st.one_of(
    st.builds(Hello, COUNTS, st.dictionaries(WORDS, WORDS, max_size=2)),
    st.builds(Wait, COUNTS, TIMES),
    st.builds(Answer, COUNTS, st.lists(FETCHED | FAILURES, max_size=3).map(tuple), COUNTS, COUNTS, COUNTS),
)


@given(st.builds(Ask, COUNTS, REQUESTS, TIMES))
def test_an_ask_is_read_back_from_one_line(ask: Ask) -> None:
    line = encode(ask)
    assert line.count(b"\n") == 1
    assert decode_ask(line) == ask


@given(REPORTS)
def test_a_report_is_read_back_from_one_line(report: Report) -> None:
    line = encode(report)
    assert line.count(b"\n") == 1
    assert decode_report(line) == report


def test_the_first_words_are_those_that_others_may_rely_on() -> None:
    assert encode(Hello(7, {"yt-dlp": "1"})) == b'{"hello":7,"versions":{"yt-dlp":"1"}}\n'
    assert encode(Wait(3, 1.5)) == b'{"id":3,"wait_s":1.5}\n'


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"1", b"{}", b'{"id":1}', b'{"id":1,"results":[{}]}'])
def test_any_other_line_is_a_fault_of_the_program(line: bytes) -> None:
    with pytest.raises(ProtocolFault):
        decode_ask(line)
    with pytest.raises(ProtocolFault):
        decode_report(line)
