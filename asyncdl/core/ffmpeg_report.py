"""What ffmpeg tells at ``-v level+verbose``: rates, counts and error lines, read from its stderr."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SOURCE = re.compile(r"samplefmt:\S+ samplerate:(\d+) chlayout:(\S+)")
_ENCODED = re.compile(r"\(audio\): \d+ frames encoded \((\d+) samples\)")
_DECODED = re.compile(r"\(audio\): .*?; \d+ frames decoded; (\d+) decode errors")
_FRAMES = re.compile(r"\(audio\): .*?; (\d+) frames decoded;")
_PICTURES = re.compile(r"\(video\): .*?; (\d+) frames decoded; (\d+) decode errors")
_ERROR = re.compile(r"\[(?:error|fatal|panic)\] (.*)")
_COUNTED = re.compile(r"Number of samples: (\d+)")
# Lines of ffmpeg's threads mix: no pattern may span two of them.
_PEAK = re.compile(r"Peak level dB: (\S+)")
_CHANNELS = {"mono": 1, "stereo": 2}


@dataclass(frozen=True, slots=True)
class Report:
    """One run of ffmpeg; counts are samples per channel, None where it did not tell.

    ``source`` are the (rate in Hz, channel layout) pairs that the decoder gave, in order: more than one where
    they changed in mid-stream. ``decoded_frames`` counts frames of sound. ``peaks_db`` holds one text
    for each channel, ``-inf`` for silence.
    """

    source: tuple[tuple[int, str], ...]
    encoded_samples: int | None
    counted_samples: int | None
    peaks_db: tuple[str, ...]
    pictures: int | None
    decode_errors: int
    errors: tuple[str, ...]
    decoded_frames: int | None = None

    @property
    def source_rate(self) -> int | None:
        """Rate of the decoded source in Hz."""
        return self.source[0][0] if self.source else None

    @property
    def source_channels(self) -> int | None:
        """Channels of the decoded source; None where it has more than two."""
        return _CHANNELS.get(self.source[0][1]) if self.source else None

    @property
    def is_clean(self) -> bool:
        """Nothing was wrong with the input, and it was of one kind from start to end."""
        return not self.errors and not self.decode_errors and len(set(self.source)) <= 1


def read_report(stderr: str) -> Report:
    """Read the stderr of one run."""
    pictures = _PICTURES.search(stderr)
    broken = _number(_DECODED, stderr) or 0
    return Report(
        source=tuple((int(rate), layout) for rate, layout in _SOURCE.findall(stderr)),
        encoded_samples=_number(_ENCODED, stderr),
        counted_samples=_number(_COUNTED, stderr),
        peaks_db=tuple(_PEAK.findall(stderr)),
        pictures=int(pictures[1]) if pictures else None,
        decode_errors=broken + (int(pictures[2]) if pictures else 0),
        errors=tuple(_ERROR.findall(stderr)),
        decoded_frames=_number(_FRAMES, stderr),
    )


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.search(text)
    return int(found[1]) if found else None
