"""Other words in which YouTube says the same, each by a video id of its own.

``demo.reasons`` has one refusal for each scenario; here are its variants. Of some only a part is known to be
YouTube's, and the rest of the sentence is made up. A video whose scenario is GOOD is refused in these words
where its id stands here. ``code`` is the code of the error table that the words lead to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from asyncdl.demo.reasons import Refusal


@dataclass(frozen=True, slots=True)
class Wording:
    """A refusal in YouTube's words, and what it means."""

    code: str
    refusal: Refusal


_UNAVAILABLE = "Video unavailable"
_POLICY = "This video has been removed for violating YouTube's policy on"


def _error(code: str, reason: str, subreason: str = "") -> Wording:
    return Wording(code, Refusal("ERROR", reason, subreason))


def _unplayable(code: str, reason: str, subreason: str = "") -> Wording:
    return Wording(code, Refusal("UNPLAYABLE", reason, subreason))


def _login(code: str, reason: str, subreason: str = "") -> Wording:
    return Wording(code, Refusal("LOGIN_REQUIRED", reason, subreason))


def _offline(code: str, reason: str) -> Wording:
    return Wording(code, Refusal("LIVE_STREAM_OFFLINE", reason))


WORDINGS: Mapping[str, Wording] = {
    # The address.
    "botstraight": _login("bot_check", "Sign in to confirm you're not a bot"),
    "botyouare__": _login("bot_check", "Please confirm you are not a bot"),
    "ratecurly__": _unplayable(
        "session_limit",
        _UNAVAILABLE,
        "This content isn\N{RIGHT SINGLE QUOTATION MARK}t available, try again later.",
    ),
    "requestlim_": _unplayable("session_limit", "You've hit the request limit. Try again later."),
    "blockednod_": _unplayable("account_blocked", _UNAVAILABLE, "This content isn't available"),
    # Whose it is.
    "privatethis": _login("private", "This video is private"),
    "privatefull": _login(
        "private",
        "This is a private video. Please sign in to verify that you may see it.",
    ),
    "agerestrict": _login("age", "This video is age-restricted and only available on YouTube"),
    "memberslevl": _unplayable(
        "members",
        "This video is available to this channel's members on level: Supporter (or any higher level).",
    ),
    "membersjoin": _unplayable("members", "Join this channel to get access to this video."),
    "premiumonly": _unplayable("premium", "This video is only available to YouTube Premium members."),
    "rentthis___": _unplayable("premium", "To watch it you have to rent this title."),
    "purchaseit_": _unplayable("premium", "To watch it you have to purchase this title."),
    "signintovie": _login("login_generic", "Sign in to view this video"),
    # Gone.
    "chanremoved": _error(
        "account_gone",
        _UNAVAILABLE,
        "This channel was removed because it violated our Community Guidelines.",
    ),
    "chanterm___": _error("account_gone", _UNAVAILABLE, "This channel has been terminated."),
    "thirdparty_": _error(
        "account_gone",
        _UNAVAILABLE,
        "This video is no longer available because the YouTube account associated with this video has been"
        " terminated due to multiple third-party notifications of copyright infringement.",
    ),
    "copynotices": _error(
        "copyright",
        _UNAVAILABLE,
        "This video is no longer available due to multiple third-party notifications of copyright"
        " infringement.",
    ),
    "copygrounds": _error(
        "copyright",
        "This video contains content from Example Records, who has blocked it on copyright grounds.",
    ),
    "copydisplay": _error(
        "copyright",
        "This video contains content from Example Records, who has blocked it from display on this website or"
        " application.",
    ),
    "tosviolated": _error(
        "tos", "This video has been removed because it violated our policy on child safety."
    ),
    "toshate____": _error("tos", f"{_POLICY} hate speech."),
    "tosharass__": _error("tos", f"{_POLICY} harassment and bullying."),
    "tosnudity__": _error("tos", f"{_POLICY} nudity or sexual content."),
    "tosviolent_": _error("tos", f"{_POLICY} violent or graphic content."),
    "tosspam____": _error("tos", f"{_POLICY} spam, deceptive practices, and scams."),
    "tosharmful_": _error("tos", f"{_POLICY} harmful or dangerous content."),
    "removeduser": _error("removed", "This video has been removed by the user."),
    "deleted____": _error("removed", "This video has been deleted."),
    "duplicate__": _error(
        "removed",
        "This video has been removed because it is a duplicate of a previously uploaded video.",
    ),
    "anymore____": _error("removed", _UNAVAILABLE, "This video isn't available anymore"),
    "nolonger___": _error("removed", _UNAVAILABLE, "This video is no longer available."),
    "notexist___": _error("removed", "This video does not exist."),
    # Somewhere else.
    "georights__": _unplayable(
        "geo",
        "This video contains content from Example Records, who has blocked it in your country on copyright"
        " grounds",
    ),
    "geocountry_": _unplayable("geo", "This video is not available in your country."),
    "geolocation": _unplayable("geo", "This video is not available from your location"),
    "geodomain__": _unplayable(
        "geo", "This content is not available on this country domain due to a legal complaint."
    ),
    "embederror_": _unplayable("embed_only", "This video is unavailable", "Error code: 152 - 4"),
    # Not yet, or not any more.
    "upcominglv_": _offline("upcoming", "This live event has not started."),
    "premieresn_": _offline("upcoming", "Premiere will begin shortly"),
    "willbelive_": _offline("upcoming", "Example Channel will be live in 30 minutes."),
    "processing2": _unplayable("live_processing", "Processing this video. Check back later."),
    "liveended__": _offline("live_processing", "This live event has ended."),
    "offline____": _offline("live_gone", "Offline."),
    # YouTube's own trouble, and an old client.
    "hiccupwrong": _error("yt_hiccup", "Something went wrong"),
    "hiccupunkno": _error("yt_hiccup", "An unknown error occurred"),
    "thisunavai_": _error("unavailable", "This video is unavailable"),
    "wrongapp___": _unplayable(
        "client_rejected",
        "The following content is not available on this app. Watch it on the latest version.",
    ),
    "reloadpage_": _error("client_rejected", "The page needs to be reloaded."),
    "olddevice__": _error("client_rejected", "YouTube is no longer supported in this application or device."),
    "newwords___": _error("unknown", "Words that nobody has read before"),
}
