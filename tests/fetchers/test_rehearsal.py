"""The rehearsal before forking: it fits the installed yt-dlp, and a fork inherits no connection of it."""

from __future__ import annotations

import os
import socket

import pytest

from asyncdl.fetchers.ytdlp.config import WorkerConfig
from asyncdl.fetchers.ytdlp.extract import Extractor
from asyncdl.fetchers.ytdlp.rehearsal import rehearse


def test_the_installed_yt_dlp_extracts_the_rehearsed_video() -> None:
    assert rehearse()


def test_nothing_is_asked_of_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a rehearsal must not connect")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert rehearse()


def test_a_rehearsal_leaves_no_descriptor_open() -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    rehearse()
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_the_next_session_begins_without_the_cookies_of_the_rehearsal() -> None:
    rehearse()
    with Extractor(WorkerConfig()) as next_one:
        assert not list(next_one.ydl.cookiejar)


def test_options_of_one_worker_do_not_leak_into_the_next() -> None:
    with Extractor(WorkerConfig()) as first:
        first.ydl.params["extractor_args"].clear()
    with Extractor(WorkerConfig()) as second:
        assert second.ydl.params["extractor_args"]["youtube"]["player_skip"]
