"""ffmpeg: there, with the encoders of the clips, and quick to start."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from asyncdl.core.finding import Finding, Level, Remark, gather
from asyncdl.errors import EnvironmentFault
from asyncdl.runtime.ffmpeg import MEND, find_ffmpeg
from asyncdl.runtime.process import run_child

_DEADLINE_S = 30.0
_ENCODER = re.compile(r"^ [VAS][A-Z.]{5} (\S+)", re.MULTILINE)
_MEND = "; ".join(MEND.splitlines())
# Encoder, and the options that stop working without it; the first one is the default format.
_NEEDED = {
    "flac": "--format flac",
    "pcm_s16le": "--format wav",
    "libopus": "--format opus",
    "aac": "--format m4a and --video",
    "libmp3lame": "--format mp3",
    "libx264": "--video",
}
_DEFAULT_ENCODER = "flac"


async def check_ffmpeg(wanted: str | None) -> Finding:
    """Start the ffmpeg that a run would take, and ask for its encoders."""
    try:
        ffmpeg = await find_ffmpeg(wanted)
        done = await run_child(
            [ffmpeg.path, "-hide_banner", "-encoders"], deadline_s=_DEADLINE_S, env=ffmpeg.env
        )
    except EnvironmentFault as fault:
        return Finding("ffmpeg", Level.FAULT, fault.what, _MEND)
    encoders = frozenset(_ENCODER.findall(done.stdout.decode("utf-8", errors="replace")))
    return judge_ffmpeg(ffmpeg.version, ffmpeg.path, encoders, is_of_wheel=_is_of_wheel(ffmpeg.path))


def judge_ffmpeg(version: str, path: str, encoders: frozenset[str], *, is_of_wheel: bool) -> Finding:
    """Judge what it can encode; another build than the wheel's is worth a note."""
    remarks = list(_lacking(encoders))
    if not is_of_wheel:
        remarks.append(
            Remark(
                Level.NOTE,
                "not the static build of the install, which may start several times faster",
                "leave --ffmpeg and ASYNCDL_FFMPEG out to use that one" if not remarks else "",
            )
        )
    return gather("ffmpeg", f"{version} at {path}", remarks)


def _lacking(encoders: frozenset[str]) -> Iterator[Remark]:
    for encoder, options in _NEEDED.items():
        if encoder not in encoders:
            level = Level.FAULT if encoder == _DEFAULT_ENCODER else Level.WARNING
            yield Remark(level, f"cannot encode {encoder} ({options})", _MEND)


def _is_of_wheel(path: str) -> bool:
    wheel = find_spec("imageio_ffmpeg")
    folders = (wheel.submodule_search_locations or []) if wheel else []
    return any(Path(path).resolve().is_relative_to(Path(folder).resolve()) for folder in folders)
