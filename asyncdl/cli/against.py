"""``python -m asyncdl.cli.against SITE.json COMMAND…``: the same commands, against an embedded site.

For tests and benchmarks. ``SITE.json`` is what ``python -m asyncdl.demo.site`` writes; where it names no
``player_host``, all goes through its ``proxy``. The ``asyncdl`` command itself has no way to be pointed
elsewhere.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from asyncdl.cli import main
from asyncdl.fetchers.ytdlp.config import Endpoint


def against(site_file: str, arguments: list[str]) -> None:
    """Run one command whose fetch workers ask the site."""
    told = json.loads(Path(site_file).read_bytes())
    host = told.get("player_host")
    main(arguments, Endpoint(host, told["ca_file"], None if host else told["proxy"]))


if __name__ == "__main__":
    against(sys.argv[1], sys.argv[2:])
