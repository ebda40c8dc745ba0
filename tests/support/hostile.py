"""What a stranger may send in place of media: playlists in disguise, archives, pages, and bombs."""

from __future__ import annotations

import asyncio
import base64
import io
import struct
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support.containers import box
from support.sources import ffmpeg, noise_m4a

_HLS = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n"
_DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
    'mediaPresentationDuration="PT10S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">'
    '<Period><AdaptationSet mimeType="audio/mp4"><Representation id="a" bandwidth="1" codecs="mp4a.40.2">'
    "<BaseURL>{}</BaseURL></Representation></AdaptationSet></Period></MPD>"
)
_SDP = "v=0\no=- 0 0 IN IP4 {0}\ns=x\nc=IN IP4 {0}\nt=0 0\nm=audio {1} RTP/AVP 0\n"
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
    '<image xlink:href="{}"/></svg>'
)
_FTYP = box(b"ftyp", b"isom\0\0\2\0isomiso2")


@dataclass
class Listener:
    """A listener on loopback that nobody may ever ask; ``callers`` counts those who did."""

    port: int = 0
    callers: list[str] = field(default_factory=list)

    def url(self, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}/x.ts"


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listener.callers.append((await reader.read(4096)).decode(errors="replace"))
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    async with server:
        listener.port = server.sockets[0].getsockname()[1]
        yield listener


def disguises(secret: Path, listener: Listener) -> dict[str, bytes]:
    """Files that are no media but would have a careless reader open ``secret`` (real media) or an address."""
    packed = base64.b64encode(noise_m4a().data[:100_000]).decode()
    texts = {
        "concat_script": f"ffconcat version 1.0\nfile '{secret}'\n",
        "concat_relative": f"ffconcat version 1.0\nfile {secret.name}\n",
        "concat_subfile": f"ffconcat version 1.0\nfile 'subfile,,start,0,end,0,,:{secret}'\n",
        "concat_data": f"ffconcat version 1.0\nfile 'data:audio/mp4;base64,{packed}'\n",
        "concat_remote": f"ffconcat version 1.0\nfile '{listener.url()}'\n",
        "concat_pattern": f"ffconcat version 1.0\nfile '{secret.parent}/%03d.png'\n",
        "hls_local": _HLS.format(secret),
        "hls_file_address": _HLS.format(f"file://{secret}"),
        "hls_remote": _HLS.format(listener.url()),
        "hls_crypto": _HLS.format(f"crypto:{secret}"),
        "dash_local": _DASH.format(secret),
        "dash_remote": _DASH.format(listener.url()),
        "sdp": _SDP.format("127.0.0.1", listener.port),
        "svg_local": _SVG.format(f"file://{secret}"),
        "svg_remote": _SVG.format(listener.url()),
        "m3u": f"{secret}\n{listener.url()}\n",
        "html": f"<html><body><audio src='{listener.url()}'></audio></body></html>",
        "json": f'{{"url": "{secret}"}}',
    }
    return {
        **{name: text.encode() for name, text in texts.items()},
        "zip": _zip(secret),
        "concat_behind_an_mp4_head": _FTYP + texts["concat_script"].encode(),
        "hls_behind_an_mp4_head": _FTYP + texts["hls_local"].encode(),
        "mp4_of_another_file": referring(noise_m4a().data, str(secret)),
    }


def referring(data: bytes, path: str) -> bytes:
    """An mp4 whose samples lie in another file: its data reference is an ``alis`` to ``path``."""
    name = path.encode()
    record = bytearray(150)
    record[10:14] = b"\x06done\xff"[:4]
    alias = bytes(record) + b"\0\x02" + len(name).to_bytes(2) + name + b"\0" * (len(name) % 2)
    alias += b"\0\x12" + len(name).to_bytes(2) + name + b"\0" * (len(name) % 2) + b"\xff\xff\0\0"
    entry = box(b"alis", b"\0\0\0\0" + alias)
    dinf = box(b"dinf", box(b"dref", b"\0\0\0\0\0\0\0\1" + entry))
    return _with(data, [b"moov", b"trak", b"mdia", b"minf", b"dinf"], dinf)


def with_long_index(data: bytes, frames: int) -> bytes:
    """An mp4 that claims so many frames in a few bytes: 24 bytes of memory for each are asked for."""
    path = [b"moov", b"trak", b"mdia", b"minf", b"stbl"]
    claims = {
        b"stsz": struct.pack(">III", 0, 371, frames),
        b"stts": struct.pack(">IIII", 0, 1, frames, 1024),
        b"stsc": struct.pack(">IIIII", 0, 1, 1, frames, 1),
    }
    for kind, body in claims.items():
        data = _with(data, [*path, kind], box(kind, body))
    return data


def _with(data: bytes, path: list[bytes], new: bytes) -> bytes:
    """Replace the box at ``path`` and mend the sizes of those around it."""
    at, out = 0, bytearray()
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        whole = data[at : at + size]
        if kind == path[0]:
            whole = new if len(path) == 1 else box(kind, _with(whole[8:], path[1:], new))
        out += whole
        at += size
    return bytes(out)


def _zip(secret: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("sound.m4a", noise_m4a().data[:50_000])
        archive.writestr("../../canary", b"outside")
        archive.writestr("list", str(secret))
    return packed.getvalue()


def sound(folder: Path, source: str, *coder: str, ending: str) -> bytes:
    """A file of generated sound."""
    path = folder / f"made.{ending}"
    ffmpeg("-f", "lavfi", "-i", source, *coder, str(path))
    return path.read_bytes()
