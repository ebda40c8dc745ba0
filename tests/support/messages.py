"""The specification of the error table: what is said, what it means, and which test has it said for real.

``EXPECTED`` is written by hand, not read from ``asyncdl.core.error_table``; the tests hold the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from asyncdl.core.codes import Action, Code
from asyncdl.core.kinds import FailureKind as Kind

_TESTS = "tests/fetchers"


class By(Enum):
    """Who says it in the test; the value is the test, where the rows are its parameters."""

    PLAYER = f"{_TESTS}/test_messages.py::test_said_to_the_first_tier"
    FULL = f"{_TESTS}/test_messages.py::test_said_to_the_second_tier"
    NETWORK = f"{_TESTS}/test_messages_network.py::test_said_by_the_network"
    MACHINE = f"{_TESTS}/test_messages_machine.py::test_said_by_this_machine"
    TOOL = f"{_TESTS}/test_messages_tools.py::test_said_by_a_real_tool"
    # Cannot be provoked without a network or another machine: the sentence stands in the source of yt-dlp.
    SOURCE = f"{_TESTS}/test_messages.py::test_the_sentence_stands_in_the_source"
    # Kept from earlier versions of the tools; nothing that is installed here says it.
    FORMERLY = f"{_TESTS}/test_messages.py::test_what_was_said_formerly_is_still_understood"


@dataclass(frozen=True, slots=True)
class Message:
    """One message: ``says`` stands in the failure's text, ``how`` is a video id, a fault, or a source file.

    " … " stands for whatever comes between. ``args`` are yt-dlp options of the user; ``literal`` is what the
    source file holds where the sentence has gaps.
    """

    code: Code
    says: str
    by: By
    how: str
    args: tuple[str, ...] = ()
    literal: str = ""

    @property
    def name(self) -> str:
        """The parameter's name in the test."""
        told = self.says if self.by is By.SOURCE else self.how
        return "-".join((self.code, told, *self.args[-1:]))


EXPECTED: dict[Code, tuple[Kind, Action]] = {
    Code.BOT_CHECK: (Kind.BOT_CHECK, Action.THROTTLE),
    Code.SESSION_LIMIT: (Kind.RATE_LIMITED, Action.THROTTLE),
    Code.ACCOUNT_BLOCKED: (Kind.RATE_LIMITED, Action.THROTTLE),
    Code.CAPTCHA: (Kind.BOT_CHECK, Action.THROTTLE),
    Code.IP_BLOCKED: (Kind.BOT_CHECK, Action.THROTTLE),
    Code.HTTP_429: (Kind.RATE_LIMITED, Action.THROTTLE),
    Code.HTTP_402: (Kind.RATE_LIMITED, Action.THROTTLE),
    Code.TLS_VERIFY: (Kind.NETWORK, Action.LOCAL),
    Code.PROXY_AUTH: (Kind.NETWORK, Action.LOCAL),
    Code.PROXY_SCHEME: (Kind.NETWORK, Action.LOCAL),
    Code.PROXY_DOWN: (Kind.NETWORK, Action.LOCAL),
    Code.BAD_SOURCE_ADDR: (Kind.NETWORK, Action.LOCAL),
    Code.DNS: (Kind.NETWORK, Action.LOCAL),
    Code.NET_DOWN: (Kind.NETWORK, Action.LOCAL),
    Code.DISK_FULL: (Kind.DISK_FULL, Action.LOCAL),
    Code.NOT_WRITABLE: (Kind.TOOL_FAULT, Action.LOCAL),
    Code.NO_FFMPEG: (Kind.TOOL_FAULT, Action.LOCAL),
    Code.BAD_OPTION: (Kind.TOOL_FAULT, Action.LOCAL),
    Code.PYTHON_TOO_OLD: (Kind.TOOL_FAULT, Action.LOCAL),
    Code.COOKIES_BAD: (Kind.TOOL_FAULT, Action.LOCAL),
    Code.COOKIES_ROTATED: (Kind.LOGIN_REQUIRED, Action.LOCAL),
    Code.CLIENT_VS_COOKIES: (Kind.TOOL_FAULT, Action.LOCAL),
    Code.RESTRICTED_NET: (Kind.NETWORK, Action.LOCAL),
    Code.EMFILE: (Kind.TOOL_FAULT, Action.LOCAL),
    Code.CLIENT_REJECTED: (Kind.OUTDATED_TOOL, Action.FULLER),
    Code.JS_FAILED: (Kind.OUTDATED_TOOL, Action.FULLER),
    Code.POT_MISSING: (Kind.OUTDATED_TOOL, Action.FULLER),
    Code.SABR_ONLY: (Kind.OUTDATED_TOOL, Action.FULLER),
    Code.DRM: (Kind.DRM, Action.FULLER),
    Code.PRIVATE: (Kind.PRIVATE, Action.PERMANENT),
    Code.AGE: (Kind.AGE_RESTRICTED, Action.LOGIN),
    Code.MEMBERS: (Kind.MEMBERS_ONLY, Action.LOGIN),
    Code.PREMIUM: (Kind.MEMBERS_ONLY, Action.LOGIN),
    Code.ACCOUNT_GONE: (Kind.ACCOUNT_TERMINATED, Action.PERMANENT),
    Code.COPYRIGHT: (Kind.COPYRIGHT, Action.PERMANENT),
    Code.GEO: (Kind.REGION_BLOCKED, Action.PERMANENT),
    Code.TOS: (Kind.TERMS_VIOLATION, Action.PERMANENT),
    Code.REMOVED: (Kind.REMOVED, Action.PERMANENT),
    Code.UPCOMING: (Kind.LIVE, Action.LATER),
    Code.LIVE_NOW: (Kind.LIVE, Action.LATER),
    Code.LIVE_PROCESSING: (Kind.LIVE, Action.LATER),
    Code.LIVE_GONE: (Kind.REMOVED, Action.PERMANENT),
    Code.EMBED_ONLY: (Kind.UNAVAILABLE, Action.FULLER),
    Code.LOGIN_GENERIC: (Kind.LOGIN_REQUIRED, Action.LOGIN),
    Code.CLIENT_UNAVAIL: (Kind.UNAVAILABLE, Action.FULLER),
    Code.YT_HICCUP: (Kind.NETWORK, Action.TRANSIENT),
    Code.UNAVAILABLE: (Kind.UNAVAILABLE, Action.FULLER),
    Code.BAD_ID: (Kind.REMOVED, Action.PERMANENT),
    Code.HTTP_403: (Kind.FORBIDDEN, Action.TRANSIENT),
    Code.HTTP_416: (Kind.NETWORK, Action.TRANSIENT),
    Code.HTTP_404: (Kind.NETWORK, Action.TRANSIENT),
    Code.HTTP_5XX: (Kind.NETWORK, Action.TRANSIENT),
    Code.TIMEOUT: (Kind.TIMED_OUT, Action.TRANSIENT),
    Code.CONN_RESET: (Kind.NETWORK, Action.TRANSIENT),
    Code.BAD_JSON: (Kind.NETWORK, Action.TRANSIENT),
    Code.EMPTY: (Kind.BAD_MEDIA, Action.TRANSIENT),
    Code.CORRUPT: (Kind.BAD_MEDIA, Action.TRANSIENT),
    Code.FORMAT_MISSING: (Kind.UNAVAILABLE, Action.FULLER),
    Code.FFMPEG_FAILED: (Kind.TOOL_FAULT, Action.TRANSIENT),
    Code.NO_PLAYER: (Kind.NETWORK, Action.TRANSIENT),
    Code.OUT_OF_RANGE: (Kind.OUTSIDE_VIDEO, Action.PERMANENT),
    Code.NO_AUDIO: (Kind.NO_AUDIO, Action.PERMANENT),
    Code.SHORT_BODY: (Kind.NETWORK, Action.TRANSIENT),
    Code.SHORT_AUDIO: (Kind.BAD_MEDIA, Action.TRANSIENT),
    Code.TOO_BIG: (Kind.BAD_MEDIA, Action.TRANSIENT),
    Code.DEADLINE: (Kind.TIMED_OUT, Action.TRANSIENT),
    Code.WORKER_DIED: (Kind.TOOL_FAULT, Action.TRANSIENT),
    Code.UNKNOWN: (Kind.UNKNOWN, Action.TRANSIENT),
}
