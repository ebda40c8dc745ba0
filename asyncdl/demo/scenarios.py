"""What the stand-in does with a video: the id picks it, or the site's cast does.

An id that is not listed here is a good video. ``expected`` names the code of the error table
(``core.classify``) that one request to the player ends with; None where it brings the clip.

    reasons           PRIVATE … COOKIES_ROTATED  a refusal in the player's JSON
    player transport  HTTP400 … STALL_PLAYER     a status, a broken body, a reset, silence
    formats           SABR_ONLY … NO_AUDIO       formats that cannot be used
    variants          MINIMAL … BIG_FILE         good, but out of the ordinary
    cured             CURED_CLIENT … KIDS        one request is not enough, see ``demo.cures``
    media             MEDIA403 … WRONG_RANGE     the player is good, the media are not
    passing           …_ONCE                     the first request only
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Scenario(StrEnum):
    """A closed list; each value is the video id that asks for it."""

    GOOD = "good_______"
    # Reasons told by the player.
    PRIVATE = "private____"
    UNAVAILABLE = "unavailable"
    UNAVAILABLE_TWICE = "unavail2___"
    THIS_UNAVAILABLE = "thisunavail"
    REMOVED = "removedbyup"
    TERMINATED = "terminated_"
    ACCOUNT_CLOSED = "acctclosed_"
    ACCOUNT_BLOCKED = "acctblocked"
    COPYRIGHT = "copyright__"
    TERMS = "tos________"
    GEO_BLOCKED = "geoblocked_"
    AGE = "ageres_____"
    MEMBERS = "members____"
    PREMIUM = "premium____"
    PAY = "pay________"
    LOGIN = "loginneeded"
    EMBED_ONLY = "embedonly__"
    BOT_CHECK = "botcheck___"
    RATE_LIMITED = "ratelimited"
    UPCOMING = "upcoming___"
    PREMIERE = "premiere___"
    PROCESSING = "processing_"
    RECORDING_GONE = "recnotavail"
    LIVE_NOW = "livenow____"
    CONTENT_WARNING = "contentwarn"
    CAPTCHA = "captcha____"
    WRONG_VIDEO = "wrongvideo_"
    MINIMAL_ERROR = "minerror___"
    RESTRICTED_NET = "restricted_"
    HICCUP = "hiccup_____"
    COOKIES_ROTATED = "rotated____"
    # The player's transport.
    HTTP400 = "http400____"
    HTTP401 = "http401____"
    HTTP402 = "http402____"
    HTTP403 = "http403____"
    HTTP404 = "http404____"
    HTTP416 = "http416____"
    HTTP429 = "http429____"
    HTTP503 = "http503____"
    EMPTY_JSON = "emptyjson__"
    GARBAGE = "garbage____"
    RESET = "reset______"
    HALF_PLAYER = "halfplayer_"
    STALL_PLAYER = "stallplayer"
    # Formats.
    SABR_ONLY = "sabronly___"
    N_CHALLENGE = "nchallenge_"
    CIPHERED = "ciphered___"
    DRM_ONLY = "drmonly____"
    NO_AUDIO = "noaudio____"
    # Good, but out of the ordinary.
    MINIMAL = "minimal____"
    AD_WAIT = "adwait_____"
    WEBM_ONLY = "webmonly___"
    M4A_ONLY = "m4aonly____"
    DRC_TRACKS = "drctracks__"
    WITH_VIDEO = "withvideo__"
    SILENT = "silent_____"
    NOISE = "noise______"
    SHORT_VIDEO = "shortvideo_"
    NO_SIDX = "nosidx_____"
    CUES_AT_END = "cuesatend__"
    REDIRECT = "redirect___"
    NO_RANGE = "norange____"
    BIG_FILE = "bigfile____"
    # Cured by the second tier.
    CURED_CLIENT = "curedclient"
    CURED_UNAVAILABLE = "curedunavai"
    CURED_SABR = "curedsabr__"
    CURED_REJECTED = "curedreject"
    KIDS = "madeforkids"
    # Media.
    MEDIA403 = "media403___"
    MEDIA404 = "media404___"
    MEDIA429 = "media429___"
    MEDIA503 = "media503___"
    MEDIA_EMPTY = "mediaempty_"
    MEDIA_JUNK = "mediajunk__"
    MEDIA_RESET = "mediareset_"
    TRUNCATED = "truncated__"
    STALL_MEDIA = "stallmedia_"
    SLOW_LORIS = "slowloris__"
    ENDLESS = "endless____"
    WRONG_RANGE = "wrongrange_"
    # Passing faults.
    HTTP503_ONCE = "http503once"
    RESET_ONCE = "reset_once_"
    MEDIA403_ONCE = "media403onc"
    MEDIA503_ONCE = "media503onc"
    TRUNCATED_ONCE = "truncatedon"

    @property
    def spoils_media(self) -> bool:
        """The player answers well; the fault is counted by media requests."""
        return self in _MEDIA

    @property
    def expected(self) -> str | None:
        """Code of the error table that one request to the player ends with, None for a clip."""
        return _EXPECTED.get(self)


@dataclass(frozen=True, slots=True)
class Plan:
    """A scenario, and after how many spoilt requests of that video it passes (None: never)."""

    scenario: Scenario
    times: int | None = None


Cast = Callable[[str], Plan]


def named(video_id: str) -> Plan:
    """Return what the id itself asks for; any other id is good."""
    try:
        return as_plan(Scenario(video_id))
    except ValueError:
        return GOOD


def by_id(plans: Mapping[str, Plan | Scenario]) -> Cast:
    """Cast the ids of a mapping; all others by their name."""
    ready = {video_id: as_plan(plan) for video_id, plan in plans.items()}
    return lambda video_id: ready.get(video_id) or named(video_id)


def by_share(seed: int, shares: Mapping[Scenario, float], *, times: int | None = None) -> Cast:
    """Give each scenario its share (0 to 1) of all ids, always the same ones for the same seed.

    ``times`` makes the faults passing ones. Special ids keep their meaning. Raises ``ValueError`` for
    shares that are negative or add up to more than 1.
    """
    if any(share < 0 for share in shares.values()) or sum(shares.values()) > 1 + 1e-9:
        raise ValueError("shares are parts of 1")

    def cast(video_id: str) -> Plan:
        plan = named(video_id)
        if plan is not GOOD:
            return plan
        left = _lot(seed, video_id)
        for scenario, share in shares.items():
            if left < share:
                return Plan(scenario, times) if times else as_plan(scenario)
            left -= share
        return GOOD

    return cast


def as_plan(plan: Plan | Scenario) -> Plan:
    """Make a plan of a scenario; the passing ones know how often they strike."""
    return plan if isinstance(plan, Plan) else _ONCE.get(plan, Plan(plan))


def scenario_named(word: str) -> Scenario:
    """Find a scenario by its name in small letters or by its id; raises ``ValueError`` for any other word."""
    found = Scenario.__members__.get(word.upper())
    return found if found is not None else Scenario(word)


def _lot(seed: int, video_id: str) -> float:
    digest = hashlib.sha256(f"{seed}/{video_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


GOOD = Plan(Scenario.GOOD)
_ONCE = {
    Scenario.HTTP503_ONCE: Plan(Scenario.HTTP503, 1),
    Scenario.RESET_ONCE: Plan(Scenario.RESET, 1),
    Scenario.MEDIA403_ONCE: Plan(Scenario.MEDIA403, 1),
    Scenario.MEDIA503_ONCE: Plan(Scenario.MEDIA503, 1),
    Scenario.TRUNCATED_ONCE: Plan(Scenario.TRUNCATED, 1),
}
_MEDIA = frozenset(
    {
        Scenario.REDIRECT,
        Scenario.NO_RANGE,
        Scenario.BIG_FILE,
        Scenario.MEDIA403,
        Scenario.MEDIA404,
        Scenario.MEDIA429,
        Scenario.MEDIA503,
        Scenario.MEDIA_EMPTY,
        Scenario.MEDIA_JUNK,
        Scenario.MEDIA_RESET,
        Scenario.TRUNCATED,
        Scenario.STALL_MEDIA,
        Scenario.SLOW_LORIS,
        Scenario.ENDLESS,
        Scenario.WRONG_RANGE,
    }
)
_EXPECTED = {
    Scenario.PRIVATE: "private",
    Scenario.UNAVAILABLE: "unavailable",
    Scenario.UNAVAILABLE_TWICE: "unavailable",
    Scenario.THIS_UNAVAILABLE: "client_unavail",
    Scenario.REMOVED: "removed",
    Scenario.TERMINATED: "account_gone",
    Scenario.ACCOUNT_CLOSED: "account_gone",
    Scenario.ACCOUNT_BLOCKED: "account_blocked",
    Scenario.COPYRIGHT: "copyright",
    Scenario.TERMS: "tos",
    Scenario.GEO_BLOCKED: "geo",
    Scenario.AGE: "age",
    Scenario.MEMBERS: "members",
    Scenario.PREMIUM: "premium",
    Scenario.PAY: "premium",
    Scenario.LOGIN: "login_generic",
    Scenario.EMBED_ONLY: "embed_only",
    Scenario.BOT_CHECK: "bot_check",
    Scenario.RATE_LIMITED: "session_limit",
    Scenario.UPCOMING: "upcoming",
    Scenario.PREMIERE: "upcoming",
    Scenario.PROCESSING: "live_processing",
    Scenario.RECORDING_GONE: "live_gone",
    Scenario.LIVE_NOW: "live_now",
    Scenario.CONTENT_WARNING: "age",
    Scenario.CAPTCHA: "captcha",
    Scenario.WRONG_VIDEO: "ip_blocked",
    Scenario.MINIMAL_ERROR: "unavailable",
    Scenario.RESTRICTED_NET: "restricted_net",
    Scenario.HICCUP: "yt_hiccup",
    Scenario.COOKIES_ROTATED: "login_generic",
    Scenario.HTTP400: "client_rejected",
    Scenario.HTTP401: "no_player",
    Scenario.HTTP402: "http_402",
    Scenario.HTTP403: "http_403",
    Scenario.HTTP404: "http_404",
    Scenario.HTTP416: "http_416",
    Scenario.HTTP429: "http_429",
    Scenario.HTTP503: "http_5xx",
    Scenario.EMPTY_JSON: "bad_json",
    Scenario.GARBAGE: "bad_json",
    Scenario.RESET: "conn_reset",
    Scenario.HALF_PLAYER: "conn_reset",
    Scenario.STALL_PLAYER: "timeout",
    Scenario.SABR_ONLY: "sabr_only",
    Scenario.N_CHALLENGE: "format_missing",
    Scenario.CIPHERED: "format_missing",
    Scenario.DRM_ONLY: "drm",
    Scenario.NO_AUDIO: "format_missing",
    Scenario.BIG_FILE: "too_big",
    Scenario.CURED_CLIENT: "client_unavail",
    Scenario.CURED_UNAVAILABLE: "unavailable",
    Scenario.CURED_SABR: "sabr_only",
    Scenario.CURED_REJECTED: "client_rejected",
    Scenario.KIDS: "client_unavail",
    Scenario.MEDIA403: "http_403",
    Scenario.MEDIA404: "http_404",
    Scenario.MEDIA429: "http_429",
    Scenario.MEDIA503: "http_5xx",
    Scenario.MEDIA_EMPTY: "empty",
    Scenario.MEDIA_JUNK: "corrupt",
    Scenario.MEDIA_RESET: "conn_reset",
    Scenario.TRUNCATED: "short_body",
    Scenario.STALL_MEDIA: "timeout",
    Scenario.SLOW_LORIS: "deadline",
    Scenario.ENDLESS: "deadline",
    Scenario.WRONG_RANGE: "corrupt",
}
