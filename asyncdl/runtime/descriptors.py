"""How many segments the limit on open files is good for, after raising it as far as may be needed."""

from __future__ import annotations

import resource
from collections.abc import Callable
from contextlib import suppress

from asyncdl.errors import EnvironmentFault

# Measured with the demo: 34 files open at most at --concurrency 8, 57 at 32. A segment holds the socket of
# its worker, and up to three pipes of its ffmpeg.
BASE_FILES, FILES_A_SEGMENT = 32, 4


def enough_for(files: int) -> int:
    """Answer how many segments may be in flight with so many open files."""
    return max(0, (files - BASE_FILES) // FILES_A_SEGMENT)


def fit_concurrency(wanted: int, tell: Callable[[str], None]) -> int:
    """Raise the soft limit, up to the hard one, to what ``wanted`` segments need; answer what it is good for.

    Raises ``EnvironmentFault`` where not even one segment fits.
    """
    needed = BASE_FILES + wanted * FILES_A_SEGMENT
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        aim = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        with suppress(OSError, ValueError):  # a container may forbid it; then the soft limit stands
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, aim), hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    fitting = enough_for(soft)
    if not fitting:
        raise EnvironmentFault(
            f"only {soft} files may be open at once, too few for a single segment",
            mend=f"ulimit -n {needed}, or have the hard limit raised",
        )
    tell(f"{fitting} segments at once instead of {wanted}: only {soft} files may be open (ulimit -n)")
    return fitting
