"""The pool with real workers: reused, replaced when worn out, hung or killed, and nothing left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Failure, Fetched
from asyncdl.demo.scenarios import Scenario
from asyncdl.demo.site import Site
from asyncdl.errors import EnvironmentFault
from asyncdl.fetchers.ytdlp import bearing, lines
from support.children import environ, folder_of, group, marked, nurseries, until, workers
from support.fetching import left_in
from support.pools import Ward, open_pool

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")

# All that a worker may know of the machine; proxies and certificates only where the user has set them.
ENVIRONMENT = {
    "PATH",
    "HOME",
    "LC_ALL",
    "PYTHONPATH",
    "PYTHONSAFEPATH",
    "PYTHONNOUSERSITE",
    "YTDLP_NO_PLUGINS",
    "ASYNCDL_RUN_ID",
}
PLUGIN = 'import pathlib\npathlib.Path({mark!r}).write_text("loaded")\n'


@pytest.fixture(name="ward")
async def _ward(site: Site, tmp_path: Path) -> AsyncIterator[Ward]:
    async with open_pool(site, tmp_path) as opened:
        yield opened


async def _at_work(ward: Ward) -> tuple[asyncio.Task[Fetched | Failure], int]:
    """Begin a fetch that does not end, in a worker that has served before; answer both."""
    await ward.one("aaaaaaaaaaa")
    (worker,) = workers(ward.run_id)
    fetching = asyncio.create_task(ward.one(Scenario.STALL_PLAYER))
    await until(lambda: not ward.pool._idle)
    return fetching, worker


async def test_one_worker_serves_one_fetch_after_the_other(ward: Ward) -> None:
    served = set()
    for letter in "abc":
        assert isinstance(await ward.one(letter * 11), Fetched)
        served |= workers(ward.run_id)
    assert len(served) == 1


async def test_as_many_workers_as_fetches_at_once_and_then_the_last_one_first(ward: Ward) -> None:
    answers = await asyncio.gather(*(ward.one(letter * 11) for letter in "abc"))
    assert all(isinstance(answer, Fetched) for answer in answers)
    at_work = workers(ward.run_id)
    assert len(at_work) == 3
    last = ward.pool._idle[-1]
    for letter in "de":
        await ward.one(letter * 11)
    assert workers(ward.run_id) == at_work
    assert [line.answered for line in ward.pool._idle] == [1, 1, 3]
    assert ward.pool._idle[-1] is last


async def test_a_worker_is_replaced_after_its_number_of_videos(site: Site, tmp_path: Path) -> None:
    async with open_pool(site, tmp_path, recycle_after=2) as ward:
        await ward.one("aaaaaaaaaaa")
        (first,) = workers(ward.run_id)
        await ward.one("bbbbbbbbbbb")
        await until(lambda: not group(first))
        assert isinstance(await ward.one("ccccccccccc"), Fetched)
        (second,) = workers(ward.run_id)
        assert second != first
        assert len(nurseries(ward.run_id)) == 1


async def test_a_worker_killed_at_work_is_a_failed_try_and_the_next_one_has_a_new_worker(ward: Ward) -> None:
    fetching, victim = await _at_work(ward)
    os.kill(victim, signal.SIGKILL)
    answer = await fetching
    assert isinstance(answer, Failure)
    assert (answer.kind, answer.code) == (FailureKind.TOOL_FAULT, "worker_died")
    assert str(victim) in answer.text
    assert isinstance(await ward.one("aaaaaaaaaaa"), Fetched)
    assert victim not in workers(ward.run_id)


async def test_a_video_that_comes_too_slowly_is_given_up_at_the_deadline_by_the_worker_itself(
    site: Site, tmp_path: Path
) -> None:
    async with open_pool(site, tmp_path, deadline_s=1.2) as ward:
        answer = await ward.one(Scenario.SLOW_LORIS)
        assert isinstance(answer, Failure)
        assert answer.code == "deadline"
        assert left_in(ward.parts) == []
        slow = workers(ward.run_id)
        assert isinstance(await ward.one("aaaaaaaaaaa"), Fetched)
        assert workers(ward.run_id) == slow


async def test_a_worker_that_hangs_beyond_the_deadline_is_ended_with_its_whole_group(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ward.one("bbbbbbbbbbb")
    monkeypatch.setattr(lines, "_PATIENCE_S", 0.2)
    monkeypatch.setattr(ward.pool, "_deadline_s", 0.5)
    (hung,) = workers(ward.run_id)
    os.kill(hung, signal.SIGSTOP)
    answer = await ward.one("aaaaaaaaaaa")
    assert isinstance(answer, Failure)
    assert (answer.kind, answer.code) == (FailureKind.TIMED_OUT, "deadline")
    await until(lambda: not group(hung))
    assert not workers(ward.run_id)


async def test_a_cancelled_fetch_takes_its_worker_along(ward: Ward) -> None:
    fetching, busy = await _at_work(ward)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    await until(lambda: not group(busy))


async def test_a_killed_nursery_takes_its_workers_along_and_is_started_again(ward: Ward) -> None:
    await ward.one("aaaaaaaaaaa")
    (nursery,) = nurseries(ward.run_id)
    os.kill(nursery, signal.SIGKILL)
    await until(lambda: not marked(ward.run_id))
    lost = await ward.one("bbbbbbbbbbb")
    assert isinstance(lost, Failure)
    assert lost.code == "worker_died"
    assert isinstance(await ward.one("bbbbbbbbbbb"), Fetched)
    assert nursery not in nurseries(ward.run_id)


async def test_a_nursery_killed_a_moment_ago_is_started_again_too(site: Site, tmp_path: Path) -> None:
    """Before this loop has heard of its end."""
    async with open_pool(site, tmp_path, recycle_after=1) as ward:
        await ward.one("aaaaaaaaaaa")
        (nursery,) = nurseries(ward.run_id)
        os.kill(nursery, signal.SIGKILL)
        assert isinstance(await ward.one("bbbbbbbbbbb"), Fetched)


async def test_a_worker_killed_at_its_birth_stops_no_run(ward: Ward) -> None:
    fetching = asyncio.create_task(ward.one("aaaaaaaaaaa"))
    await until(lambda: workers(ward.run_id))
    for pid in workers(ward.run_id):
        os.kill(pid, signal.SIGKILL)
    answer = await fetching
    assert isinstance(answer, Fetched) or answer.code == "worker_died"


async def test_where_no_worker_can_be_started_the_run_is_told_why(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bearing, "_PROGRAM", "asyncdl.no.such.program")
    with pytest.raises(EnvironmentFault, match=r"No fetch worker could be started(.|\n)*asyncdl\.no"):
        await ward.one("aaaaaaaaaaa")
    assert not marked(ward.run_id)


async def test_closing_leaves_no_process_whatever_is_under_way(ward: Ward) -> None:
    fetching, _ = await _at_work(ward)
    await ward.one("bbbbbbbbbbb")
    assert len(workers(ward.run_id)) == 2
    await ward.close()
    await until(lambda: not marked(ward.run_id))
    answer = await fetching
    assert isinstance(answer, Failure)
    assert answer.code == "worker_died"


async def test_nothing_is_asked_of_the_site_before_the_first_fetch(ward: Ward, site: Site) -> None:
    await ward.nursery.start()
    # For a moment after a program's start its environment reads as empty.
    await until(lambda: len(marked(ward.run_id)) == 1)
    assert site.requests == []


async def test_workers_live_in_a_private_empty_folder_and_leave_it_empty(ward: Ward) -> None:
    await ward.one("aaaaaaaaaaa")
    assert {folder_of(pid) for pid in marked(ward.run_id)} == {ward.home}
    assert ward.home.stat().st_mode & 0o777 == 0o700
    assert left_in(ward.home) == []


async def test_the_environment_of_workers_holds_nothing_of_the_users(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "AWS_SECRET_ACCESS_KEY",
        "XDG_CONFIG_HOME",
        "PYTHONSTARTUP",
        "SSLKEYLOGFILE",
        "HTTP_PROXY_X",
    ):
        monkeypatch.setenv(name, "/of/the/user")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    await ward.one("aaaaaaaaaaa")
    for pid in marked(ward.run_id):
        told = environ(pid)
        assert told.keys() - {"SSL_CERT_FILE", "SSL_CERT_DIR", "LD_LIBRARY_PATH", "TMPDIR"} == {
            *ENVIRONMENT,
            *(name for name in told if name.lower().endswith("_proxy")),
        }
        assert told["no_proxy"] == "127.0.0.1"
        assert told["HOME"] == str(ward.home)
        assert "/of/the/user" not in told.values()


async def test_nothing_of_the_users_configuration_and_plugins_is_read(
    ward: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same traps catch a plain yt-dlp that is started here: each of them works."""
    mark = _lay_traps(tmp_path, monkeypatch)
    assert b"no such option: --a-trap" in _plain_yt_dlp("-v").stderr
    _plain_yt_dlp("--ignore-config", "-v")
    assert mark.read_text() == "loaded"
    mark.unlink()

    answer = await ward.one("aaaaaaaaaaa")
    assert isinstance(answer, Fetched), answer
    assert not mark.exists()


def _lay_traps(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Plant configuration and plugins where yt-dlp looks for them; answer what a plugin would write."""
    home, cwd, mark = folder / "user", folder / "cwd", folder / "mark"
    configs = [cwd / "yt-dlp.conf", home / ".config" / "yt-dlp" / "config", home / "yt-dlp.conf"]
    plugins = [cwd, home / ".config" / "yt-dlp" / "plugins" / "a_trap", home / "yt-dlp-plugins" / "a_trap"]
    for config in configs:
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text("--a-trap\n")
    for place in plugins:
        module = place / "yt_dlp_plugins" / "extractor" / "a_trap.py"
        module.parent.mkdir(parents=True)
        module.write_text(PLUGIN.format(mark=str(mark)))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("PYTHONPATH", str(cwd))
    monkeypatch.syspath_prepend(str(cwd))
    monkeypatch.chdir(cwd)
    return mark


def _plain_yt_dlp(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "yt_dlp", *arguments], capture_output=True, check=False)
