"""Failure kinds: a closed list, the same words in the journal, on the screen and in scripts."""

from __future__ import annotations

from enum import StrEnum


class FailureKind(StrEnum):
    """Why a segment could not be had, or why it has to wait."""

    PRIVATE = "private"
    REMOVED = "removed"
    ACCOUNT_TERMINATED = "account_terminated"
    COPYRIGHT = "copyright"
    REGION_BLOCKED = "region_blocked"
    AGE_RESTRICTED = "age_restricted"
    MEMBERS_ONLY = "members_only"
    LOGIN_REQUIRED = "login_required"
    TERMS_VIOLATION = "terms_violation"
    UNAVAILABLE = "unavailable"
    LIVE = "live"
    OUTSIDE_VIDEO = "outside_video"
    NO_AUDIO = "no_audio"
    RATE_LIMITED = "rate_limited"
    BOT_CHECK = "bot_check"
    FORBIDDEN = "forbidden"
    NETWORK = "network"
    TIMED_OUT = "timed_out"
    BAD_MEDIA = "bad_media"
    TOOL_FAULT = "tool_fault"
    DISK_FULL = "disk_full"
    DRM = "drm"
    OUTDATED_TOOL = "outdated_tool"
    UNKNOWN = "unknown"

    @property
    def is_permanent(self) -> bool:
        """The video is gone for good as far as this setting can tell; asking again is of no use."""
        return self in _PERMANENT

    @property
    def is_throttle(self) -> bool:
        """The far end refuses the address, not the video; no segment may fail by it."""
        return self in _THROTTLE

    @property
    def stops_run(self) -> bool:
        """Nothing else can succeed until this is mended; no segment may fail by it."""
        return self in _STOPS_RUN

    @property
    def meaning(self) -> str:
        """One line for people."""
        return _MEANING[self]


_PERMANENT = frozenset(
    {
        FailureKind.PRIVATE,
        FailureKind.REMOVED,
        FailureKind.ACCOUNT_TERMINATED,
        FailureKind.COPYRIGHT,
        FailureKind.REGION_BLOCKED,
        FailureKind.AGE_RESTRICTED,
        FailureKind.MEMBERS_ONLY,
        FailureKind.LOGIN_REQUIRED,
        FailureKind.TERMS_VIOLATION,
        FailureKind.OUTSIDE_VIDEO,
        FailureKind.NO_AUDIO,
        FailureKind.DRM,
    }
)
_THROTTLE = frozenset({FailureKind.RATE_LIMITED, FailureKind.BOT_CHECK})
_STOPS_RUN = frozenset({FailureKind.DISK_FULL})
_MEANING = {
    FailureKind.PRIVATE: "the uploader made the video private",
    FailureKind.REMOVED: "the video was removed",
    FailureKind.ACCOUNT_TERMINATED: "the uploader's account is gone",
    FailureKind.COPYRIGHT: "taken down by a copyright claim",
    FailureKind.REGION_BLOCKED: "not shown in the country of this connection",
    FailureKind.AGE_RESTRICTED: "needs a signed-in adult",
    FailureKind.MEMBERS_ONLY: "for paying or joined members",
    FailureKind.LOGIN_REQUIRED: "needs an account",
    FailureKind.TERMS_VIOLATION: "removed for breaking YouTube's rules",
    FailureKind.UNAVAILABLE: "YouTube says unavailable and gives no reason",
    FailureKind.LIVE: "a live stream or premiere that is not over",
    FailureKind.OUTSIDE_VIDEO: "the segment starts after the video's end",
    FailureKind.NO_AUDIO: "the video has no sound track",
    FailureKind.RATE_LIMITED: "YouTube asks this address to slow down",
    FailureKind.BOT_CHECK: "YouTube wants proof that this address is no bot",
    FailureKind.FORBIDDEN: "the media server refused (HTTP 403)",
    FailureKind.NETWORK: "connection failed or broke",
    FailureKind.TIMED_OUT: "no complete answer in time",
    FailureKind.BAD_MEDIA: "the media does not decode to the length it names",
    FailureKind.TOOL_FAULT: "a tool broke down",
    FailureKind.DISK_FULL: "no space left",
    FailureKind.DRM: "protected by DRM",
    FailureKind.OUTDATED_TOOL: "yt-dlp is too old for today's YouTube",
    FailureKind.UNKNOWN: "a message that asyncdl does not know",
}
