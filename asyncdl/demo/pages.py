"""The pages and scripts that a fuller extraction reads, in the few words that yt-dlp looks for. Pure.

The page of a video names the player's script, gives the visitor a mark, and embeds the answers of ``player``
and ``next``. The script holds its time stamp only and nothing to solve challenges with: formats with ``n`` or
a signature stay out of reach, and whether real ones can be solved is not proved here.
"""

from __future__ import annotations

import re

import orjson

from asyncdl.demo.cures import EMBEDDED_PLAYER, VISITOR
from asyncdl.demo.player import Json, as_reply
from asyncdl.demo.wire import Reply

PLAYER_ID = "0a1b2c3d"
SCRIPT_PATH = f"/s/player/{PLAYER_ID}/player_es6.vflset/en_US/base.js"
EMBED_PATH = "/embed/"
TV_PATH = "/tv"
FRAME_PATH = "/iframe_api"
TIME_STAMP = 20750
_TELEVISION = "TVHTML5"
_HTML = "text/html; charset=utf-8"
_SCRIPT = re.compile(rf"/s/player/{PLAYER_ID}/[\w./]+\.js")
_PLAYER_SCRIPT = f"var _yt_player={{signatureTimestamp:{TIME_STAMP}}};"
_KIDS = "<p>This video is made for kids</p>"


def watch(video_id: str, player_answer: Json, *, for_kids: bool, is_bare: bool) -> Reply:
    """Make the page of a video; a bare one lacks all that yt-dlp would otherwise have to ask for."""
    title = f"<title>{video_id} - YouTube</title>"
    if is_bare:
        return _page(title)
    answer = f"<script>var ytInitialPlayerResponse = {_json(player_answer)};</script>"
    data = f"<script>var ytInitialData = {_json(next_answer(video_id))};</script>"
    return _page(title, _configuration(), answer, data, _KIDS if for_kids else "")


def configured(path: str) -> Reply | None:
    """Make the page of the embedded player, or the one for television sets."""
    client = EMBEDDED_PLAYER if path.startswith(EMBED_PATH) else _TELEVISION if path == TV_PATH else None
    if client is None:
        return None
    context = {"client": {"clientName": client, "clientVersion": "1.0", "visitorData": VISITOR}}
    return _page("<title>YouTube</title>", _configuration(INNERTUBE_CONTEXT=context))


def next_reply(video_id: str) -> Reply:
    """Answer the API named ``next``."""
    return as_reply(next_answer(video_id))


def next_answer(video_id: str) -> Json:
    """Tell what surrounds a video; ``contents`` is what yt-dlp looks for."""
    results: Json = {"results": {"results": {"contents": []}}, "currentVideoEndpoint": {"videoId": video_id}}
    return {"contents": {"twoColumnWatchNextResults": results}}


def script(path: str) -> Reply | None:
    """Make the player's script, in whatever variant, or that of its frame, which names it."""
    if path != FRAME_PATH:
        return _script(_PLAYER_SCRIPT) if _SCRIPT.fullmatch(path) else None
    address = (
        f"https:\\/\\/www.youtube.com\\/s\\/player\\/{PLAYER_ID}\\/www-widgetapi.vflset\\/www-widgetapi.js"
    )
    return _script(f"var scriptUrl = '{address}';")


def _script(text: str) -> Reply:
    return Reply(200, f"{text}\n".encode(), "text/javascript")


def _page(*parts: str) -> Reply:
    return Reply(200, f"<!DOCTYPE html><html><body>{''.join(parts)}</body></html>\n".encode(), _HTML)


def _configuration(**more: object) -> str:
    """Leave out ``STS``, so that the time stamp is read from the script."""
    known = {"PLAYER_JS_URL": SCRIPT_PATH, "VISITOR_DATA": VISITOR, "INNERTUBE_API_VERSION": "v1", **more}
    return f"<script>ytcfg.set({_json(known)});</script>"


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
