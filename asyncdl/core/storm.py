"""Tells when it is no longer the videos that fail: most of the last ones got no answer that speaks of them.

A dead network or a yt-dlp that YouTube has outrun fails every video alike, but for those that are gone
anyway. Going on would give up the rest of a list for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from asyncdl.core.codes import Code
from asyncdl.core.model import Failure

STORM_WINDOW = 20

_SUSPECT = frozenset(
    {
        Code.BAD_JSON,
        Code.CLIENT_REJECTED,
        Code.CONN_RESET,
        Code.CORRUPT,
        Code.DEADLINE,
        Code.DRM,
        Code.EMPTY,
        Code.FFMPEG_FAILED,
        Code.FORMAT_MISSING,
        Code.HTTP_403,
        Code.HTTP_404,
        Code.HTTP_5XX,
        Code.JS_FAILED,
        Code.NO_PLAYER,
        Code.POT_MISSING,
        Code.SABR_ONLY,
        Code.SHORT_BODY,
        Code.TIMEOUT,
        Code.UNKNOWN,
        Code.WORKER_DIED,
    }
)


@dataclass(frozen=True, slots=True)
class Storm:
    """The last different videos, oldest first, and whether each failed for no reason of its own.

    Each is known by the keys of the segments that were wanted of it.
    """

    window: tuple[tuple[tuple[str, ...], bool], ...] = ()

    def observe(self, keys: tuple[str, ...], failure: Failure | None) -> Storm:
        """Take in the outcome of a first attempt at segments of one video, None where it brought a clip.

        Later attempts are left out: at the end of a list only those that fail again and again remain.
        """
        is_suspect = failure is not None and failure.code in _SUSPECT
        return Storm((*self.window, (keys, is_suspect))[-STORM_WINDOW:])

    @property
    def is_over_all(self) -> bool:
        """Whether the videos can no longer be to blame."""
        suspects = sum(is_suspect for _, is_suspect in self.window)
        return len(self.window) == STORM_WINDOW and suspects * 2 > STORM_WINDOW

    @property
    def keys(self) -> tuple[str, ...]:
        """Segments whose verdict the storm may have spoilt."""
        return tuple(key for keys, is_suspect in self.window if is_suspect for key in keys)
