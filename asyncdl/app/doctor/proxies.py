"""Proxies: addresses that can be read, and tunnels that open. Only labels are told, never credentials."""

from __future__ import annotations

import asyncio
import shlex
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from asyncdl.app.doctor.checkup import Checkup
from asyncdl.core.finding import Finding, Level
from asyncdl.core.proxy import ProxyMistake, ProxyUrl, parse_proxies, parse_proxy
from asyncdl.runtime.secret_file import NoSecret, read_secret
from asyncdl.runtime.tunnel import Obstacle, Open, Shut, try_tunnel

_AT_ONCE = 32
_MOST_LINES = 16
_MENDS = {
    Obstacle.NO_NAME: "check its spelling, and this machine's name service",
    Obstacle.NO_CONNECTION: "check host and port, and whether the proxy runs",
    Obstacle.SILENT: "it is down or overloaded: leave it out",
    Obstacle.TLS: "is it https, or rather http? its certificate must be valid for this host name",
    Obstacle.LOGIN: "check user and password; many providers also want your address on their list",
    Obstacle.BARRED: "its provider does not let it reach YouTube: choose another one",
    Obstacle.FOREIGN: "check the scheme: http, https and socks5 are different ports as a rule",
}


@dataclass(frozen=True, slots=True)
class Tried:
    """A proxy and what came of it."""

    proxy: ProxyUrl
    result: Open | Shut


def read_proxies(checkup: Checkup) -> tuple[list[ProxyUrl], list[Finding]]:
    """Read all addresses; what is wrong with them, or with how they were given, are findings."""
    proxies: list[ProxyUrl] = []
    findings: list[Finding] = []
    for number, text in enumerate(checkup.proxies, start=1):
        proxy = parse_proxy(text)
        if isinstance(proxy, ProxyMistake):
            what = f"the proxy given as number {number} {proxy}"
            findings.append(Finding("proxy", Level.FAULT, what, "write it as http://host:8080"))
        else:
            proxies.append(proxy)
    if checkup.are_proxies_typed and any(proxy.has_login for proxy in proxies):
        what = "credentials in --proxy stand in the process list and in the shell's history"
        findings.append(Finding("proxy", Level.WARNING, what, "use --proxies FILE or ASYNCDL_PROXY"))
    listed, faults = _read_file(checkup)
    return list(dict.fromkeys([*proxies, *listed])), [*findings, *faults]


async def check_proxies(proxies: Sequence[ProxyUrl], checkup: Checkup) -> list[Finding]:
    """Open a tunnel through each, some at a time."""
    places = asyncio.Semaphore(_AT_ONCE)
    target = checkup.target
    tls = ssl.create_default_context(cafile=target.ca_file)

    async def tried(proxy: ProxyUrl) -> Tried:
        async with places:
            result = await try_tunnel(proxy, target.host, target.port, deadline_s=checkup.deadline_s, tls=tls)
        return Tried(proxy, result)

    return judge_proxies(await asyncio.gather(*map(tried, proxies)))


def judge_proxies(tried: Sequence[Tried]) -> list[Finding]:
    """Name every dead one, living ones only where they are few; when all are dead, no run works."""
    latencies = [each.result.latency_ms for each in tried if isinstance(each.result, Open)]
    level = Level.WARNING if latencies else Level.FAULT
    findings = []
    if len(tried) > _MOST_LINES and latencies:
        findings.append(_summary(latencies, len(tried)))
    for each in tried:
        name = f"proxy {each.proxy.label}"
        if isinstance(each.result, Shut):
            findings.append(Finding(name, level, str(each.result), _MENDS[each.result.obstacle]))
        elif len(tried) <= _MOST_LINES:
            told = f"a {each.proxy.scheme} tunnel to YouTube opens in {each.result.latency_ms:,} ms"
            findings.append(Finding(name, Level.OK, told))
    return findings


def _summary(latencies: list[int], count: int) -> Finding:
    told = (
        f"{len(latencies):,} of {count:,} open a tunnel to YouTube, in {min(latencies):,} ms at best, "
        f"{median(latencies):,.0f} ms in the middle, {max(latencies):,} ms at worst"
    )
    return Finding("proxies", Level.OK, told)


def _read_file(checkup: Checkup) -> tuple[tuple[ProxyUrl, ...], list[Finding]]:
    path = checkup.proxies_file
    if path is None:
        return (), []
    name = f"proxies {path}"
    secret = read_secret(path)
    if isinstance(secret, NoSecret):
        return (), [Finding(name, Level.FAULT, secret.why, "name a file with one proxy a line")]
    read = parse_proxies(secret.text)
    mend = "one a line, such as socks5://user:password@host:1080; lines with # are comments"
    findings = [Finding(name, Level.FAULT, str(mistake), mend) for mistake in read.mistakes]
    if not read.proxies and not read.mistakes:
        findings.append(Finding(name, Level.FAULT, "names no proxy", mend))
    if not secret.is_private and any(proxy.has_login for proxy in read.proxies):
        what = f"others can get at its credentials (mode {secret.mode:04o})"
        findings.append(Finding(name, Level.WARNING, what, f"chmod 600 {shlex.quote(str(path))}"))
    return read.proxies, findings
