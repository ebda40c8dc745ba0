"""The table of failure codes: what the tools say, in order of precedence, and what is to be done.

Patterns are searched from top to bottom, ignoring case, in text whose apostrophes are straight and whose
blanks are single (``classify.normalise``). Order matters: the vague ones come last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from asyncdl.core.codes import Action, Code
from asyncdl.core.kinds import FailureKind as Kind


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row of the table; ``pattern`` is None for codes that asyncdl finds by itself."""

    kind: Kind
    action: Action
    pattern: re.Pattern[str] | None


def _row(kind: Kind, action: Action, pattern: str = "") -> Meaning:
    return Meaning(kind, action, re.compile(pattern, re.IGNORECASE) if pattern else None)


TABLE: dict[Code, Meaning] = {
    Code.BOT_CHECK: _row(
        Kind.BOT_CHECK, Action.THROTTLE, r"Sign in to confirm you're not a bot|confirm you are not a bot"
    ),
    Code.SESSION_LIMIT: _row(
        Kind.RATE_LIMITED,
        Action.THROTTLE,
        r"This content isn't available, try again later|has been rate-limited by YouTube"
        r"|You've hit the request limit",
    ),
    Code.ACCOUNT_BLOCKED: _row(
        Kind.RATE_LIMITED, Action.THROTTLE, r"Video unavailable\. This content isn't available\.?(?:\s|$)"
    ),
    Code.CAPTCHA: _row(
        Kind.BOT_CHECK, Action.THROTTLE, r"YouTube is requiring a captcha challenge before playback"
    ),
    Code.IP_BLOCKED: _row(
        Kind.BOT_CHECK,
        Action.THROTTLE,
        r"All player responses are invalid\. Your IP is likely being blocked by Youtube",
    ),
    Code.HTTP_429: _row(
        Kind.RATE_LIMITED,
        Action.THROTTLE,
        r"HTTP Error 429|Server returned 429 Too Many Requests|Too Many Requests"
        r"|4XX Client Error, but not one of 40",
    ),
    Code.HTTP_402: _row(Kind.RATE_LIMITED, Action.THROTTLE, r"HTTP Error 402"),
    Code.TLS_VERIFY: _row(
        Kind.NETWORK,
        Action.LOCAL,
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|Peer certificate failed verification",
    ),
    Code.PROXY_AUTH: _row(
        Kind.NETWORK, Action.LOCAL, r"Tunnel connection failed: 407|407 Proxy Authentication Required"
    ),
    Code.PROXY_SCHEME: _row(
        Kind.NETWORK,
        Action.LOCAL,
        r"Unsupported proxy type|Unknown SOCKS proxy version|To use an HTTPS proxy for this request",
    ),
    Code.BAD_SOURCE_ADDR: _row(
        Kind.NETWORK,
        Action.LOCAL,
        r"Cannot assign requested address|No remote IPv[46] addresses available for connect"
        r"|Address family for hostname not supported",
    ),
    # urllib3 says so too where the far end resets a connection that leads through a proxy. A SOCKS proxy that
    # is gone is told by the connection's name only, one that hangs up by what yt-dlp was reading.
    Code.PROXY_DOWN: _row(
        Kind.NETWORK,
        Action.LOCAL,
        r"(?:Unable to connect to proxy|ProxyError\b)(?!.*(?:RemoteDisconnected|ConnectionResetError))"
        r"|SocksHTTPS?Connection\(.*Failed to establish|: \d+ bytes missing",
    ),
    Code.DNS: _row(
        Kind.NETWORK,
        Action.LOCAL,
        r"Failed to resolve|Name or service not known|Temporary failure in name resolution"
        r"|nodename nor servname|getaddrinfo failed",
    ),
    Code.NET_DOWN: _row(Kind.NETWORK, Action.LOCAL, r"Network is unreachable|No route to host"),
    Code.DISK_FULL: _row(
        Kind.DISK_FULL, Action.LOCAL, r"No space left on device|Disk quota exceeded|Errno 28\b|Errno 122\b"
    ),
    Code.NOT_WRITABLE: _row(
        Kind.TOOL_FAULT,
        Action.LOCAL,
        r"unable to open for writing|Unable to create directory|Read-only file system|Permission denied",
    ),
    Code.NO_FFMPEG: _row(
        Kind.TOOL_FAULT,
        Action.LOCAL,
        r"ffmpeg is not installed|ffmpeg could not be found|ffprobe and ffmpeg not found"
        r"|ffmpeg-location .* does not exist",
    ),
    Code.BAD_OPTION: _row(
        Kind.TOOL_FAULT,
        Action.LOCAL,
        r"yt-dlp: error: |no such option|Unsupported language code|No player clients have been requested"
        r"|No suitable extractor",
    ),
    Code.PYTHON_TOO_OLD: _row(Kind.TOOL_FAULT, Action.LOCAL, r"unsupported version of Python"),
    Code.COOKIES_BAD: _row(
        Kind.TOOL_FAULT,
        Action.LOCAL,
        r"does not look like a Netscape format cookies file|Cookies file must be Netscape formatted"
        r"|failed to load cookies|could not find \w+ cookies database",
    ),
    Code.COOKIES_ROTATED: _row(
        Kind.LOGIN_REQUIRED, Action.LOCAL, r"The provided YouTube account cookies are no longer valid"
    ),
    Code.CLIENT_VS_COOKIES: _row(
        Kind.TOOL_FAULT, Action.LOCAL, r'Skipping client "\w+" since it does not support cookies'
    ),
    Code.RESTRICTED_NET: _row(
        Kind.NETWORK,
        Action.LOCAL,
        r"Please check the Google Workspace administrator and/or the network administrator",
    ),
    Code.EMFILE: _row(Kind.TOOL_FAULT, Action.LOCAL, r"Too many open files|Errno 24\b"),
    Code.CLIENT_REJECTED: _row(
        Kind.OUTDATED_TOOL,
        Action.FULLER,
        r"The following content is not available on this app|The page needs to be reloaded"
        r"|no longer supported in this application or device|Precondition check failed",
    ),
    Code.JS_FAILED: _row(
        Kind.OUTDATED_TOOL,
        Action.FULLER,
        r"n challenge solving failed|Signature solving failed|Error solving .* challenge"
        r"|Executing JS failed",
    ),
    Code.POT_MISSING: _row(
        Kind.OUTDATED_TOOL, Action.FULLER, r"require a GVS PO Token which was not provided"
    ),
    Code.SABR_ONLY: _row(
        Kind.OUTDATED_TOOL, Action.FULLER, r"skipped as they are missing a URL|SABR-only streaming"
    ),
    Code.DRM: _row(Kind.DRM, Action.FULLER, r"This video is DRM protected"),
    Code.PRIVATE: _row(
        Kind.PRIVATE, Action.PERMANENT, r"Private video|This video is private|This is a private video"
    ),
    Code.AGE: _row(
        Kind.AGE_RESTRICTED,
        Action.LOGIN,
        r"Sign in to confirm your age|age-restricted|inappropriate for some users"
        r"|AGE_VERIFICATION_REQUIRED|AGE_CHECK_REQUIRED",
    ),
    Code.MEMBERS: _row(
        Kind.MEMBERS_ONLY,
        Action.LOGIN,
        r"members-only content|available to this channel's members|Join this channel to get access",
    ),
    Code.PREMIUM: _row(
        Kind.MEMBERS_ONLY,
        Action.LOGIN,
        r"Music Premium members|requires payment to watch|Premium members|rent this|purchase this",
    ),
    Code.ACCOUNT_GONE: _row(
        Kind.ACCOUNT_TERMINATED,
        Action.PERMANENT,
        r"account associated with this video has been terminated"
        r"|uploader has closed their YouTube account|channel (?:was|has been) (?:removed|terminated)",
    ),
    Code.COPYRIGHT: _row(
        Kind.COPYRIGHT,
        Action.PERMANENT,
        r"no longer available due to a copyright claim|blocked it on copyright grounds"
        r"|third-party notifications of copyright infringement|who has blocked it from display",
    ),
    Code.GEO: _row(
        Kind.REGION_BLOCKED,
        Action.PERMANENT,
        r"not made this video available in your country|blocked it in your country"
        r"|not available in your country|not available from your location"
        r"|This video is available in .*\bYou might want to use a VPN|not available on this country domain",
    ),
    Code.TOS: _row(
        Kind.TERMS_VIOLATION,
        Action.PERMANENT,
        r"removed for violating YouTube's|removed because it violated"
        r"|policy on (?:hate|harass|nudity|violent|spam|harmful)",
    ),
    Code.REMOVED: _row(
        Kind.REMOVED,
        Action.PERMANENT,
        r"has been removed by the (?:uploader|user)|This video has been deleted"
        r"|duplicate of a previously uploaded video|isn't available anymore|is no longer available"
        r"|video does not exist",
    ),
    Code.UPCOMING: _row(
        Kind.LIVE,
        Action.LATER,
        r"live event will begin|Premieres in|Premiere will begin|will be live"
        r"|This live event has not started",
    ),
    Code.LIVE_NOW: _row(
        Kind.LIVE, Action.LATER, r"is (?:currently )?live\b.*not supported|live_status=is_live"
    ),
    Code.LIVE_PROCESSING: _row(
        Kind.LIVE,
        Action.LATER,
        r"We're processing this video|Processing this video|live event has ended",
    ),
    Code.LIVE_GONE: _row(
        Kind.REMOVED, Action.PERMANENT, r"This live stream recording is not available|\bOffline\."
    ),
    Code.EMBED_ONLY: _row(
        Kind.UNAVAILABLE,
        Action.FULLER,
        r"Playback on other websites has been disabled|Error code: 15[0-9]",
    ),
    Code.LOGIN_GENERIC: _row(
        Kind.LOGIN_REQUIRED,
        Action.LOGIN,
        r"Please sign in|Sign in to view this video|Use --cookies-from-browser or --cookies"
        r"|only available for registered users",
    ),
    Code.CLIENT_UNAVAIL: _row(Kind.UNAVAILABLE, Action.FULLER, r"This video is not available"),
    Code.YT_HICCUP: _row(
        Kind.NETWORK,
        Action.TRANSIENT,
        r"An error occurred\. Please try again later|Something went wrong|unknown error",
    ),
    Code.UNAVAILABLE: _row(Kind.UNAVAILABLE, Action.FULLER, r"Video unavailable|This video is unavailable"),
    Code.BAD_ID: _row(
        Kind.REMOVED, Action.PERMANENT, r"Incomplete YouTube ID|Unsupported URL|is not a valid URL"
    ),
    Code.HTTP_403: _row(
        Kind.FORBIDDEN, Action.TRANSIENT, r"HTTP Error 403|Server returned 403 Forbidden|HTTP error 403"
    ),
    Code.HTTP_416: _row(Kind.NETWORK, Action.TRANSIENT, r"HTTP Error 416"),
    Code.HTTP_404: _row(
        Kind.NETWORK,
        Action.TRANSIENT,
        r"HTTP Error 40[04]|HTTP Error 410|Server returned 40[04]",
    ),
    Code.HTTP_5XX: _row(
        Kind.NETWORK,
        Action.TRANSIENT,
        r"HTTP Error 5\d\d|Server returned 5XX|Tunnel connection failed: 50\d",
    ),
    Code.TIMEOUT: _row(Kind.TIMED_OUT, Action.TRANSIENT, r"timed out|Connection timed out|TimeoutError"),
    Code.CONN_RESET: _row(
        Kind.NETWORK,
        Action.TRANSIENT,
        r"Connection aborted|Connection reset|RemoteDisconnected|IncompleteRead|more expected\b"
        r"|EOF occurred|Connection refused|Broken pipe|Unable to read from socket"
        r"|\bTLS\b.*(?:error|alert)|SSL: [A-Z_]+\]",
    ),
    Code.BAD_JSON: _row(
        Kind.NETWORK, Action.TRANSIENT, r"Failed to parse JSON|Incomplete data received|JSONDecodeError"
    ),
    Code.EMPTY: _row(
        Kind.BAD_MEDIA,
        Action.TRANSIENT,
        r"Did not get any data blocks|The downloaded file is empty|content too short"
        r"|Output file is empty",
    ),
    Code.CORRUPT: _row(
        Kind.BAD_MEDIA,
        Action.TRANSIENT,
        r"Invalid data found when processing input|moov atom not found|End of file|Error number -"
        r"|File ended prematurely",
    ),
    Code.FORMAT_MISSING: _row(
        Kind.UNAVAILABLE, Action.FULLER, r"Requested format is not available|No video formats found"
    ),
    Code.FFMPEG_FAILED: _row(Kind.TOOL_FAULT, Action.TRANSIENT, r"ffmpeg exited with code"),
    Code.NO_PLAYER: _row(Kind.NETWORK, Action.TRANSIENT, r"Failed to extract any player response"),
    Code.OUT_OF_RANGE: _row(Kind.OUTSIDE_VIDEO, Action.PERMANENT),
    Code.NO_AUDIO: _row(Kind.NO_AUDIO, Action.PERMANENT),
    Code.SHORT_BODY: _row(Kind.NETWORK, Action.TRANSIENT),
    Code.SHORT_AUDIO: _row(Kind.BAD_MEDIA, Action.TRANSIENT),
    Code.TOO_BIG: _row(Kind.BAD_MEDIA, Action.TRANSIENT),
    Code.DEADLINE: _row(Kind.TIMED_OUT, Action.TRANSIENT),
    Code.WORKER_DIED: _row(Kind.TOOL_FAULT, Action.TRANSIENT),
    Code.UNKNOWN: _row(Kind.UNKNOWN, Action.TRANSIENT),
}
