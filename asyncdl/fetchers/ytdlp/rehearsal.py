"""One extraction without a network: what yt-dlp loads and compiles at its first video, forks then share.

Costs the nursery 50 ms once, and saves 30 ms in each worker (docs/performance.md). Nothing of it stays but
code, compiled patterns and parsed options: session, cookies and connections belong to a ``YoutubeDL``, and
this one is thrown away.
"""

from __future__ import annotations

import io
from typing import Any

import orjson
from yt_dlp.networking import Response
from yt_dlp.networking.exceptions import TransportError

from asyncdl.core.model import Failure
from asyncdl.fetchers.ytdlp.config import WorkerConfig
from asyncdl.fetchers.ytdlp.extract import CountingYoutubeDL, Extractor

_YTID = "rehearsal00"
_PLAYER = "/youtubei/v1/player"
_SOUND = {"bitrate": 130_000, "contentLength": "9920000", "approxDurationMs": "620000", "audioChannels": 2}
_FORMATS = (
    {"itag": 140, "mimeType": 'audio/mp4; codecs="mp4a.40.2"', "audioSampleRate": "44100"},
    {"itag": 251, "mimeType": 'audio/webm; codecs="opus"', "audioSampleRate": "48000"},
    {"itag": 160, "mimeType": 'video/mp4; codecs="avc1.42C00C"', "width": 256, "height": 144, "fps": 25},
)
_ANSWER = {
    "playabilityStatus": {"status": "OK"},
    "videoDetails": {"videoId": _YTID, "title": "Rehearsal", "lengthSeconds": "620", "author": "asyncdl"},
    "streamingData": {
        "adaptiveFormats": [
            {"url": f"https://media.invalid/{one['itag']}", "quality": "tiny", **_SOUND, **one}
            for one in _FORMATS
        ]
    },
}


class RehearsingYoutubeDL(CountingYoutubeDL):
    """Answers the player request itself; nothing leaves."""

    def urlopen(self, req: Any) -> Any:  # noqa: ANN401 - yt-dlp ships no types
        """Answer from memory; raises yt-dlp's ``TransportError`` for all but the player."""
        url = req if isinstance(req, str) else req.url
        if _PLAYER not in url:
            raise TransportError("this is a rehearsal")
        return Response(io.BytesIO(orjson.dumps(_ANSWER)), url, {"Content-Type": "application/json"})


def rehearse() -> bool:
    """Do what a worker does at its first video; tell whether it went well.

    Where it does not, as a newer yt-dlp may ask for more than one request, workers begin a little slower.
    """
    with Extractor(WorkerConfig(), RehearsingYoutubeDL) as extractor:
        return not isinstance(extractor.extract(_YTID), Failure)
