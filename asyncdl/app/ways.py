"""Makes the identities of a run and what each of them works with."""

from __future__ import annotations

import random
import shlex
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from asyncdl.core.cookies import read_cookies
from asyncdl.core.identity import Identity, make_identities
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import Tier
from asyncdl.core.pace_json import from_json
from asyncdl.core.pacing import Pace, bounded
from asyncdl.errors import UsageError
from asyncdl.fetchers.ytdlp.config import WorkerConfig
from asyncdl.fetchers.ytdlp.javascript import JsRuntime
from asyncdl.fetchers.ytdlp.nurture import Nursery
from asyncdl.fetchers.ytdlp.pool import WorkerPool
from asyncdl.runtime.exits import Exit, Exits
from asyncdl.runtime.secret_file import NoSecret, read_secret
from asyncdl.settings import RunSettings


def open_exits(
    settings: RunSettings,
    config: WorkerConfig,
    nursery: Nursery,
    ledger: Ledger,
    runtime: JsRuntime | None,
    *,
    speed: float = 1.0,
) -> Exits:
    """Make all exits, with the paces that this data set's journal knows of them."""
    way = settings.way
    exits = [
        Exit(
            identity,
            _fetchers(identity, settings, config, nursery, runtime),
            pace=known_pace(ledger, identity, time.time()),
        )
        for identity in identities_of(settings)
    ]
    return Exits(exits, way.rate, random.SystemRandom(), time.time, way.max_wait_s, speed)


def identities_of(settings: RunSettings) -> tuple[Identity, ...]:
    """Say which identities a run has; raises ``UsageError`` for an address that is none."""
    way = settings.way
    return make_identities(way.proxies, way.source_addresses, [str(path) for path in way.cookies])


def check_jars(jars: Sequence[Path]) -> None:
    """Refuse what is no private, well-formed cookie file; raises ``UsageError``, which shows no cookie."""
    for jar in jars:
        secret = read_secret(jar)
        if isinstance(secret, NoSecret):
            raise UsageError(f"--cookies {jar}: {secret.why}.")
        if secret.exposure:
            raise UsageError(
                f"--cookies {jar}: {secret.exposure}.",
                mend=f"Give a file of your own that nobody else can read: chmod 600 {shlex.quote(str(jar))}",
            )
        if mistakes := read_cookies(secret.text).mistakes:
            raise UsageError(
                f"--cookies {jar}: {mistakes[0]}.", mend="cookies.example.txt explains the format."
            )


def _fetchers(
    identity: Identity,
    settings: RunSettings,
    config: WorkerConfig,
    nursery: Nursery,
    runtime: JsRuntime | None,
) -> dict[Tier, WorkerPool]:
    """One pool per tier; an account has no use for the first one, which takes no cookies."""

    def pool(tier: Tier) -> WorkerPool:
        own = replace(
            config,
            tier=tier,
            js_runtime=runtime.option if runtime and tier is Tier.FULL else None,
            proxy=identity.proxy.secret_url if identity.proxy else config.proxy,
            source_address=identity.source_address,
            cookie_file=identity.cookies,
        )
        return WorkerPool(own, nursery, deadline_s=settings.fetch.deadline_s)

    if identity.cookies is not None:
        full = pool(Tier.FULL)
        return {Tier.FIRST: full, Tier.FULL: full}
    first = pool(Tier.FIRST)
    return {Tier.FIRST: first, Tier.FULL: pool(Tier.FULL) if runtime else first}


def known_pace(ledger: Ledger, identity: Identity, now_s: float) -> Pace:
    """Restore what the data set's journal knows of an identity's pace; ``now_s`` is the time since 1970."""
    known = ledger.paces.get(identity.name)
    try:
        return bounded(from_json(known), now_s) if known is not None else Pace()
    except (
        TypeError,
        ValueError,
        AttributeError,
        OverflowError,
    ):  # written by another version: begin anew, politely
        return Pace()
