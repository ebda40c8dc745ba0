"""The breaker of one identity: running, cooling (nothing is sent), probing (one request is).

It opens on the first sign of a throttle. A probe that fails doubles the wait, and so does a sign that comes
before a few clean answers have shown that the block is over. Jitter only lengthens: nothing leaves early.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from asyncdl.core.codes import Code
from asyncdl.core.retry import Rng

MAX_WAIT_S = 24 * 3600.0
# An asked-for wait is respected up to here; beyond it, it is taken for garbage.
MAX_ASKED_S = 7 * 24 * 3600.0
# No cool-down that begins now ends later than this.
LONGEST_WAIT_S = MAX_ASKED_S
# A probe whose answer never came (killed, network gone) gives its place to another one after this time.
PROBE_PATIENCE_S = 600.0
# After a probe that brought no answer at all; says nothing about the block, so nothing doubles.
NO_ANSWER_WAIT_S = 60.0
# So many clean answers show that a block is over.
TRUSTED_AFTER = 20
_JITTER = 1.1
_MAX_DOUBLINGS = 16

_USUAL_WAIT_S = 15 * 60.0
_FIRST_WAIT_S = {
    Code.SESSION_LIMIT: 60 * 60.0,
    Code.ACCOUNT_BLOCKED: 60 * 60.0,
    Code.HTTP_429: 5 * 60.0,
    Code.HTTP_402: 5 * 60.0,
}


class Phase(StrEnum):
    """What the breaker lets through: everything, nothing, one request."""

    RUNNING = "running"
    COOLING = "cooling"
    PROBING = "probing"


@dataclass(frozen=True, slots=True)
class Breaker:
    """``until_s``: when a cool-down ends, or when a probe counts as lost; seconds since 1970.

    ``episode`` counts the openings. A request carries the episode in which it left, so that signs of
    requests that were under way when the breaker opened are known as such. ``failures`` are the waits in a
    row that did not help, ``clean`` the clean answers since the last one.
    """

    phase: Phase = Phase.RUNNING
    episode: int = 0
    cause: Code | None = None
    until_s: float = 0.0
    failures: int = 0
    clean: int = TRUSTED_AFTER

    @property
    def is_trusted(self) -> bool:
        """Whether the last block is known to be over."""
        return self.phase is Phase.RUNNING and self.clean >= TRUSTED_AFTER

    def opened(self, code: Code, asked_s: float | None, now_s: float, rng: Rng) -> Breaker:
        """Stop at once, for the time of the sign's code; longer when the last wait did not help."""
        failures = 0 if self.is_trusted else self.failures + 1
        wait_s = min(MAX_WAIT_S, first_wait_s(code) * 2.0 ** min(failures, _MAX_DOUBLINGS))
        until_s = now_s + max(wait_s * rng.uniform(1.0, _JITTER), _asked(asked_s))
        return Breaker(Phase.COOLING, self.episode + 1, code, until_s, failures, 0)

    def stretched(self, code: Code, asked_s: float | None, now_s: float) -> Breaker:
        """Note a sign of a request that left before the opening: the longer wait holds, nothing doubles."""
        # The code that opened it, seen again a moment later, asks for no longer wait.
        usual_s = 0.0 if code is self.cause else first_wait_s(code)
        until_s = now_s + max(usual_s, _asked(asked_s))
        if self.phase is not Phase.COOLING or until_s <= self.until_s:
            return self
        return replace(self, until_s=until_s, cause=code)

    def probed(self, now_s: float) -> Breaker:
        """Let the one probe go."""
        return replace(self, phase=Phase.PROBING, until_s=now_s + PROBE_PATIENCE_S)

    def answered(self) -> Breaker:
        """Note a clean answer of this episode; it closes the breaker when it was the probe's."""
        if self.phase is Phase.PROBING:
            return replace(self, phase=Phase.RUNNING, cause=None, until_s=0.0, clean=1)
        clean = min(TRUSTED_AFTER, self.clean + 1)
        if clean == self.clean:
            return self
        return replace(self, clean=clean, failures=0 if clean == TRUSTED_AFTER else self.failures)

    def unanswered(self, now_s: float) -> Breaker:
        """Note that the probe brought no answer; another one follows soon."""
        if self.phase is not Phase.PROBING:
            return self
        return replace(self, phase=Phase.COOLING, until_s=now_s + NO_ANSWER_WAIT_S)

    def moved_back(self, by_s: float) -> Breaker:
        """Translate to a clock that was set back: what is left of a wait stays left."""
        return self if self.phase is Phase.RUNNING else replace(self, until_s=self.until_s - by_s)


def first_wait_s(code: Code) -> float:
    """Answer how long the first pause after a sign is, in seconds."""
    return _FIRST_WAIT_S.get(code, _USUAL_WAIT_S)


def _asked(asked_s: float | None) -> float:
    if asked_s is None or math.isnan(asked_s):
        return 0.0
    return min(MAX_ASKED_S, max(0.0, asked_s))
