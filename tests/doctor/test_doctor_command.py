"""``asyncdl doctor`` as users type it."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncdl.app.doctor.checkup import Checkup
from asyncdl.app.doctor.examine import examine
from asyncdl.core.finding import Level, worst
from asyncdl.demo.site import Site
from support.bench import Bench
from support.proxies import closed_port, connect_proxy

NAMES = [
    *("python", "yt-dlp", "requests", "ffmpeg", "javascript", "clock"),
    *("folder", "disk", "file system", "data set", "open files", "terminal"),
]


@pytest.fixture
def bench(tmp_path: Path, site: Site) -> Bench:
    """A folder, and a site in the place of YouTube."""
    return Bench(tmp_path, site)


async def test_offline_everything_is_looked_at_but_the_network(tmp_path: Path) -> None:
    checkup = Checkup(out=tmp_path / "out", is_offline=True, proxies=(f"http://127.0.0.1:{closed_port()}",))
    findings = await examine(checkup)
    assert [finding.name for finding in findings] == [*NAMES[:6], "proxies", *NAMES[6:]]
    assert worst(findings) is not Level.FAULT
    assert all(finding.mend for finding in findings if finding.level is Level.WARNING)


async def test_with_the_network_youtube_the_clock_and_each_proxy_are_told(bench: Bench) -> None:
    async with connect_proxy() as proxy:
        ended = await bench.command("doctor", "--json", "--proxy", proxy.url("http", "joe:hunter2"))
    assert ended.code == 0, ended.stderr
    told = {finding["name"]: finding for finding in ended.json()["findings"]}
    assert told["youtube"]["what"].startswith("answers in ")
    assert told["clock"]["level"] == "ok"
    assert told[f"proxy 127.0.0.1:{proxy.port}"]["level"] == "ok"
    assert told["proxy"]["level"] == "warning"  # a password on the command line
    assert proxy.asked == [bench.site.player_host]
    assert "hunter2" not in ended.stdout + ended.stderr
    assert not bench.out.exists()


async def test_what_makes_a_run_impossible_ends_with_exit_code_4(bench: Bench) -> None:
    jar = bench.folder / "jar.txt"
    jar.write_text("{}")
    ended = await bench.command("doctor", "--offline", "--cookies", str(jar))
    assert ended.code == 4
    assert f"cookies {jar}" in ended.stdout
    assert "is JSON" in ended.stdout
    assert "mend: " in ended.stdout
    assert "A run could not work" in ended.stdout
