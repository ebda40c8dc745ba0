"""What YouTube sees: one exit (a proxy, a source address, the plain connection) with one guest or account."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address

from asyncdl.core.proxy import ProxyUrl
from asyncdl.errors import UsageError

DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class Identity:
    """``name`` holds no credentials and is unique in a run; ``cookies`` is the path of an account's jar."""

    name: str
    proxy: ProxyUrl | None = None
    source_address: str | None = None
    cookies: str | None = None


def make_identities(
    proxies: Sequence[ProxyUrl], addresses: Sequence[str], cookies: Sequence[str]
) -> tuple[Identity, ...]:
    """Make one identity per exit, or the plain connection where none is given.

    Accounts are dealt out to the exits in turn; an exit that gets none works as a guest. Names stay the same
    however the options are ordered, since what an identity has learned is found again by its name. Raises
    ``UsageError`` for an address that is none and for what is given twice.
    """
    exits = [Identity(_proxy_name(proxy), proxy=proxy) for proxy in proxies]
    exits += [Identity(f"address {_checked(one)}", source_address=one) for one in addresses]
    exits = exits or [Identity(DIRECT)]
    accounts = [
        replace(exits[number % len(exits)], cookies=jar, name=f"account {_mark(jar)}")
        for number, jar in enumerate(cookies)
    ]
    return _each_once([*accounts, *exits[len(cookies) :]])


def _proxy_name(proxy: ProxyUrl) -> str:
    """Tell exits of one provider apart by a mark, since they differ by the login, which is never shown."""
    return f"proxy {proxy.label} {_mark(proxy.secret_url)}" if proxy.has_login else f"proxy {proxy.label}"


def _mark(secret: str) -> str:
    """Make four digits of a secret: enough to tell some apart, far too few to guess it by."""
    return f"~{hashlib.sha256(secret.encode()).hexdigest()[:4]}"


def _each_once(identities: Sequence[Identity]) -> tuple[Identity, ...]:
    twice = [name for name, times in Counter(one.name for one in identities).items() if times > 1]
    if twice:
        raise UsageError(f"The same way is given twice: {', '.join(twice)}. Each is one identity.")
    return tuple(identities)


def _checked(address: str) -> str:
    try:
        return str(ip_address(address))
    except ValueError:
        raise UsageError(f"--source-address: {address!r} is no IP address.") from None
