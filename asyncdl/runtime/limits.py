"""What the kernel lets a child have: memory, size of files, never a core file, and how it is scheduled.

Set from here with ``prlimit`` right after the start, which costs 5 us a child; a wrapper (``prlimit``, or
``ulimit`` of a shell) costs 0.5 to 1.5 ms and hides from us that a program is not there. The child runs some
milliseconds without limits until then. That does not matter: each limit is looked at when more is asked for,
so what was had before counts, and the next request beyond it fails.
"""

from __future__ import annotations

import os
import resource
import signal
from contextlib import suppress
from dataclasses import dataclass

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one child and on what it starts itself; None: as much as this program may have.

    ``memory_bytes`` bounds the address space, ``file_bytes`` each file that it writes. A core file, which
    would hold cookies or half a clip, is never written.

    A child that ``is_batch`` is not interrupted by its own threads as they wake: those of ffmpeg hand each
    other packets of 20 ms, and without this they switch thousands of times a clip.
    """

    memory_bytes: int | None = None
    file_bytes: int | None = None
    is_batch: bool = False

    def death_text(self, number: int) -> str:
        """Say for people by which signal a child with these limits ended, and what that may mean."""
        name = _name_of(number)
        if number == signal.SIGXFSZ and self.file_bytes is not None:
            return f"ended by {name}: it wrote more than the {self.file_bytes} bytes allowed"
        if number in _OUT_OF_MEMORY and self.memory_bytes is not None:
            return f"ended by {name}, perhaps for want of memory: {self.memory_bytes // _MIB} MiB are allowed"
        return f"ended by {name}"


NO_CORE = Limits()
_OUT_OF_MEMORY = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS})


def set_limits(pid: int, limits: Limits) -> None:
    """Bound a running child of ours; one that has ended meanwhile needs no bounds."""
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_FSIZE: limits.file_bytes,
    }
    with suppress(ProcessLookupError, PermissionError):
        for kind, most in wanted.items():
            if most is not None:
                _, hard = resource.prlimit(pid, kind)
                bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
                resource.prlimit(pid, kind, (bound, bound))
        if limits.is_batch and os.sched_getscheduler(pid) == os.SCHED_OTHER:
            os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0))


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
