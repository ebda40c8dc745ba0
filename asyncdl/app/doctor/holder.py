"""Who works on the data set. Only its lease is read: taking the lock could stop a run that starts."""

from __future__ import annotations

from pathlib import Path

from asyncdl.core.finding import Finding, Level
from asyncdl.core.partition import WHOLE
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.lease import Lease, LeaseState, judge, lease_path, own_lease, read_lease

_NAME = "data set"


def check_holder(out: Path) -> Finding:
    """Read the lease of the data set, if there is one; raises ``EnvironmentFault`` without ``/proc``."""
    journal = journal_of(out)
    if not journal.is_dir():
        return Finding(_NAME, Level.OK, f"none at {out} yet")
    lease = read_lease(lease_path(journal, WHOLE))
    if lease is None:
        return Finding(_NAME, Level.OK, f"{out}, nobody works on it")
    return judge_lease(out, lease, judge(lease, own_lease()))


def judge_lease(out: Path, lease: Lease, state: LeaseState) -> Finding:
    """Say who works on it; that is no fault, but a second run would end at once with exit code 5."""
    match state:
        case LeaseState.LIVING:
            told, mend = f"a run is at work: {lease}", "wait for it to end before another"
        case LeaseState.DEAD:
            told, mend = f"the last run was killed: {lease}", "asyncdl run goes on"
        case LeaseState.ELSEWHERE:
            told = f"{lease} is at work on it or was killed"
            mend = "see there; while it runs, another one ends with exit code 5"
    return Finding(_NAME, Level.NOTE, f"{out}, {told}", mend)
