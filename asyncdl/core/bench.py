"""When an exit that brings no connection at all is tried again, and when it counts as dead."""

from __future__ import annotations

from dataclasses import dataclass

from asyncdl.core.codes import Code

# Signs that speak of one way out (or of the account on it), not of the video and not of YouTube's patience.
NO_WAY_OUT = frozenset(
    {
        Code.BAD_SOURCE_ADDR,
        Code.CLIENT_VS_COOKIES,
        Code.COOKIES_BAD,
        Code.COOKIES_ROTATED,
        Code.DNS,
        Code.NET_DOWN,
        Code.PROXY_AUTH,
        Code.PROXY_DOWN,
        Code.PROXY_SCHEME,
        Code.RESTRICTED_NET,
        Code.TLS_VERIFY,
    }
)
# The line itself is down; it may be for hours, and comes back by itself.
_LINE_DOWN = frozenset({Code.DNS, Code.NET_DOWN})
_FIRST_S = 15.0
_LONGEST_S = 3600.0
_LONGEST_LINE_S = 300.0
# An exit that has worked in this run gets through an outage of half an hour; one that never has, does not.
_PATIENCE_WORKED = 7
_PATIENCE_NEVER = 2


@dataclass(frozen=True, slots=True)
class Bench:
    """Tries in a row that brought nothing, the last of them for ``why``; rests up to ``until_s``."""

    failures: int = 0
    until_s: float = 0.0
    why: str = ""
    has_worked: bool = False
    is_line_down: bool = False

    def failed(self, code: str, told: str, now_s: float) -> Bench:
        """Sit out, twice as long each time; failures of requests that left before it began count once."""
        if now_s < self.until_s:
            return self
        is_line_down = code in _LINE_DOWN
        longest_s = _LONGEST_LINE_S if is_line_down else _LONGEST_S
        wait_s = min(longest_s, _FIRST_S * 2.0 ** min(self.failures, 16))
        return Bench(self.failures + 1, now_s + wait_s, f"{code}: {told}", self.has_worked, is_line_down)

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
        if not self.has_worked:
            return self.failures >= _PATIENCE_NEVER
        return self.failures >= _PATIENCE_WORKED and not self.is_line_down
