"""Fixtures for everybody: the folder of the demo's masters, and a running stand-in for YouTube."""

from __future__ import annotations

import ipaddress
import os
import socket
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from asyncdl.cli.given.table import SETTINGS
from asyncdl.demo.media import Masters
from asyncdl.demo.site import Site


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that would leave this machine fails instead."""
    connect = socket.socket.connect

    def checked(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            assert ipaddress.ip_address(address[0]).is_loopback, f"a test asks for {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", checked)


@pytest.fixture(autouse=True)
def _no_settings_of_this_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """What whoever runs the tests has set for runs of their own counts for none here."""
    for setting in SETTINGS:
        monkeypatch.delenv(setting.variable, raising=False)


@pytest.fixture(scope="session")
def masters_folder() -> Path:
    """Where generated media are kept between sessions; names carry the recipe and the ffmpeg version."""
    kept = os.environ.get("ASYNCDL_TEST_CACHE")
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(kept) if kept else Path(tempfile.gettempdir()) / f"asyncdl-test-masters-{user}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@pytest.fixture
async def masters(masters_folder: Path) -> AsyncIterator[Masters]:
    """Media made on first use; a test gets an object of its own, the files are shared."""
    made = Masters(masters_folder)
    yield made
    await made.close()


@pytest.fixture
async def site(tmp_path: Path, masters: Masters) -> AsyncIterator[Site]:
    """A stand-in for YouTube where every video is good but those with a special id."""
    folder = tmp_path / "site"
    folder.mkdir()
    async with Site.start(folder, masters) as running:
        yield running
