"""Which bytes a span needs, and that they decode to the very samples of the whole file."""

from __future__ import annotations

import subprocess
from itertools import pairwise

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.index import READ_AHEAD_BYTES, CuesAt, Index
from asyncdl.core.media_index import (
    MAX_RANGE_BYTES,
    Entry,
    FarBytes,
    Reach,
    entries_for,
    off_grid,
    open_ended_segment,
    parse_index,
    pieces,
    reach_of,
    signature,
)
from asyncdl.core.model import Container, Span
from asyncdl.demo.media import Content, Masters, Recipe, Shape

TEN_S = Index(
    Container.WEBM,
    50,
    tuple(Entry(n * 10_000.0, (n + 1) * 10_000.0, 50 + n * 100, 150 + n * 100) for n in range(6)),
    60_000.0,
)
PLAIN = Reach(before_ms=0.0, after_ms=0.0)


def numbers(span: Span, reach: Reach) -> list[int]:
    return [TEN_S.entries.index(entry) for entry in entries_for(TEN_S, span, reach)]


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "reach", "chosen"),
    [
        (20_000, 30_000, PLAIN, [2]),
        (19_999, 30_001, PLAIN, [1, 2, 3]),
        (0, 10_000, PLAIN, [0]),
        (20_050, 29_000, Reach(82, 0), [1, 2]),
        (20_082, 29_000, Reach(82, 0), [2]),
        (20_082, 29_000, Reach(82, 0, 500), [1, 2]),
        (20_500, 29_000, Reach(82, 0, 500), [2]),
        (100, 9_000, Reach(82, 0, 500), [0]),
        (20_000, 29_995, Reach(0, 10), [2, 3]),
        (55_000, 99_000, PLAIN, [5]),
        (59_999, 99_000, PLAIN, [5]),
        (60_000, 99_000, PLAIN, []),
    ],
)
def test_entries_are_those_that_the_decoder_needs(
    start_ms: int, end_ms: int, reach: Reach, chosen: list[int]
) -> None:
    assert numbers(Span(start_ms, end_ms), reach) == chosen


@given(st.integers(0, 70_000), st.integers(1, 70_000), st.floats(0, 500), st.floats(0, 500))
def test_entries_are_neighbours_and_hold_the_span(
    start: int, length: int, before: float, after: float
) -> None:
    span = Span(start, start + length)
    chosen = entries_for(TEN_S, span, Reach(before, after))
    assert bool(chosen) == (start < TEN_S.end_ms)
    if chosen:
        assert chosen[0].start_ms <= max(0, start - before)
        assert chosen[-1].end_ms >= min(TEN_S.end_ms, span.end_ms)
        assert all(a.end_byte == b.first_byte for a, b in pairwise(chosen))


@given(st.integers(0, 10**9), st.integers(1, 10**8))
def test_pieces_cover_a_stretch_without_gaps_and_stay_below_the_throttle(first: int, length: int) -> None:
    parts = pieces(first, first + length)
    assert sum(end - start for start, end in parts) == length
    assert (parts[0][0], parts[-1][1]) == (first, first + length)
    assert all(0 < end - start <= MAX_RANGE_BYTES < 10 * 1024 * 1024 for start, end in parts)


@pytest.mark.parametrize(("start_ms", "is_off"), [(0.0, False), (9981.0, False), (9985.0, True)])
def test_opus_entries_off_the_20_ms_grid_cannot_be_counted_from(start_ms: float, is_off: bool) -> None:
    assert off_grid(Entry(start_ms, start_ms + 1, 0, 1)) is is_off


def test_the_container_is_told_by_the_first_bytes() -> None:
    assert signature(b"\x1a\x45\xdf\xa3rest") is Container.WEBM
    assert signature(b"\0\0\0\x18ftypdash") is Container.MP4
    assert signature(b"<html>") is signature(b"") is None


FILES = [
    (Shape.M4A, "mp4a.40.2", "mov", 44_100),
    (Shape.WEBM, "opus", "matroska", 48_000),
    (Shape.WEBM_CUES_AT_END, "opus", "matroska", 48_000),
]


@pytest.mark.parametrize(("shape", "codec", "demuxer", "rate"), FILES)
async def test_a_real_files_part_decodes_to_the_slice_of_the_whole(
    shape: Shape, codec: str, demuxer: str, rate: int, masters: Masters
) -> None:
    """Starts lie on, just after and far from the entries' edges, where the worst decoder states are."""
    data = (await masters.get(Recipe(Content.NOISE, shape, 60))).path.read_bytes()
    index = read_index(data)
    assert index.end_ms == pytest.approx(60_000, abs=50)
    assert index.entries[-1].end_byte <= len(data)
    whole = decoded(data, demuxer)
    edge = index.entries[2].start_ms
    for start_ms in (0, round(edge), round(edge) + 83, round(edge) + 140, round(edge) + 900, 25_000, 45_678):
        span = Span(start_ms, start_ms + 4_000)
        part, first_ms = part_of(data, index, span, codec)
        first = 960 * round(first_ms / 20) if codec == "opus" else round(first_ms * rate / 1000)
        start, length = round(start_ms * rate / 1000), 4 * rate
        got = decoded(part, demuxer)[start - first : start - first + length]
        assert len(got) == length
        # The last of 24 bits.
        assert float(np.abs(got - whole[start : start + length]).max()) < 2**-24


def test_a_real_file_damaged_anywhere_in_its_head_is_read_or_refused(
    real_heads: dict[Shape, bytes],
) -> None:
    rng = np.random.default_rng(1)
    for head in real_heads.values():
        for _ in range(400):
            bad = np.frombuffer(head, np.uint8).copy()
            bad[rng.integers(0, len(bad), 3)] = rng.integers(0, 256, 3)
            for container in Container:
                said = parse_index(container, bad.tobytes(), 10 * len(head))
                if isinstance(said, Index):
                    assert all(0 < e.first_byte < e.end_byte <= 10 * len(head) for e in said.entries)


@pytest.fixture
async def real_heads(masters: Masters) -> dict[Shape, bytes]:
    recipes = [Recipe(Content.NOISE, shape, 60) for shape, *_ in FILES]
    return {r.shape: (await masters.get(r)).path.read_bytes()[:1500] for r in recipes}


def read_index(data: bytes) -> Index:
    container = signature(data)
    assert container is not None
    said = parse_index(container, data[:READ_AHEAD_BYTES], len(data))
    if isinstance(said, CuesAt):
        far = FarBytes(said.first_byte, data[said.first_byte : said.end_byte])
        said = parse_index(container, data[:READ_AHEAD_BYTES], len(data), far)
    assert isinstance(said, Index)
    return said


def part_of(data: bytes, index: Index, span: Span, codec: str) -> tuple[bytes, float]:
    entries = entries_for(index, span, reach_of(codec))
    init = data[: index.init_bytes]
    if index.container is Container.WEBM:
        init = open_ended_segment(init)
    return init + data[entries[0].first_byte : entries[-1].end_byte], entries[0].start_ms


def decoded(data: bytes, demuxer: str) -> npt.NDArray[np.float32]:
    """Decode to one float channel; the decoder must have nothing to complain about."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", demuxer, "-i", "pipe:0"]
    ran = subprocess.run(
        [*command, "-af", "pan=mono|c0=c0", "-f", "f32le", "pipe:1"],
        input=data,
        capture_output=True,
        check=True,
    )
    assert ran.stderr == b""
    return np.frombuffer(ran.stdout, np.float32)
