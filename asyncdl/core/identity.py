"""What YouTube sees: one exit (a proxy, a source address, the plain connection) with one guest or account."""

from __future__ import annotations

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

    Accounts are dealt out to the exits in turn; an exit that gets none works as a guest. Raises
    ``UsageError`` for an address that is none.
    """
    exits = [Identity(f"proxy {proxy.label}", proxy=proxy) for proxy in proxies]
    exits += [Identity(f"address {_checked(one)}", source_address=one) for one in addresses]
    exits = exits or [Identity(DIRECT)]
    accounts = [
        replace(exits[number % len(exits)], cookies=jar, name=_account(exits[number % len(exits)], number))
        for number, jar in enumerate(cookies)
    ]
    return _told_apart([*accounts, *exits[len(cookies) :]])


def _account(exit_: Identity, number: int) -> str:
    """Name an account by its place on the command line: a jar's path may tell who somebody is."""
    return f"account {number + 1}" if exit_.name == DIRECT else f"account {number + 1} by {exit_.name}"


def _told_apart(identities: Sequence[Identity]) -> tuple[Identity, ...]:
    """Give numbers where labels are alike: the logins that differ are never shown."""
    seen: Counter[str] = Counter()
    named = []
    for identity in identities:
        seen[identity.name] += 1
        times = seen[identity.name]
        named.append(identity if times == 1 else replace(identity, name=f"{identity.name} #{times}"))
    return tuple(named)


def _checked(address: str) -> str:
    try:
        return str(ip_address(address))
    except ValueError:
        raise UsageError(f"--source-address: {address!r} is no IP address.") from None
