"""``python -m asyncdl.demo.site``: the stand-in in a process of its own, for tests and benchmarks.

Once it serves it writes ``DIR/site.json`` in one step: {"player_host", "ca_file", "media_base",
"proxy", "pid"}. It ends with SIGTERM, SIGINT, or the end of its stdin (with ``--until-eof``).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

import orjson

from asyncdl.demo.budget import Budget
from asyncdl.demo.media import Masters, default_folder
from asyncdl.demo.menu import LONG_S, Terms
from asyncdl.demo.proxy import SiteProxy
from asyncdl.demo.requestlog import RequestLog
from asyncdl.demo.scenarios import Cast, Scenario, by_id, by_share, scenario_named
from asyncdl.demo.site import Site

READY = "site.json"


def main() -> None:
    """Serve until told to end."""
    asyncio.run(_serve(_parser().parse_args()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m asyncdl.demo.site", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="receives site.json and ca.pem")
    parser.add_argument("--masters", type=Path, default=default_folder(), help="where made media are kept")
    parser.add_argument("--ffmpeg", help="ffmpeg to make them with")
    parser.add_argument("--log", type=Path, help="JSON lines, one a request")
    parser.add_argument("--shares", type=_shares, default={}, help='like {"private": 0.02, "http503": 0.1}')
    parser.add_argument("--ids", type=_fates, default={}, help='like {"dQw4w9WgXcQ": "private"}')
    parser.add_argument("--times", type=int, help="the faults of --shares pass after so many requests")
    parser.add_argument("--seed", type=int, default=0, help="of --shares")
    parser.add_argument("--length-s", type=int, default=LONG_S)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--bytes-per-s", type=int, help="of each media connection")
    parser.add_argument("--videos", action="store_true", help="with pictures")
    parser.add_argument("--plain-media", action="store_true", help="media over HTTP without TLS")
    parser.add_argument("--budget", type=int, help="player requests that one address may make")
    parser.add_argument("--pause-s", type=float, default=60.0, help="of an address over its budget")
    parser.add_argument("--until-eof", action="store_true", help="end when stdin ends")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    options.folder.mkdir(parents=True, exist_ok=True)
    masters = Masters(options.masters, options.ffmpeg)
    log = RequestLog(options.log, keep=False)
    budget = None if options.budget is None else Budget(options.budget, options.pause_s)
    site_of = Site.start(
        options.folder, masters, scenarios=_cast(options), terms=_terms(options), budget=budget, log=log
    )
    async with site_of as site, SiteProxy.start(site) as proxy:
        if options.until_eof:
            loop.add_reader(sys.stdin.fileno(), _watch_stdin, stop)
        _announce(options.folder, site, proxy)
        await stop.wait()
    await masters.close()


def _cast(options: argparse.Namespace) -> Cast:
    fixed = by_id(options.ids)
    shared = by_share(options.seed, options.shares, times=options.times)
    return lambda video_id: fixed(video_id) if video_id in options.ids else shared(video_id)


def _terms(options: argparse.Namespace) -> Terms:
    return Terms(
        length_s=options.length_s,
        videos=options.videos,
        latency_s=options.latency_ms / 1000,
        bytes_per_s=options.bytes_per_s,
        media_tls=not options.plain_media,
    )


def _announce(folder: Path, site: Site, proxy: SiteProxy) -> None:
    told = {
        "player_host": site.player_host,
        "ca_file": str(site.ca_file),
        "media_base": site.media_base,
        "proxy": proxy.url,
        "pid": os.getpid(),
    }
    part = folder / f"{READY}.part"
    part.write_bytes(orjson.dumps(told))
    part.replace(folder / READY)


def _watch_stdin(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        stop.set()


def _shares(text: str) -> dict[Scenario, float]:
    shares = {scenario_named(word): float(str(share)) for word, share in _object(text).items()}
    by_share(0, shares)  # refuses what are no parts of 1
    return shares


def _fates(text: str) -> dict[str, Scenario]:
    return {video_id: scenario_named(str(word)) for video_id, word in _object(text).items()}


def _object(text: str) -> dict[str, object]:
    """Read a JSON object; argparse turns every ``ValueError`` into a message about the option."""
    words = orjson.loads(text)
    if not isinstance(words, dict):
        raise ValueError(text)  # noqa: TRY004 - see above
    return words
