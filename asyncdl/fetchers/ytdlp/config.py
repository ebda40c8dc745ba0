"""What a fetch worker is told once, when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from asyncdl.core.model import Tier
from asyncdl.settings import DEFAULT_URL

DEFAULT_MAX_FILE_BYTES = 200 * 1000 * 1000


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Another place than YouTube to ask; only the demo and the tests pass one.

    ``ca_file`` is a PEM file that vouches for it. Either ``innertube_host`` is ``host:port`` of a player API
    over TLS, which has no pages, so that both tiers ask the player only. Or it is None, YouTube's own names
    are asked, and ``proxy``, or the identity's own, answers in YouTube's place.
    """

    innertube_host: str | None
    ca_file: str
    proxy: str | None = None


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """One identity and its limits.

    ``user_args`` have passed ``user_args.check_user_args``; ``cookie_file`` is a private copy that belongs to
    this worker alone; ``max_file_bytes`` bounds what is fetched for one span, of which nothing is
    left out in the local file with ``keeps_all``. ``js_runtime`` names the one runtime of a fuller extraction
    (``JsRuntime.option``); without it yt-dlp looks for deno and node itself.
    """

    user_args: tuple[str, ...] = ()
    endpoint: Endpoint | None = None
    proxy: str | None = None
    source_address: str | None = None
    cookie_file: str | None = None
    url_template: str = DEFAULT_URL
    max_file_bytes: int = DEFAULT_MAX_FILE_BYTES
    tier: Tier = Tier.FIRST
    keeps_all: bool = False
    js_runtime: str | None = None

    def __post_init__(self) -> None:
        """Refuse an endpoint that would ask YouTube itself."""
        if self.endpoint is not None and not (self.endpoint.innertube_host or self.way_out):
            raise ValueError("an endpoint needs a player API or a proxy")

    @property
    def is_full(self) -> bool:
        """Whether all is asked that yt-dlp asks by default; accounts have no other way."""
        return self.tier is Tier.FULL or self.cookie_file is not None

    @property
    def way_out(self) -> str | None:
        """The proxy; "" for none at all, whatever the environment says; None for the environment's."""
        if self.endpoint is None:
            return self.proxy
        return self.proxy or self.endpoint.proxy or ""


def config_from_json(raw: Mapping[str, Any]) -> WorkerConfig:
    """Read back what ``dataclasses.asdict`` and JSON made of a config."""
    endpoint = raw["endpoint"]
    return WorkerConfig(
        **{
            **raw,
            "user_args": tuple(raw["user_args"]),
            "endpoint": None if endpoint is None else Endpoint(**endpoint),
            "tier": Tier(raw["tier"]),
        }
    )
