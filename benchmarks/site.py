"""How fast is the embedded site alone? So that nobody takes its limit for that of what is measured with it.

    python benchmarks/site.py [--clients 4] [--seconds 5]

Clients in processes of their own keep one TLS connection each and ask as a worker does, but parse nothing:
player requests, then ranges of 310 kB. Site and clients share the cores; the site's CPU is told per request,
which says what a core of its own could serve. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from harness import RunningSite, cpu_s, running_site

_RANGE_BYTES = 310_000
_FILE_BYTES = 5_000_000
_BODY = {"context": {"client": {"clientName": "VISIONOS", "clientVersion": "0.1"}}}
_JSON = {"Content-Type": "application/json"}

Asked = tuple[int, int]


def _connection(host: str, ca_file: str) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection(host, context=ssl.create_default_context(cafile=ca_file), timeout=30)


def _player(connection: http.client.HTTPSConnection, number: int) -> bytes:
    ytid = f"site{os.getpid() % 1000:03d}{number % 10_000:04d}"
    connection.request("POST", "/youtubei/v1/player", json.dumps({**_BODY, "videoId": ytid}), _JSON)
    return _read(connection)


def _read(connection: http.client.HTTPSConnection) -> bytes:
    with connection.getresponse() as response:
        data = response.read()
        if response.status >= 400:
            raise SystemExit(f"the site answered {response.status}: {data[:200]!r}")
        return data


def ask_player(host: str, ca_file: str, seconds: float) -> Asked:
    """Ask for one video after the other; answer how many came, and their bytes."""
    connection = _connection(host, ca_file)
    ends_s, asked, came = time.monotonic() + seconds, 0, 0
    while time.monotonic() < ends_s:
        came += len(_player(connection, asked))
        asked += 1
    return asked, came


def ask_media(host: str, ca_file: str, seconds: float) -> Asked:
    """Ask for ranges of one video's sound; answer how many came, and their bytes."""
    told = json.loads(_player(_connection(host, ca_file), 0))
    address = urlsplit(told["streamingData"]["adaptiveFormats"][0]["url"])
    connection = _connection(address.netloc, ca_file)
    ends_s, asked, came = time.monotonic() + seconds, 0, 0
    while time.monotonic() < ends_s:
        first = asked * _RANGE_BYTES % (_FILE_BYTES - _RANGE_BYTES)
        wanted = {"Range": f"bytes={first}-{first + _RANGE_BYTES - 1}"}
        connection.request("GET", f"{address.path}?{address.query}", headers=wanted)
        came += len(_read(connection))
        asked += 1
    return asked, came


def measure(site: RunningSite, ask: Callable[[str, str, float], Asked], clients: int, seconds: float) -> Any:  # noqa: ANN401 - JSON
    """Let all clients ask at once."""
    told = site.told()
    pid, host, ca_file = int(str(told["pid"])), str(told["player_host"]), str(told["ca_file"])
    began_s = cpu_s(pid)
    with ProcessPoolExecutor(clients) as pool:
        answers = [pool.submit(ask, host, ca_file, seconds) for _ in range(clients)]
        asked, came = (sum(each) for each in zip(*(one.result() for one in answers), strict=True))
    site_s = cpu_s(pid) - began_s
    return {
        "requests_per_s": round(asked / seconds),
        "mb_per_s": round(came / seconds / 1e6, 1),
        "site_cpu_ms_per_request": round(site_s / asked * 1000, 2),
        "requests_per_s_of_a_core": round(asked / site_s),
    }


def main() -> None:
    """Measure both kinds of requests."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=5.0)
    asked = parser.parse_args()
    with running_site("--length-s", "620") as site:
        result = {
            name: measure(site, ask, asked.clients, asked.seconds)
            for name, ask in (("player", ask_player), ("media", ask_media))
        }
    print(json.dumps({"clients": asked.clients, **result}, indent=2))


if __name__ == "__main__":
    main()
