"""Answers of YouTube's player API in the few fields that yt-dlp reads. Pure: values in, JSON values out.

The smallest answers that yt-dlp accepts are ``MINIMAL`` (good) and ``MINIMAL_ERROR`` (refused).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import urlencode

import orjson

from asyncdl.demo.media import Master
from asyncdl.demo.menu import recipe_word
from asyncdl.demo.reasons import REFUSALS, Refusal
from asyncdl.demo.scenarios import Scenario
from asyncdl.demo.wire import Manner, Reply
from asyncdl.demo.wordings import WORDINGS

Json = dict[str, object]
URL_LIFE_S = 6 * 3600
_OTHER_VIDEO = "somebodyels"
_AVAILABLE_IN = ["AQ", "TV"]


@dataclass(frozen=True, slots=True)
class Track:
    """One sound track of a video that has several; ``language`` as YouTube writes it, ``en.4``."""

    language: str
    name: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """One format that the player names."""

    master: Master
    url: str
    is_drc: bool = False
    track: Track | None = None


_JSON = "application/json; charset=UTF-8"
_HTML = "text/html; charset=utf-8"
_PAGE = (
    b"<html><head><title>Sorry</title></head><body>Our systems have detected unusual traffic.</body></html>"
)
_BAD_REQUEST = b'{"error":{"code":400,"message":"Precondition check failed.","status":"FAILED_PRECONDITION"}}'
_FORBIDDEN = b'{"error":{"code":403,"message":"The caller does not have permission"}}'
BROKEN: Mapping[Scenario, Reply] = {
    Scenario.HTTP400: Reply(400, _BAD_REQUEST, _JSON),
    Scenario.HTTP401: Reply(401, b"{}", _JSON),
    Scenario.HTTP402: Reply(402, b"pay\n"),
    Scenario.HTTP403: Reply(403, _FORBIDDEN, _JSON),
    Scenario.HTTP404: Reply(404, b"not found\n"),
    Scenario.HTTP416: Reply(416, b"no such range\n"),
    Scenario.HTTP429: Reply(429, _PAGE, _HTML),
    Scenario.HTTP503: Reply(503, b"busy\n"),
    Scenario.EMPTY_JSON: Reply(200, b"{}", _JSON),
    Scenario.GARBAGE: Reply(200, _PAGE, _HTML),
    Scenario.RESET: Reply(200, manner=Manner.RESET),
    Scenario.HALF_PLAYER: Reply(200, b'{"playabilityStatus":{}}', _JSON, manner=Manner.HALF_THEN_CLOSE),
    Scenario.STALL_PLAYER: Reply(200, b'{"playabilityStatus":', _JSON, manner=Manner.HALF_THEN_SILENCE),
}


def unplayable(video_id: str, scenario: Scenario) -> Reply | None:
    """Answer for a scenario that needs no media: broken transport or a refusal; None for all others."""
    if scenario in BROKEN:
        return BROKEN[scenario]
    answer = refusal(video_id, scenario)
    return None if answer is None else as_reply(answer)


def refusal(video_id: str, scenario: Scenario) -> Json | None:
    """Answer for a scenario in which YouTube refuses the video; None for all others."""
    words = REFUSALS.get(scenario)
    if scenario is Scenario.GOOD and video_id in WORDINGS:
        words = WORDINGS[video_id].refusal
    return None if words is None else refused(video_id, words, minimal=scenario is Scenario.MINIMAL_ERROR)


def as_reply(answer: Json) -> Reply:
    """Make the HTTP reply of a player answer."""
    return Reply(200, orjson.dumps(answer), _JSON)


def refused(video_id: str, words: Refusal, *, minimal: bool = False) -> Json:
    """Answer that there is nothing to play, and why."""
    status: Json = {"status": words.status, "reason": words.reason}
    if minimal:
        return {"playabilityStatus": status}
    if words.captcha:
        status["errorScreen"] = {"playerCaptchaViewModel": {"heading": {"content": words.reason}}}
    elif words.subreason:
        texts = {"reason": _text(words.reason), "subreason": _text(words.subreason)}
        status["errorScreen"] = {"playerErrorMessageRenderer": texts}
    return {
        "responseContext": {},
        "playabilityStatus": status,
        "videoDetails": {"videoId": video_id, "title": title_of(video_id)},
        "microformat": {"playerMicroformatRenderer": {"availableCountries": _AVAILABLE_IN}},
    }


def playable(video_id: str, offers: Sequence[Offer], scenario: Scenario, *, ad_skip_ms: int) -> Json:
    """Answer with formats, bent as the scenario asks; ``ad_skip_ms`` is the pre-roll's skippable time."""
    if scenario is Scenario.MINIMAL:
        return _minimal(video_id, offers[0])
    told_id = _OTHER_VIDEO if scenario is Scenario.WRONG_VIDEO else video_id
    length_s = max(offer.master.recipe.length_s for offer in offers)
    streaming: Json = {
        "expiresInSeconds": str(URL_LIFE_S),
        "adaptiveFormats": [_bent(_format(offer), scenario) for offer in offers],
    }
    if scenario is Scenario.SABR_ONLY:
        streaming["serverAbrStreamingUrl"] = offers[0].url
    if scenario is Scenario.DRM_ONLY:
        streaming["licenseInfos"] = [{"drmFamily": "WIDEVINE"}]
    return {
        "responseContext": {},
        "playabilityStatus": {"status": "OK"},
        "streamingData": streaming,
        "videoDetails": _details(told_id, length_s, is_live=scenario is Scenario.LIVE_NOW),
        **({"adPlacements": [_pre_roll(ad_skip_ms)]} if scenario is Scenario.AD_WAIT else {}),
    }


def offers_of(scenario: Scenario, masters: Sequence[Master], url_of: UrlOf) -> tuple[Offer, ...]:
    """List what the player offers of these masters; ``url_of(master, mark)`` makes a format's address."""
    plain = tuple(Offer(master, url_of(master, "")) for master in masters)
    if scenario is not Scenario.DRC_TRACKS:
        return plain
    return tuple(
        replace(offer, url=url_of(offer.master, f"{track.language}{drc or ''}"), is_drc=drc, track=track)
        for offer in plain
        for track in TRACKS
        for drc in (False, True)
    )


def media_url(base: str, video_id: str, master: Master, *, now: float, ip: str, mark: str = "") -> str:
    """Make a media address with the parameters that YouTube's carry; ``now`` in seconds since 1970."""
    layout = master.recipe.layout
    query = {
        "expire": int(now) + URL_LIFE_S,
        "ip": ip,
        "id": video_id,
        "itag": layout.itag,
        "source": "youtube",
        "mime": layout.mime.split(";", 1)[0],
        "clen": master.size_bytes,
        "dur": f"{master.duration_ms / 1000:.3f}",
        "master": recipe_word(master.recipe),
        **({"xtags": mark} if mark else {}),
    }
    return f"{base}/videoplayback?{urlencode(query)}"


def title_of(video_id: str) -> str:
    """Title of a demo video."""
    return f"Demo video {video_id}"


class UrlOf(Protocol):
    """Makes the address of one format."""

    def __call__(self, master: Master, mark: str, /) -> str:
        """``mark`` tells tracks of the same format number apart."""
        ...


TRACKS = (Track("de.3", "German", is_default=False), Track("en.4", "English original", is_default=True))


def _minimal(video_id: str, offer: Offer) -> Json:
    layout = offer.master.recipe.layout
    lean: Json = {"itag": layout.itag, "url": offer.url, "mimeType": layout.mime}
    details = {"videoId": video_id, "title": "t", "lengthSeconds": str(offer.master.recipe.length_s)}
    return {
        "playabilityStatus": {"status": "OK"},
        "videoDetails": details,
        "streamingData": {"adaptiveFormats": [lean]},
    }


def _format(offer: Offer) -> Json:
    master, layout = offer.master, offer.master.recipe.layout
    known: Json = {
        "itag": layout.itag,
        "url": offer.url,
        "mimeType": layout.mime,
        "bitrate": layout.bitrate,
        "averageBitrate": master.size_bytes * 8000 // master.duration_ms,
        "contentLength": str(master.size_bytes),
        "approxDurationMs": str(master.duration_ms),
        "projectionType": "RECTANGULAR",
    }
    return known | (_sound(offer) if layout.height is None else _picture(layout.height))


def _sound(offer: Offer) -> Json:
    layout, track = offer.master.recipe.layout, offer.track
    known: Json = {
        "quality": "tiny",
        "audioQuality": "AUDIO_QUALITY_LOW" if layout.itag == 249 else "AUDIO_QUALITY_MEDIUM",
        "audioSampleRate": str(layout.sample_rate),
        "audioChannels": 2,
    }
    if track is not None:
        named = {"displayName": track.name, "id": track.language, "audioIsDefault": track.is_default}
        known |= {"audioTrack": named, "isDrc": offer.is_drc}
    return known


def _picture(height: int) -> Json:
    width = round(height * 16 / 9)
    quality = {144: "tiny", 360: "medium"}[height]
    return {"width": width, "height": height, "fps": 25, "quality": quality, "qualityLabel": f"{height}p"}


def _bent(known: Json, scenario: Scenario) -> Json:
    url = known["url"]
    without_url = {name: value for name, value in known.items() if name != "url"}
    match scenario:
        case Scenario.SABR_ONLY:
            return without_url
        case Scenario.N_CHALLENGE:
            return known | {"url": f"{url}&n=abcdefghijklmnop"}
        case Scenario.CIPHERED:
            return without_url | {
                "signatureCipher": urlencode({"s": "AOq0QJ8w", "sp": "sig", "url": str(url)})
            }
        case Scenario.DRM_ONLY:
            return known | {"drmFamilies": ["WIDEVINE"]}
        case _:
            return known


def _details(video_id: str, length_s: int, *, is_live: bool) -> Json:
    return {
        "videoId": video_id,
        "title": title_of(video_id),
        "lengthSeconds": str(length_s),
        "channelId": "UC" + "d" * 22,
        "author": "asyncdl demo",
        "shortDescription": "Its pitch tells the time.",
        "viewCount": "1",
        "isPrivate": False,
        "isLiveContent": is_live,
        **({"isLive": True} if is_live else {}),
    }


def _pre_roll(skip_ms: int) -> Json:
    renderer = {"instreamVideoAdRenderer": {"skipOffsetMilliseconds": skip_ms}}
    config = {"adPlacementConfig": {"kind": "AD_PLACEMENT_KIND_START"}}
    return {"adPlacementRenderer": {"config": config, "renderer": renderer}}


def _text(text: str) -> Json:
    return {"simpleText": text}
