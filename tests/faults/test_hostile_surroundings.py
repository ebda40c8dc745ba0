"""What lies around: traps for yt-dlp in the user's folders, and cookies that nobody else may ever see."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from asyncio.subprocess import PIPE
from collections.abc import Callable
from pathlib import Path

import pytest

from asyncdl.core.model import Fetched
from asyncdl.demo import server, wire
from asyncdl.demo.scenarios import Scenario
from asyncdl.demo.wire import Request
from asyncdl.errors import EnvironmentFault, UsageError
from asyncdl.fetchers.ytdlp.config import Endpoint, WorkerConfig
from asyncdl.fetchers.ytdlp.nurture import Nursery
from asyncdl.fetchers.ytdlp.pool import WorkerPool
from asyncdl.settings import WaySettings
from support.bench import Bench, ytids
from support.children import children_of, command_of, marked, until
from support.fetching import asked

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")

SECRET = "hunter2-cookie-of-joe"
JAR = f"# Netscape HTTP Cookie File\n.youtube.com\tTRUE\t/\tTRUE\t1893456000\tLOGIN_INFO\t{SECRET}\n"
TRAP = 'import pathlib\npathlib.Path({mark!r}).write_text("loaded")\n'


@pytest.fixture(name="headers")
def _headers(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """All headers that the site is sent."""
    seen: list[tuple[str, str]] = []
    read = wire.read_request

    async def noting(reader: asyncio.StreamReader) -> Request | None:
        request = await read(reader)
        seen.extend(request.headers.items() if request is not None else ())
        return request

    monkeypatch.setattr(server, "read_request", noting)
    return seen


def lay_traps(home: Path, cwd: Path, path: Path) -> Path:
    """Plant what yt-dlp, requests and Python read by default; answer the file that each would write."""
    mark = cwd / "mark"
    for config in (cwd / "yt-dlp.conf", home / ".config" / "yt-dlp" / "config", home / "yt-dlp.conf"):
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(f"--exec 'before_dl:touch {mark}'\n--a-trap\n")
    for place in (
        cwd,
        path,
        home / ".config" / "yt-dlp" / "plugins" / "trap",
        home / "yt-dlp-plugins" / "trap",
    ):
        module = place / "yt_dlp_plugins" / "extractor" / "trap.py"
        module.parent.mkdir(parents=True)
        module.write_text(TRAP.format(mark=str(mark)))
    (home / ".netrc").write_text(f"default login joe password {SECRET}\n")
    (home / ".netrc").chmod(0o600)
    return mark


async def test_a_run_amid_traps_reads_no_config_loads_no_plugin_and_takes_no_login(
    bench: Bench, headers: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They lie in the current folder, HOME, XDG_CONFIG_HOME and PYTHONPATH; a netrc fits every machine."""
    rows = bench.write_list(ytids(1))
    home = bench.folder / "user"
    mark = lay_traps(home, bench.folder, bench.folder / "path")
    around = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "NETRC": str(home / ".netrc")}
    for name, value in (around | {"PYTHONPATH": str(bench.folder / "path")}).items():
        monkeypatch.setenv(name, value)
    ended = await bench.command("run", rows, "--json")
    assert ended.json()["stored"] == 1, ended.stderr
    assert not mark.exists()
    assert headers
    assert not [name for name, value in headers if name == "authorization" or SECRET in value]


def write_jar(bench: Bench) -> Path:
    jar = bench.folder / "jar.txt"
    jar.write_text(JAR)
    jar.chmod(0o600)
    return jar


def files_with_the_secret(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


def look_at(home: Path, jar: Path, pids: set[int]) -> set[str]:
    """Check what may be seen of the jar just now; answer the names of its copies."""
    assert jar.read_text() == JAR
    for pid in (*pids, os.getpid()):
        assert SECRET.encode() not in command_of(pid) + _environ(pid)
    copies = [copy for copy in home.glob("cookies-*") if copy.is_file()]
    assert {copy.stat().st_mode & 0o777 for copy in copies} <= {0o600}
    assert home.stat().st_mode & 0o777 == 0o700
    return {copy.name for copy in copies if SECRET in copy.read_text()}


async def test_eight_workers_of_one_jar_have_a_copy_each_and_it_stays_as_it_was(
    bench: Bench, tmp_path: Path
) -> None:
    jar, run_id = write_jar(bench), f"test-{uuid.uuid4().hex}"
    endpoint = Endpoint(bench.site.player_host, str(bench.site.ca_file))
    nursery = Nursery(tmp_path / "home", run_id)
    pool = WorkerPool(WorkerConfig(endpoint=endpoint, cookie_file=str(jar)), nursery, deadline_s=30)
    try:
        fetching = [asyncio.create_task(pool.fetch(asked(ytid, tmp_path))) for ytid in ytids(8)]
        while not all(task.done() for task in fetching):
            if (tmp_path / "home").exists():
                look_at(tmp_path / "home", jar, marked(run_id))
            await asyncio.sleep(0.1)
        answers = [answer for answered in await asyncio.gather(*fetching) for answer in answered]
        assert all(isinstance(answer, Fetched) for answer in answers)
        copies = look_at(tmp_path / "home", jar, marked(run_id))
        assert len(copies) == 8
    finally:
        await pool.close()
        await nursery.close()
    assert jar.read_text() == JAR


async def test_cookies_are_in_no_command_environment_file_or_message_of_a_run(bench: Bench) -> None:
    rows, jar = bench.write_list(ytids(1)), write_jar(bench)
    process = await bench.start("run", rows, "--cookies", str(jar), "--log-file", "run.log", "--json")
    ending = asyncio.create_task(bench.ended(process))
    seen: set[int] = set()
    while not ending.done():
        pids = children_of(bench.folder) | {process.pid}
        assert not [pid for pid in pids if SECRET.encode() in command_of(pid) + _environ(pid)]
        seen |= pids
        await asyncio.sleep(0.1)
    ended = await ending
    assert ended.json()["stored"] == 1, ended.stderr
    assert len(seen) > 3
    assert files_with_the_secret(bench.folder) == [jar]
    assert SECRET not in ended.stdout + ended.stderr


def _environ(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


async def test_copies_of_a_killed_run_are_gone_after_the_next_start(bench: Bench) -> None:
    jar = write_jar(bench)
    rows = bench.write_list([Scenario.STALL_PLAYER])
    process = await bench.start("run", rows, "--cookies", str(jar), stderr=PIPE)
    await until(lambda: files_with_the_secret(bench.out))
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    await until(lambda: not children_of(bench.folder))
    await bench.run(bench.write_list(ytids(1), "other.csv"))
    assert files_with_the_secret(bench.out) == []
    assert jar.read_text() == JAR


async def test_a_jar_that_is_a_link_or_somebody_elses_is_refused_and_not_shown(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    jar = write_jar(bench)
    link = bench.folder / "link.txt"
    link.symlink_to(jar)
    rows = bench.write_list(ytids(1))
    with pytest.raises(UsageError, match="is a link") as refused:
        await bench.run(rows, way=WaySettings(cookies=(link,)))
    assert SECRET not in str(refused.value)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(UsageError, match="belongs to another user"):
        await bench.run(rows, way=WaySettings(cookies=(jar,)))
    assert not bench.out.exists()


def _become_link(jar: Path) -> None:
    jar.rename(jar.with_name("moved"))
    jar.symlink_to("moved")


def _become_fifo(jar: Path) -> None:
    jar.unlink()
    os.mkfifo(jar, 0o600)


def _become_readable(jar: Path) -> None:
    jar.chmod(0o640)


@pytest.mark.parametrize("become", [_become_link, _become_fifo, _become_readable, Path.unlink])
def test_a_jar_that_has_changed_since_the_start_is_not_copied(
    tmp_path: Path, become: Callable[[Path], None]
) -> None:
    """Workers are started for days after the jar was looked at; a pipe must not hold them up."""
    jar = tmp_path / "jar.txt"
    jar.write_text(JAR)
    jar.chmod(0o600)
    nursery = Nursery(tmp_path / "home", "a-run")
    copied = nursery._with_own_jar(WorkerConfig(cookie_file=str(jar))).cookie_file
    assert copied is not None
    assert Path(copied).read_text() == JAR
    become(jar)
    with pytest.raises(EnvironmentFault, match="cookie file") as refused:
        nursery._with_own_jar(WorkerConfig(cookie_file=str(jar)))
    assert SECRET not in str(refused.value)
    assert len(list((tmp_path / "home").iterdir())) == 1
