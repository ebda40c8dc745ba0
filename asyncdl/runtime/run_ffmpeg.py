"""One run of ffmpeg: a report of a clean run, or a failure; what no segment is to blame for is raised."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Sequence

from asyncdl.core.argv import FRONT, MEMORY_BYTES
from asyncdl.core.classify import classify, failure
from asyncdl.core.codes import Code
from asyncdl.core.ffmpeg_report import Report, read_report
from asyncdl.core.model import Failure
from asyncdl.core.scarcity import SCARCE
from asyncdl.errors import DiskFull, EnvironmentFault
from asyncdl.runtime.ffmpeg import MEND, Ffmpeg
from asyncdl.runtime.limits import Limits
from asyncdl.runtime.process import Finished, run_child

_LACKING = re.compile(
    r"Unknown encoder|Unrecognized option|No such filter|Unknown decoder|Option .+ not found"
)
# Said where the limit of memory is met; it is the media that ask for so much.
_TOO_MUCH_MEMORY = re.compile(r"Cannot allocate memory|Error while .*: Out of memory")
# Threads are counted like processes; none to be had is the machine's affair, and passes. Media that take
# nearly all the memory allowed bring the same about: an index of 80 million frames fits into 100 kB.
_NO_THREAD = re.compile(r"pthread_create\(\) failed")
_THREAD_TRIES, _THREAD_PAUSE_S = 10, 0.5
_SURE = 3
_SILENCE = ("-f", "lavfi", "-i", "anullsrc=d=0.01", "-threads", "1", "-f", "null", "-")
_SILENCE_DEADLINE_S = 10.0
_MORE = "Raise the limits on processes and open files (ulimit -u, ulimit -n), or lower --concurrency."
_NO_STREAM = re.compile(r"matches no streams")
# A file that breaks off behind its head has no stream of any kind, which proves nothing of the video.
_OTHER_STREAM = re.compile(r"Stream #0:\d+.*: (?:Video|Subtitle|Data): ")
_ODD_MEDIA = re.compile(
    r"\b\d+ (?:Hz|channels) not supported|exceeds specified max pixel count"
    r"|Too many channels: |no decoder found for: none|Decoder \(codec none\) not found"
)
DECODING = Limits(memory_bytes=MEMORY_BYTES, file_bytes=0, is_batch=True)


async def run_ffmpeg(
    ffmpeg: Ffmpeg, argv: Sequence[str], deadline_s: float, limits: Limits = DECODING
) -> Report | Failure:
    """Run ``argv`` to its end; without ``limits`` of its own it may write no file.

    Raises ``EnvironmentFault`` where this ffmpeg cannot do it for any segment, ``DiskFull`` where no space is
    left.
    """
    done = await _run(ffmpeg, argv, deadline_s, limits)
    suspicions = 0
    for _ in range(_THREAD_TRIES):
        if not _lacked_threads(done):
            break
        suspicions += await _has_threads(ffmpeg, limits)
        if suspicions == _SURE:
            return failure(Code.TOO_BIG, "the media leave ffmpeg no memory for its threads")
        await asyncio.sleep(_THREAD_PAUSE_S)
        done = await _run(ffmpeg, argv, deadline_s, limits)
    if done.timed_out:
        return failure(Code.DEADLINE, f"ffmpeg did not end within {deadline_s:g} s")
    report = read_report(done.error_text)
    if done.returncode == 0 and report.is_clean:
        return report
    return _failure_of(done, report, limits)


async def _run(ffmpeg: Ffmpeg, argv: Sequence[str], deadline_s: float, limits: Limits) -> Finished:
    try:
        return await run_child(argv, deadline_s=deadline_s, env=ffmpeg.env, limits=limits)
    except OSError as error:
        mend = _MORE if error.errno in SCARCE else MEND
        raise EnvironmentFault(
            f"ffmpeg does not start: {ffmpeg.path}: {error.strerror}", mend=mend
        ) from error


def _lacked_threads(done: Finished) -> bool:
    return done.returncode != 0 and _NO_THREAD.search(done.error_text) is not None


async def _has_threads(ffmpeg: Ffmpeg, limits: Limits) -> bool:
    """Tell whether ffmpeg, under the same limits, gets threads for media that are harmless."""
    argv = (ffmpeg.path, *FRONT, *_SILENCE)
    return (await _run(ffmpeg, argv, _SILENCE_DEADLINE_S, limits)).returncode == 0


def _failure_of(done: Finished, report: Report, limits: Limits) -> Failure:
    text = _text_of(done, report, limits)
    if _LACKING.search(text):
        raise EnvironmentFault(f"this ffmpeg lacks what the clips need: {text}", mend=MEND)
    if _lacked_threads(done):
        raise EnvironmentFault(f"ffmpeg could start no thread: {text}", mend=_MORE)
    blamed = _fault_of_media(done, text)
    if blamed is not None:
        return failure(blamed, text)
    cause = classify(text)
    if cause.code == Code.DISK_FULL:
        raise DiskFull(f"no space is left: {text}")
    if cause.code != Code.UNKNOWN:
        return cause
    # Complaints with exit code 0 are about the media; it goes on after every damaged packet.
    return failure(Code.FFMPEG_FAILED if done.returncode else Code.CORRUPT, text)


def _fault_of_media(done: Finished, text: str) -> Code | None:
    if _NO_STREAM.search(text):
        return Code.NO_AUDIO if _OTHER_STREAM.search(done.error_text) else Code.CORRUPT
    if done.returncode == -signal.SIGXFSZ or _TOO_MUCH_MEMORY.search(text):
        return Code.TOO_BIG
    return Code.CORRUPT if _ODD_MEDIA.search(text) else None


def _text_of(done: Finished, report: Report, limits: Limits) -> str:
    if done.returncode < 0:
        return "\n".join((*report.errors, f"ffmpeg was {limits.death_text(-done.returncode)}"))
    if done.returncode:
        return "\n".join((*report.errors, f"ffmpeg exited with code {done.returncode}"))
    changed = len(set(report.source)) > 1
    told = [f"the sound changes in mid-stream: {report.source}"] if changed else []
    broken = [f"{report.decode_errors} decode errors"] if report.decode_errors else []
    return "\n".join((*report.errors, *told, *broken))
