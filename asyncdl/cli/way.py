"""The options that say by which ways YouTube is asked, and how fast."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from asyncdl.core.pace_policy import PacePolicy, parse_rate
from asyncdl.core.proxy import ProxyMistake, ProxyUrl, parse_proxies, parse_proxy
from asyncdl.errors import UsageError
from asyncdl.settings import WaySettings

if TYPE_CHECKING:
    from asyncdl.runtime.secret_file import Secret

_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*(s|min|h|d)?", re.ASCII)
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,3})?)\s*([kmgt]?)b?", re.ASCII)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, None: 1.0}


def way_settings(
    context: typer.Context,
    *,
    proxy: Sequence[str] | None,
    proxies: Path | None,
    source_address: Sequence[str] | None,
    cookies: Sequence[Path] | None,
    rate: str | None,
    max_wait: str | None,
) -> WaySettings:
    """Read them all; raises ``UsageError``, which never repeats an address that may hold a password."""
    typed = [_proxy_of(text) for text in proxy or ()]
    _warn_of_passwords(context, typed)
    return WaySettings(
        proxies=(*typed, *(_proxies_in(proxies) if proxies else ())),
        source_addresses=tuple(source_address or ()),
        cookies=tuple(path.absolute() for path in cookies or ()),
        rate=PacePolicy() if rate is None else parse_rate(rate),
        max_wait_s=None if max_wait is None else duration_s(max_wait),
    )


def duration_s(text: str) -> float:
    """Read ``90``, ``90s``, ``30min``, ``2h`` or ``3d`` as seconds; raises ``UsageError``."""
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(f"--max-wait {text!r} is no time.", mend="Write 90s, 30min, 2h or 3d.")
    return float(match[1]) * _SECONDS[match[2]]


def size_bytes(text: str, flag: str = "--min-free", mend: str = "Write 500M, 2G, or 0 for no floor.") -> int:
    """Read ``0``, ``500M``, ``2G`` or ``1.5 TB`` as bytes, by powers of ten; raises ``UsageError``."""
    match = _SIZE.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(f"{flag} {text!r} is no size.", mend=mend)
    return int(float(match[1]) * _UNITS[match[2]])


def _proxy_of(text: str) -> ProxyUrl:
    parsed = parse_proxy(text)
    if isinstance(parsed, ProxyMistake):
        raise UsageError(f"--proxy: {parsed}.")
    return parsed


def _proxies_in(path: Path) -> tuple[ProxyUrl, ...]:
    from asyncdl.runtime.secret_file import NoSecret, read_secret  # noqa: PLC0415 - on use

    secret: Secret | NoSecret = read_secret(path)
    if isinstance(secret, NoSecret):
        raise UsageError(f"--proxies {path}: {secret.why}.")
    found = parse_proxies(secret.text)
    if found.mistakes:
        raise UsageError("\n".join(f"--proxies {path}: {mistake}." for mistake in found.mistakes))
    if not found.proxies:
        raise UsageError(f"--proxies {path}: there is no proxy in it.")
    if any(one.has_login for one in found.proxies) and not secret.is_private:
        sys.stderr.write(f"asyncdl: others on this machine may read {path}, which holds passwords\n")
    return found.proxies


def _warn_of_passwords(context: typer.Context, typed: Sequence[ProxyUrl]) -> None:
    source = context.get_parameter_source("proxy")
    if source is not None and source.name == "COMMANDLINE" and any(one.has_login for one in typed):
        sys.stderr.write(
            "asyncdl: a password on the command line stands in the process list;"
            " --proxies FILE and ASYNCDL_PROXY are quieter\n"
        )
