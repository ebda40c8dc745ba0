"""Lines of manifests that somebody else published."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.holdings import UNKNOWN, sound_of
from asyncdl.core.manifest_line import MAX_LINE_BYTES, read_manifest_line
from asyncdl.core.model import Segment, Span

GOOD: dict[str, object] = {
    "audio_filepath": "clips/eval/abc/-bcdefghijk_61100_71100.flac",
    "ytid": "-bcdefghijk",
    "start": 61.1,
    "end": 71.1,
    "split": "eval",
    "labels": ["/m/a", "/m/b"],
    "sha256": "5a" * 32,
}
SEGMENT = Segment("-bcdefghijk", Span(61_100, 71_100), "eval", ("/m/a", "/m/b"))


def line(**changed: object) -> bytes:
    fields = {name: value for name, value in (GOOD | changed).items() if value is not ...}
    return json.dumps(fields).encode()


def test_a_line_of_asyncdl_is_read_whole() -> None:
    assert read_manifest_line(line()) == (SEGMENT, sound_of("5a" * 32), True)


def test_a_line_without_id_and_times_is_known_by_the_name_of_its_file() -> None:
    segment, _, _ = read_manifest_line(line(ytid=...))
    assert segment == SEGMENT


def test_labels_may_be_one_string_or_not_told_and_so_may_the_sound() -> None:
    segment, sound, knows_labels = read_manifest_line(line(labels=..., label="/m/b /m/a", sha256=...))
    assert (segment.labels, sound, knows_labels) == (("/m/b", "/m/a"), UNKNOWN, True)
    assert read_manifest_line(line(labels=..., sha256=None))[1:] == (UNKNOWN, False)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"ytid": "../../../etc"}, "is no key of a segment"),
        ({"ytid": 5}, "is no text"),
        ({"ytid": ..., "audio_filepath": "/etc/passwd"}, "is no key of a segment"),
        ({"ytid": ..., "audio_filepath": ["clips"]}, "is no text"),
        ({"start": "61.1"}, "is no time in seconds"),
        ({"start": True}, "is no time in seconds"),
        ({"start": ...}, "None is no time in seconds"),
        ({"start": -0.001}, "is no time of a video"),
        ({"end": 1e300}, "is no time of a video"),
        ({"end": 61.1}, "its times are impossible"),
        ({"split": "../up"}, "is no name of a split"),
        ({"split": None}, "is no text"),
        ({"sha256": "5A" * 32}, "is no SHA-256"),
        ({"sha256": 7}, "is no text"),
        ({"labels": "/m/a"}, "is no list of texts"),
        ({"labels": [1]}, "is no text"),
    ],
)
def test_a_value_of_another_form_is_named(changed: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_manifest_line(line(**changed))


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"\xff", b'{"ytid":NaN}', b"[" * 100_000, b"7"])
def test_what_is_no_object_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"no JSON object|is no object"):
        read_manifest_line(text)


def test_a_line_beyond_the_limit_is_not_parsed() -> None:
    with pytest.raises(ValueError, match="longer than 1 MiB"):
        read_manifest_line(line(note="x" * MAX_LINE_BYTES))


@given(
    st.sampled_from(sorted(GOOD)), st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists)
)
def test_no_value_raises_anything_else(name: str, value: object) -> None:
    try:
        segment, _, _ = read_manifest_line(line(**{name: value}))
    except ValueError:
        return
    assert 0 <= segment.span.start_ms < segment.span.end_ms
