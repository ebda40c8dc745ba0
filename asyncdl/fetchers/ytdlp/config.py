"""What a fetch worker is told once, when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from asyncdl.settings import DEFAULT_URL

DEFAULT_MAX_FILE_BYTES = 200 * 1000 * 1000


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Another place than YouTube to ask; only the demo and the tests pass one.

    ``innertube_host`` is ``host:port`` of a player API over TLS, ``ca_file`` a PEM file that vouches for it.
    """

    innertube_host: str
    ca_file: str


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """One identity and its limits.

    ``user_args`` have passed ``user_args.check_user_args``; ``cookie_file`` is a private copy that belongs to
    this worker alone; ``max_file_bytes`` bounds what is fetched for one span.
    """

    user_args: tuple[str, ...] = ()
    endpoint: Endpoint | None = None
    proxy: str | None = None
    source_address: str | None = None
    cookie_file: str | None = None
    url_template: str = DEFAULT_URL
    max_file_bytes: int = DEFAULT_MAX_FILE_BYTES


def config_from_json(raw: Mapping[str, Any]) -> WorkerConfig:
    """Read back what ``dataclasses.asdict`` and JSON made of a config."""
    endpoint = raw["endpoint"]
    return WorkerConfig(
        **{
            **raw,
            "user_args": tuple(raw["user_args"]),
            "endpoint": None if endpoint is None else Endpoint(**endpoint),
        }
    )
