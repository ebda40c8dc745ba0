"""Generated sources with an index like YouTube's, and what a fetch of a span leaves of them on disk."""

from __future__ import annotations

import struct
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from asyncdl.core.model import Clip, ClipSpec, Container, Failure, Fetched, Segment, Span, Track
from asyncdl.runtime.cutter import Cutter
from asyncdl.runtime.ffmpeg import Ffmpeg, child_env

EXE = imageio_ffmpeg.get_ffmpeg_exe()
FFMPEG = Ffmpeg(EXE, "test", child_env(""))
LENGTH_S = 61.3
FILM_S = 20
FPS = 25
YTID = "abcdefghijk"
BITS = 10
Samples = NDArray[np.int16]
_INDEXED = ("-movflags", "+dash+global_sidx", "-f", "mp4")


@dataclass(frozen=True)
class Entry:
    """A stretch of a media file that its index names."""

    start_ms: float
    end_ms: float
    first_byte: int
    end_byte: int


@dataclass(frozen=True)
class Media:
    """A generated source: its bytes, its index, and what decoding all of it gives."""

    container: Container
    codec: str
    rate: int
    data: bytes
    init: bytes
    entries: tuple[Entry, ...]
    samples: Samples
    margin_ms: tuple[float, float]

    @property
    def end_ms(self) -> float:
        return self.entries[-1].end_ms


def ffmpeg(*words: str) -> bytes:
    return subprocess.run(
        [EXE, "-nostdin", "-v", "error", "-y", *words], check=True, capture_output=True
    ).stdout


def decoded(path: Path, *filters: str) -> Samples:
    raw = ffmpeg("-i", str(path), "-map", "0:a:0", *filters, "-f", "s16le", "-")
    return np.frombuffer(raw, np.int16)


def parsed_mp4(data: bytes) -> tuple[bytes, tuple[Entry, ...]]:
    """Init and entries by the ``sidx`` box; the fragments follow right behind it."""
    at = 0
    while data[at + 4 : at + 8] != b"sidx":
        at += struct.unpack(">I", data[at : at + 4])[0]
    size, _, version, _, timescale = struct.unpack(">I4sI II", data[at : at + 20])
    wide = version >> 24
    begin, offset = struct.unpack(">QQ" if wide else ">II", data[at + 20 : at + (36 if wide else 28)])
    count = struct.unpack(">H", data[at + (38 if wide else 30) :][:2])[0]
    row, byte, time, entries = at + (40 if wide else 32), at + size + offset, begin, []
    for _ in range(count):
        length, duration, _ = struct.unpack(">III", data[row : row + 12])
        entries.append(
            Entry(time * 1000 / timescale, (time + duration) * 1000 / timescale, byte, byte + length)
        )
        row, byte, time = row + 12, byte + length, time + duration
    return data[:at], tuple(entries)


def ebml(data: bytes, at: int) -> tuple[int, int, int]:
    """Id, start and end of the element at ``at``."""
    id_width = 9 - data[at].bit_length()
    size_at = at + id_width
    width = 9 - data[size_at].bit_length()
    size = int.from_bytes(data[size_at : size_at + width], "big") & ((1 << 7 * width) - 1)
    begin = size_at + width
    return int.from_bytes(data[at:size_at], "big"), begin, begin + size


def children(data: bytes, begin: int, end: int) -> list[tuple[int, int, int]]:
    found = []
    while begin < end:
        ident, start, stop = ebml(data, begin)
        found.append((ident, start, stop))
        begin = stop
    return found


def parsed_webm(data: bytes) -> tuple[bytes, tuple[Entry, ...]]:
    """Init (its Segment of unknown size) and entries by the Cues."""
    top = {ident: (start, stop) for ident, start, stop in children(data, 0, len(data))}
    base, end = top[0x18538067]
    within = children(data, base, end)
    parts = {ident: (start, stop) for ident, start, stop in reversed(within)}
    info = {ident: data[start:stop] for ident, start, stop in children(data, *parts[0x1549A966])}
    length_ms = struct.unpack(">d", info[0x4489])[0]
    cues = []
    for _, start, stop in children(data, *parts[0x1C53BB6B]):
        point = {ident: (b, e) for ident, b, e in children(data, start, stop)}
        place = {ident: data[b:e] for ident, b, e in children(data, *point[0xB7])}
        time = int.from_bytes(data[slice(*point[0xB3])], "big")
        cues.append((float(time), base + int.from_bytes(place[0xF1], "big")))
    ends = [*cues[1:], (length_ms, end)]
    entries = tuple(Entry(t, u, b, c) for (t, b), (u, c) in zip(cues, ends, strict=True))
    init = bytearray(data[: entries[0].first_byte])
    init[base - 8 : base] = b"\x01" + b"\xff" * 7
    return bytes(init), entries


@cache
def noise_m4a() -> Media:
    """AAC at 44.1 kHz; without noise substitution, whose random state would tell where decoding began."""
    coder = ("-c:a", "aac", "-aac_pns", "0", "-b:a", "128k", *_INDEXED, "-frag_duration", "10000000")
    return _made(Container.MP4, "mp4a.40.2", 44_100, (1024 / 44.1, 0), *coder)


@cache
def noise_webm() -> Media:
    """Opus in clusters of 10 s."""
    clusters = ("-cues_to_front", "1", "-cluster_time_limit", "10000", "-cluster_size_limit", "10000000")
    return _made(
        Container.WEBM, "opus", 48_000, (82, 10), "-c:a", "libopus", "-b:a", "96k", *clusters, "-f", "webm"
    )


@cache
def counting_film() -> Media:
    """A picture whose ten fields show the frame's number in binary; fragments of 4 s, B-frames inside."""
    fields = ",".join(
        f"drawbox=x={32 * bit}:w=32:h=180:c=white:t=fill:enable='mod(floor(n/{1 << bit}),2)'"
        for bit in range(BITS)
    )
    picture = f"color=black:s=320x180:r={FPS}:d={FILM_S},{fields}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        coder = ("-c:v", "libx264", "-g", "100", "-bf", "2", "-pix_fmt", "yuv420p")
        ffmpeg(
            "-f",
            "lavfi",
            "-i",
            picture,
            *coder,
            "-movflags",
            "+dash+global_sidx+frag_keyframe",
            "-f",
            "mp4",
            str(path),
        )
        data = path.read_bytes()
    return Media(Container.MP4, "avc1", FPS, data, *parsed_mp4(data), np.zeros(0, np.int16), (0, 0))


def _made(container: Container, codec: str, rate: int, margin_ms: tuple[float, float], *coder: str) -> Media:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"noise.{container.value}"
        ffmpeg("-f", "lavfi", "-i", _noise(rate), *coder, str(path))
        data, whole = path.read_bytes(), decoded(path).reshape(-1, 2)
    parsed = parsed_mp4(data) if container is Container.MP4 else parsed_webm(data)
    return Media(container, codec, rate, data, *parsed, whole, margin_ms)


def _noise(rate: int) -> str:
    sources = "".join(f"anoisesrc=d={LENGTH_S}:r={rate}:seed={n}:a=0.3[n{n}];" for n in range(2))
    return f"{sources}[n0][n1]join=inputs=2:channel_layout=stereo"


def segment(start_ms: int, end_ms: int) -> Segment:
    """A row of the one video."""
    return Segment(YTID, Span(start_ms, end_ms), "eval")


def fetched(media: Media, span: Span, root: Path, *, name: str = "one") -> Fetched:
    """Leave on disk what a fetch of ``span`` by the index leaves there."""
    track = fetched_track(media, span, root / ".parts" / f"{name}.{media.container.value}")
    return Fetched(track, None, media.end_ms, False, "a title", track.size_bytes, 3)


def fetched_track(media: Media, span: Span, path: Path) -> Track:
    """Write the init and the entries that ``span`` needs."""
    before_ms, after_ms = media.margin_ms
    needed = [
        entry
        for entry in media.entries
        if entry.end_ms > span.start_ms - before_ms and entry.start_ms < span.end_ms + after_ms
    ] or [media.entries[-1]]
    data = media.init + media.data[needed[0].first_byte : needed[-1].end_byte]
    return written(media, data, path, needed[0].start_ms)


def whole_file(media: Media, root: Path, data: bytes | None = None) -> Fetched:
    """Leave on disk what a fetch without ranges leaves there."""
    track = written(media, data or media.data, root / ".parts" / f"whole.{media.container.value}", 0.0)
    return Fetched(track, None, None, True, None, track.size_bytes, 1)


def written(media: Media, data: bytes, path: Path, first_ms: float) -> Track:
    """Write ``data`` as a track of ``media``."""
    path.write_bytes(data)
    return Track(str(path), media.container, media.codec, "140", first_ms, media.rate, len(data))


async def make(
    root: Path, spec: ClipSpec, wanted: Segment, source: Fetched, *, keep_source: bool = False
) -> Clip | Failure:
    """Make one clip in the data set folder ``root``."""
    return await Cutter(root, spec, FFMPEG, slots=1, keep_source=keep_source).make(wanted, source)


def clip_file(root: Path) -> Path:
    """Find the only clip."""
    (found,) = (path for path in (root / "clips").rglob("*.*") if ".source." not in path.name)
    return found


def nothing_left(root: Path) -> bool:
    """Tell whether all parts are gone."""
    return not list((root / ".parts").iterdir())


def lag(found: Samples, source: Samples, rate: int) -> int:
    """By how many samples ``found`` is late against ``source`` (44.1 kHz), from their low frequencies."""
    times = np.arange(len(found)) / rate
    reference = np.interp(times, np.arange(len(source)) / 44_100, source)
    spectrum = np.fft.rfft(found) * np.conj(np.fft.rfft(reference))
    spectrum[len(spectrum) // 4 :] = 0
    place = int(np.argmax(np.fft.irfft(spectrum, len(found))))
    return place if place < len(found) // 2 else place - len(found)
