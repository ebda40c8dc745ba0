"""One run of ffmpeg: a report of a clean run, or a failure; what no segment is to blame for is raised."""

from __future__ import annotations

import re
from collections.abc import Sequence

from asyncdl.core.classify import classify, failure
from asyncdl.core.codes import Code
from asyncdl.core.ffmpeg_report import Report, read_report
from asyncdl.core.model import Failure
from asyncdl.errors import DiskFull, EnvironmentFault
from asyncdl.runtime.ffmpeg import MEND, Ffmpeg
from asyncdl.runtime.process import Finished, run_child

_LACKING = re.compile(
    r"Unknown encoder|Unrecognized option|No such filter|Unknown decoder|Option .+ not found"
)
_NO_STREAM = re.compile(r"matches no streams")


async def run_ffmpeg(ffmpeg: Ffmpeg, argv: Sequence[str], deadline_s: float) -> Report | Failure:
    """Run ``argv`` to its end.

    Raises ``EnvironmentFault`` where this ffmpeg cannot do it for any segment, ``DiskFull`` where no space is
    left.
    """
    try:
        done = await run_child(argv, deadline_s=deadline_s, env=ffmpeg.env)
    except OSError as error:
        raise EnvironmentFault(
            f"ffmpeg does not start: {ffmpeg.path}: {error.strerror}", mend=MEND
        ) from error
    if done.timed_out:
        return failure(Code.DEADLINE, f"ffmpeg did not end within {deadline_s:g} s")
    report = read_report(done.error_text)
    if done.returncode == 0 and report.is_clean:
        return report
    return _failure_of(done, report)


def _failure_of(done: Finished, report: Report) -> Failure:
    text = _text_of(done, report)
    if _LACKING.search(text):
        raise EnvironmentFault(f"this ffmpeg lacks what the clips need: {text}", mend=MEND)
    if _NO_STREAM.search(text):
        return failure(Code.NO_AUDIO, text)
    cause = classify(text)
    if cause.code == Code.DISK_FULL:
        raise DiskFull(f"no space is left: {text}")
    if cause.code != Code.UNKNOWN:
        return cause
    # Complaints with exit code 0 are about the media; it goes on after every damaged packet.
    return failure(Code.FFMPEG_FAILED if done.returncode else Code.CORRUPT, text)


def _text_of(done: Finished, report: Report) -> str:
    if done.returncode:
        return "\n".join((*report.errors, f"ffmpeg exited with code {done.returncode}"))
    changed = len(set(report.source)) > 1
    told = [f"the sound changes in mid-stream: {report.source}"] if changed else []
    broken = [f"{report.decode_errors} decode errors"] if report.decode_errors else []
    return "\n".join((*report.errors, *told, *broken))
