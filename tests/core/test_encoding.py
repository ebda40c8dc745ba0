"""Events to records and back, also across versions."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.encoding import decode, encode
from asyncdl.core.events import (
    AttemptFailed,
    ClipLost,
    ClipStored,
    Compacted,
    DamageSettled,
    Event,
    GaveUp,
    PaceLearned,
    Recorded,
    RetryRequested,
    RowEvent,
    RowRejected,
    RowRepeated,
    RowSelected,
    RowsNoted,
    RowsSelected,
    RunEnded,
    RunStarted,
    Source,
    SourceAdded,
)
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import (
    AudioFormat,
    Clip,
    ClipSpec,
    Failure,
    Quality,
    RejectedRow,
    Row,
    RowRef,
    Segment,
    Span,
)
from asyncdl.core.records import open_record, pack, seal
from asyncdl.errors import JournalFault

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
COUNT = st.integers(0, 2**40)
YTID = st.text("abcXYZ019_-", min_size=11, max_size=11)
REF = st.builds(RowRef, st.integers(0, 50), st.integers(1, 3_000_000))
SPLIT = st.sampled_from(["eval", "my_list"])
KEPT = st.sampled_from(
    ["clips/eval/0af/abcdefghijk_0_10000.source.m4a", "clips/x.y/fff/-bcdefghijk_1_2.source.video.mp4"]
)
ROUND = st.integers(0, 2**24)
SPAN = st.builds(
    lambda start, length: Span(start, start + length), st.integers(0, 900_000_000), st.integers(1, 10**6)
)
SEGMENT = st.builds(
    Segment,
    YTID,
    SPAN,
    SPLIT,
    st.lists(TEXT, max_size=3).map(tuple),
    st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple),
)
KEY = SEGMENT.map(lambda segment: segment.key)
FAILURE = st.builds(
    Failure, st.sampled_from(FailureKind), TEXT, TEXT, st.none() | st.floats(0, 1e6, allow_nan=False)
)
CLIP = st.builds(
    Clip,
    size_bytes=COUNT,
    sha256=TEXT,
    samples=COUNT,
    sample_rate=st.integers(1, 2**40),
    channels=st.integers(1, 8),
    padded_samples=COUNT,
    is_silent=st.booleans(),
    format_id=TEXT,
    source_rate=st.none() | st.integers(1, 192_000),
    whole_file=st.booleans(),
    tool_version=TEXT,
    title=st.none() | st.text("abc", min_size=1),
    source_files=st.lists(KEPT, max_size=2).map(tuple),
)
SPEC = st.builds(
    ClipSpec,
    format=st.sampled_from(AudioFormat),
    sample_rate=st.none() | st.integers(8_000, 192_000),
    mono=st.booleans(),
    bitrate_kbps=st.none() | st.integers(8, 512),
    video=st.booleans(),
    max_height=st.integers(144, 4320),
    quality=st.sampled_from(Quality),
)
TRIED = (KEY, REF, st.integers(0, 300), st.integers(1, 9), COUNT)
EVENT: st.SearchStrategy[Event | RowEvent] = st.one_of(
    st.builds(
        RunStarted,
        TEXT,
        COUNT,
        SPEC,
        st.dictionaries(TEXT, TEXT),
        TEXT,
        st.just({"a": "1"}),
    ),
    st.builds(SourceAdded, st.builds(Source, st.integers(0, 50), TEXT, SPLIT, TEXT, COUNT)),
    st.builds(RowSelected, st.builds(Row, REF, SEGMENT)),
    st.builds(RowRepeated, REF, KEY),
    st.builds(RowRejected, st.builds(RejectedRow, REF, TEXT, TEXT)),
    st.builds(ClipStored, *TRIED, CLIP),
    st.builds(AttemptFailed, *TRIED, FAILURE),
    st.builds(GaveUp, *TRIED, FAILURE),
    st.builds(RetryRequested, KEY, ROUND, COUNT),
    st.builds(ClipLost, KEY, ROUND, COUNT, TEXT),
    st.builds(RunEnded, COUNT, TEXT),
    st.builds(PaceLearned, TEXT, COUNT, st.dictionaries(TEXT, COUNT)),
    st.builds(RowsNoted, COUNT),
    st.builds(DamageSettled, TEXT, COUNT, COUNT, COUNT),
    st.builds(Compacted, COUNT, COUNT, COUNT),
)


def _recorded(event: Event | RowEvent) -> Recorded:
    return RowsSelected((event.row,)) if isinstance(event, RowSelected) else event


FAILED = AttemptFailed("a_0_1", RowRef(0, 4), 0, 1, 9, Failure(FailureKind.NETWORK, "reset", "text"))


@given(EVENT)
def test_every_event_comes_back_as_it_was_written(event: Event | RowEvent) -> None:
    opened = open_record(seal(pack(encode(event)), 1, 0)[:-1])
    assert opened is not None
    assert decode(opened) == _recorded(event)


@given(EVENT)
def test_members_that_this_version_does_not_know_are_ignored(event: Event | RowEvent) -> None:
    fields = orjson.loads(orjson.dumps(encode(event))) | {"from_the_future": [1]}
    assert decode(fields) == _recorded(event)


def test_no_event_uses_the_names_of_number_durable_number_or_check() -> None:
    @given(EVENT)
    def check(event: Event | RowEvent) -> None:
        assert not {"q", "d", "c"} & encode(event).keys()

    check()


def test_an_event_that_this_version_does_not_know_is_ignored() -> None:
    assert decode({"q": 1, "d": 0, "e": "from_the_future"}) is None


def test_another_major_version_is_refused_and_told() -> None:
    started = RunStarted("run", 1, ClipSpec(), {}, "run", {})
    with pytest.raises(JournalFault, match="format version 2"):
        decode(encode(started) | {"v": 2})


def test_an_unknown_kind_of_failure_is_kept_as_unknown_with_its_text() -> None:
    event = decode(encode(FAILED) | {"fk": "asteroid"})
    assert isinstance(event, AttemptFailed)
    assert event.failure.kind is FailureKind.UNKNOWN
    assert event.failure.text == "text"


def test_optional_members_may_be_missing() -> None:
    event = decode({"e": "failed", "k": "a_0_1", "s": 0, "i": 4, "r": 0})
    assert isinstance(event, AttemptFailed)
    assert (event.attempt, event.at_ms, event.failure.text) == (1, 0, "")


def test_a_known_event_without_its_key_is_a_fault_that_names_the_record() -> None:
    with pytest.raises(JournalFault, match="record 7"):
        decode({"q": 7, "e": "stored", "r": 0})


def test_of_a_flood_of_text_the_end_is_kept() -> None:
    flood = AttemptFailed(
        "a_0_1", RowRef(0, 4), 0, 1, 9, Failure(FailureKind.UNKNOWN, "x", "\0" * 10**6 + "end")
    )
    event = decode(orjson.loads(pack(encode(flood))))
    assert isinstance(event, AttemptFailed)
    assert event.failure.text.endswith("end")
