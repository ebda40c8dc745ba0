"""The words in which YouTube refuses a video, by scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from asyncdl.demo.scenarios import Scenario


@dataclass(frozen=True, slots=True)
class Refusal:
    """A ``playabilityStatus`` that is not OK, in YouTube's words."""

    status: str
    reason: str
    subreason: str = ""
    captcha: bool = False


REFUSALS: Mapping[Scenario, Refusal] = {
    Scenario.PRIVATE: Refusal("LOGIN_REQUIRED", "Private video"),
    Scenario.UNAVAILABLE: Refusal("ERROR", "Video unavailable"),
    Scenario.UNAVAILABLE_TWICE: Refusal("ERROR", "Video unavailable", "This video is unavailable"),
    Scenario.THIS_UNAVAILABLE: Refusal("ERROR", "This video is not available"),
    Scenario.REMOVED: Refusal("ERROR", "Video unavailable", "This video has been removed by the uploader"),
    Scenario.TERMINATED: Refusal(
        "ERROR",
        "Video unavailable",
        "This video is no longer available because the YouTube account associated with this video has been"
        " terminated.",
    ),
    Scenario.ACCOUNT_CLOSED: Refusal(
        "ERROR",
        "Video unavailable",
        "This video is no longer available because the uploader has closed their YouTube account.",
    ),
    Scenario.ACCOUNT_BLOCKED: Refusal("UNPLAYABLE", "Video unavailable", "This content isn't available."),
    Scenario.COPYRIGHT: Refusal(
        "ERROR",
        "Video unavailable",
        "This video is no longer available due to a copyright claim by Example Records",
    ),
    Scenario.TERMS: Refusal("ERROR", "This video has been removed for violating YouTube's Terms of Service"),
    Scenario.GEO_BLOCKED: Refusal(
        "UNPLAYABLE",
        "Video unavailable",
        "The uploader has not made this video available in your country",
    ),
    Scenario.AGE: Refusal(
        "LOGIN_REQUIRED",
        "Sign in to confirm your age",
        "This video may be inappropriate for some users.",
    ),
    Scenario.MEMBERS: Refusal(
        "UNPLAYABLE",
        "Join this channel to get access to members-only content like this video, and other exclusive perks.",
    ),
    Scenario.PREMIUM: Refusal("UNPLAYABLE", "This video is only available to Music Premium members"),
    Scenario.PAY: Refusal("UNPLAYABLE", "This video requires payment to watch."),
    Scenario.LOGIN: Refusal("LOGIN_REQUIRED", "Please sign in"),
    Scenario.EMBED_ONLY: Refusal(
        "UNPLAYABLE",
        "Video unavailable",
        "Playback on other websites has been disabled by the video owner",
    ),
    Scenario.BOT_CHECK: Refusal(
        "LOGIN_REQUIRED",
        "Sign in to confirm you\N{RIGHT SINGLE QUOTATION MARK}re not a bot",
        "This helps protect our community. Learn more",
    ),
    Scenario.RATE_LIMITED: Refusal(
        "UNPLAYABLE", "Video unavailable", "This content isn't available, try again later."
    ),
    Scenario.UPCOMING: Refusal("LIVE_STREAM_OFFLINE", "This live event will begin in 3 hours."),
    Scenario.PREMIERE: Refusal("LIVE_STREAM_OFFLINE", "Premieres in 3 hours"),
    Scenario.PROCESSING: Refusal("UNPLAYABLE", "We're processing this video. Check back later."),
    Scenario.RECORDING_GONE: Refusal("UNPLAYABLE", "This live stream recording is not available."),
    Scenario.CONTENT_WARNING: Refusal(
        "CONTENT_CHECK_REQUIRED", "This video may be inappropriate for some users."
    ),
    Scenario.CAPTCHA: Refusal("UNPLAYABLE", "Please complete the check to continue", captcha=True),
    Scenario.MINIMAL_ERROR: Refusal("ERROR", "Video unavailable"),
    Scenario.RESTRICTED_NET: Refusal(
        "UNPLAYABLE",
        "Video unavailable",
        "This video is restricted. Please check the Google Workspace administrator and/or the network"
        " administrator restrictions.",
    ),
    Scenario.HICCUP: Refusal("ERROR", "An error occurred. Please try again later."),
    # The page takes the account's cookies back, so that the player meets a guest.
    Scenario.COOKIES_ROTATED: Refusal("LOGIN_REQUIRED", "Please sign in"),
}
