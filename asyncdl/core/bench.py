"""When an exit that brings no connection at all is tried again, and when it counts as dead."""

from __future__ import annotations

from dataclasses import dataclass

from asyncdl.core.codes import Code

# Signs that speak of the way out, not of the video and not of YouTube's patience.
NO_WAY_OUT = frozenset(
    {
        Code.PROXY_AUTH,
        Code.PROXY_DOWN,
        Code.PROXY_SCHEME,
        Code.BAD_SOURCE_ADDR,
        Code.DNS,
        Code.NET_DOWN,
    }
)
_FIRST_S = 15.0
_LONGEST_S = 3600.0
# An exit that has worked in this run gets through an outage of ten minutes; one that never has, does not.
_PATIENCE_WORKED = 7
_PATIENCE_NEVER = 2


@dataclass(frozen=True, slots=True)
class Bench:
    """Answer-less tries in a row, the last of them ``why``; nothing is sent before ``until_s``."""

    failures: int = 0
    until_s: float = 0.0
    why: str = ""
    has_worked: bool = False

    def failed(self, why: str, now_s: float) -> Bench:
        """Sit out, twice as long each time; failures of requests that left before it began count once."""
        if now_s < self.until_s:
            return self
        wait_s = min(_LONGEST_S, _FIRST_S * 2.0**self.failures)
        return Bench(self.failures + 1, now_s + wait_s, why, self.has_worked)

    def worked(self) -> Bench:
        """Come back: something answered."""
        return self if self.has_worked and not self.failures else Bench(has_worked=True)

    @property
    def is_benched(self) -> bool:
        """Whether the last try brought no connection."""
        return self.failures > 0

    @property
    def is_dead(self) -> bool:
        """Whether nothing more is expected of it unless others still work."""
        return self.failures >= (_PATIENCE_WORKED if self.has_worked else _PATIENCE_NEVER)
