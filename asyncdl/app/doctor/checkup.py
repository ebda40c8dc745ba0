"""What an examination is asked to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from asyncdl.core.layout import DEFAULT_OUT
from asyncdl.fetchers.ytdlp.config import Endpoint


@dataclass(frozen=True, slots=True)
class Target:
    """The far end: what answers 204, and where tunnels lead; ``ca_file`` vouches for a stand-in."""

    url: str = "https://www.youtube.com/generate_204"
    host: str = "www.youtube.com"
    port: int = 443
    ca_file: str | None = None

    @classmethod
    def of(cls, endpoint: Endpoint | None) -> Target:
        """YouTube, or the stand-in that a test has."""
        if endpoint is None:
            return cls()
        if endpoint.innertube_host is None:
            return cls(ca_file=endpoint.ca_file)
        host, _, port = endpoint.innertube_host.rpartition(":")
        return cls(f"https://{endpoint.innertube_host}/generate_204", host, int(port), endpoint.ca_file)


@dataclass(frozen=True, slots=True)
class Checkup:
    """The options of ``asyncdl doctor``. ``proxies`` are addresses as typed, and may be secret."""

    out: Path = DEFAULT_OUT
    ffmpeg: str | None = None
    proxies: tuple[str, ...] = field(default=(), repr=False)
    are_proxies_typed: bool = False
    proxies_file: Path | None = None
    cookies: tuple[Path, ...] = ()
    is_offline: bool = False
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    target: Target = field(default_factory=Target)
    deadline_s: float = 10.0
