"""Few processes and threads may be started: children are waited for, or the run ends; no segment fails.

Root is free of that limit, so the test, as root, lets the program run as somebody else.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from asyncdl.demo.media import Masters
from asyncdl.demo.site import Site
from support.bench import Bench, ytids

_SOMEBODY = 54321
_AS_SOMEBODY = (
    "setpriv",
    f"--reuid={_SOMEBODY}",
    f"--regid={_SOMEBODY}",
    "--clear-groups",
    "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=-all,+dac_read_search",
    "--bounding-set=-all,+dac_read_search",
)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that somebody else may reach; those of pytest are private."""
    folder = Path(tempfile.mkdtemp(prefix="asyncdl-nproc-"))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.root
@pytest.mark.parametrize(
    ("most", "codes"), [(200, {0}), (40, {0}), (24, {0, 4}), (16, {4}), (10, {4}), (5, {4})]
)
async def test_a_limit_on_processes_fails_no_segment(
    open_folder: Path, masters: Masters, most: int, codes: set[int]
) -> None:
    (open_folder / "site").mkdir()
    async with Site.start(open_folder / "site", masters) as site:
        bench = Bench(open_folder, site)
        command = bench.argv("run", bench.write_list(ytids(10)), "--json")
        (open_folder / "cache").mkdir()
        for path in (open_folder, *open_folder.rglob("*")):
            os.chown(path, _SOMEBODY, _SOMEBODY)
        ended = await bench.ended(
            await bench.start_program([*_AS_SOMEBODY, "prlimit", f"--nproc={most}", *command])
        )
        assert ended.code in codes, ended.stderr
        assert "Traceback" not in ended.stderr
        if bench.out.exists():
            status = (await bench.command("status", "--json")).json()
            assert status["failed_total"] == 0
        assert (await bench.ended(await bench.start_program([*_AS_SOMEBODY, *command]))).code == 0
