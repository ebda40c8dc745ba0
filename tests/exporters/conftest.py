"""What the loaders of others need here."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any, NoReturn

import pytest


@pytest.fixture
def hugging_face(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The library ``datasets``: offline, with a cache of its own, and with no way to the network."""
    home = tmp_path_factory.mktemp("hugging_face")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(home))
    monkeypatch.setenv("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    monkeypatch.setattr(socket.socket, "connect", _refuse)
    monkeypatch.setattr(socket, "getaddrinfo", _refuse)
    datasets = pytest.importorskip("datasets", reason="Hugging Face's own loader is not installed")
    assert datasets.config.HF_HUB_OFFLINE, "imported before this fixture"
    return _Loader(datasets, home / "cache")


class _Loader:
    """``load_dataset`` with a private cache, and what else a test asks the library for."""

    def __init__(self, datasets: Any, cache: Path) -> None:
        self.datasets = datasets
        self._cache = cache

    def load(self, *args: object, **options: object) -> Any:
        return self.datasets.load_dataset(*args, cache_dir=str(self._cache), **options)


def _refuse(*args: object, **options: object) -> NoReturn:
    raise AssertionError(f"a test went to the network: {args}")
