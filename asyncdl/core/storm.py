"""Tells when it is no longer the videos that fail: many different ones in a row, as if nobody were there.

A dead network or a yt-dlp that YouTube has outrun fails every video alike. Going on would give up the rest of
a list for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from asyncdl.core.codes import Code
from asyncdl.core.model import Failure

STORM_SEGMENTS = 20

_SUSPECT = frozenset(
    {
        Code.BAD_JSON,
        Code.CLIENT_REJECTED,
        Code.CONN_RESET,
        Code.DEADLINE,
        Code.HTTP_403,
        Code.HTTP_5XX,
        Code.JS_FAILED,
        Code.NO_PLAYER,
        Code.POT_MISSING,
        Code.SABR_ONLY,
        Code.TIMEOUT,
        Code.WORKER_DIED,
    }
)


@dataclass(frozen=True, slots=True)
class Storm:
    """Keys of different segments that failed in a row, with nothing else between them."""

    failing: frozenset[str] = frozenset()

    def observe(self, key: str, failure: Failure | None) -> Storm:
        """Take in the outcome of a segment's first attempt, None for a clip.

        Any outcome that speaks of a video ends the row. Later attempts are left out: at the end of a list
        only those that fail again and again remain.
        """
        if failure is None or failure.code not in _SUSPECT:
            return Storm()
        return self if self.is_over_all else Storm(self.failing | {key})

    @property
    def is_over_all(self) -> bool:
        """Whether the videos can no longer be to blame."""
        return len(self.failing) >= STORM_SEGMENTS
