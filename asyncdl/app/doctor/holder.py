"""Who works on the data set. Only its lease is read: taking the lock could stop a run that starts."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path

from asyncdl.core.finding import Finding, Level
from asyncdl.runtime.dataset import journal_of
from asyncdl.runtime.guardian import is_alive
from asyncdl.runtime.lock import Lease, read_lease

_NAME = "data set"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def check_holder(out: Path) -> Finding:
    """Read the lease of the data set, if there is one."""
    journal = journal_of(out)
    if not journal.is_dir():
        return Finding(_NAME, Level.OK, f"none at {out} yet")
    try:
        boot_id = _BOOT_ID.read_text("ascii").strip()
    except OSError:
        boot_id = ""
    return judge_lease(out, read_lease(journal), platform.node(), boot_id, _runs)


def judge_lease(
    out: Path, lease: Lease | None, host: str, boot_id: str, runs: Callable[[Lease], bool]
) -> Finding:
    """Say who works on it; that is no fault, but a second run would end at once with exit code 5."""
    if lease is None:
        return Finding(_NAME, Level.OK, f"{out}, nobody works on it")
    who = f"pid {lease.pid} on {lease.host}"
    if lease.boot_id == boot_id and runs(lease):
        return Finding(
            _NAME, Level.NOTE, f"{out}, a run is at work: {who}", "wait for it to end before another"
        )
    if lease.host == host:
        return Finding(_NAME, Level.NOTE, f"{out}, the last run was killed: {who}", "asyncdl run goes on")
    return Finding(
        _NAME,
        Level.NOTE,
        f"{out}, {who} is at work on it or was killed",
        "see there; while it runs, another one ends with exit code 5",
    )


def _runs(lease: Lease) -> bool:
    return is_alive(f"lease.{lease.pid}.{lease.start_ticks}")
