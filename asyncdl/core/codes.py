"""Every cause that asyncdl tells apart, and what each kind of cause asks for."""

from __future__ import annotations

from enum import Enum, StrEnum


class Action(Enum):
    """What a code asks for."""

    PERMANENT = "permanent"  # do not try again
    LOGIN = "login"  # permanent unless an account is given
    FULLER = "fuller"  # a fuller extraction may cure it
    TRANSIENT = "transient"  # this video, later, a few times
    THROTTLE = "throttle"  # the address, not the video
    LATER = "later"  # again in hours or days
    LOCAL = "local"  # the machine or the settings


class Code(StrEnum):
    """Every cause that asyncdl tells apart."""

    BOT_CHECK = "bot_check"
    SESSION_LIMIT = "session_limit"
    ACCOUNT_BLOCKED = "account_blocked"
    CAPTCHA = "captcha"
    IP_BLOCKED = "ip_blocked"
    HTTP_429 = "http_429"
    HTTP_402 = "http_402"
    TLS_VERIFY = "tls_verify"
    PROXY_AUTH = "proxy_auth"
    PROXY_SCHEME = "proxy_scheme"
    PROXY_DOWN = "proxy_down"
    BAD_SOURCE_ADDR = "bad_source_addr"
    DNS = "dns"
    NET_DOWN = "net_down"
    DISK_FULL = "disk_full"
    NOT_WRITABLE = "not_writable"
    NO_FFMPEG = "no_ffmpeg"
    BAD_OPTION = "bad_option"
    PYTHON_TOO_OLD = "python_too_old"
    COOKIES_BAD = "cookies_bad"
    COOKIES_ROTATED = "cookies_rotated"
    CLIENT_VS_COOKIES = "client_vs_cookies"
    RESTRICTED_NET = "restricted_net"
    EMFILE = "emfile"
    CLIENT_REJECTED = "client_rejected"
    JS_FAILED = "js_failed"
    POT_MISSING = "pot_missing"
    SABR_ONLY = "sabr_only"
    DRM = "drm"
    PRIVATE = "private"
    AGE = "age"
    MEMBERS = "members"
    PREMIUM = "premium"
    ACCOUNT_GONE = "account_gone"
    COPYRIGHT = "copyright"
    GEO = "geo"
    TOS = "tos"
    REMOVED = "removed"
    UPCOMING = "upcoming"
    LIVE_NOW = "live_now"
    LIVE_PROCESSING = "live_processing"
    LIVE_GONE = "live_gone"
    EMBED_ONLY = "embed_only"
    LOGIN_GENERIC = "login_generic"
    CLIENT_UNAVAIL = "client_unavail"
    YT_HICCUP = "yt_hiccup"
    UNAVAILABLE = "unavailable"
    BAD_ID = "bad_id"
    HTTP_403 = "http_403"
    HTTP_416 = "http_416"
    HTTP_404 = "http_404"
    HTTP_5XX = "http_5xx"
    TIMEOUT = "timeout"
    CONN_RESET = "conn_reset"
    BAD_JSON = "bad_json"
    EMPTY = "empty"
    CORRUPT = "corrupt"
    FORMAT_MISSING = "format_missing"
    FFMPEG_FAILED = "ffmpeg_failed"
    NO_PLAYER = "no_player"
    # found by asyncdl itself
    OUT_OF_RANGE = "out_of_range"
    NO_AUDIO = "no_audio"
    SHORT_BODY = "short_body"
    SHORT_AUDIO = "short_audio"
    TOO_BIG = "too_big"
    DEADLINE = "deadline"
    WORKER_DIED = "worker_died"
    UNKNOWN = "unknown"
