"""The disk runs full under the real program, on a small file system of its own; then there is room again.

An ordinary user may mount a tmpfs in a namespace of his own. Nothing but the site is shared with it.
"""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from asyncdl.demo.menu import Terms
from support.bench import Bench, ytids
from support.invariants import check_invariants
from support.open_bench import OpenBench
from support.witness import Witness

_ENTER = ("unshare", "-Urm")
_COUNT = 12
# Run on a small disk; again with room; then bring out what is in the namespace.
_SCRIPT = """
set -e
mkdir -p audioset/journal outside
{mount}
set +e
"$@"; echo "code $?"
{room}
"$@"; echo "code $?"
cp -a audioset kept
"""


def _may_mount() -> bool:
    if not shutil.which("unshare"):
        return False
    asked = subprocess.run(
        [*_ENTER, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], check=False, capture_output=True
    )
    return asked.returncode == 0


pytestmark = pytest.mark.skipif(not _may_mount(), reason="user namespaces are not to be had here")


@pytest.mark.parametrize(
    ("mount", "room"),
    [
        pytest.param(
            "mount -t tmpfs -o size=2m tmpfs audioset",
            "mount -o remount,size=64m audioset",
            id="clips and journal",
        ),
        pytest.param(
            "mount --bind audioset/journal outside; mount -t tmpfs -o size=2m tmpfs audioset;"
            " mkdir audioset/journal; mount --bind outside audioset/journal",
            "mount -o remount,size=64m audioset",
            id="clips",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "mount -t tmpfs -o size=1m tmpfs audioset/journal;"
            " head -c 1036288 /dev/zero > audioset/journal/filler",
            "rm audioset/journal/filler",
            id="journal",
            marks=pytest.mark.slow,
        ),
    ],
)
async def test_a_disk_that_runs_full_ends_the_run_and_fails_no_segment(
    bench: Bench, mount: str, room: str
) -> None:
    rows = bench.write_list(ytids(_COUNT))
    witness = Witness.of(bench, rows, may_appear=["kept", "outside"])
    command = ("run", rows, "--concurrency", "2", "--min-free", "0", "--json")
    ended = await bench.script(_SCRIPT.format(mount=mount, room=room), *command, wrapper=_ENTER)
    codes = [line for line in ended.stdout.splitlines() if line.startswith("code")]
    results = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
    assert codes == ["code 6", "code 0"], ended.stderr
    assert "No space left" in ended.stderr
    assert str(bench.out) in ended.stderr
    if len(results) == 2:
        assert results[0]["failed_total"] == 0
        assert results[0]["stored"] < _COUNT
    assert results[-1]["stored"] == _COUNT
    found = check_invariants(bench.folder / "kept", witness, crashes=1, concurrency=2)
    assert found.failed == 0


async def test_below_the_floor_nothing_is_begun(bench: Bench) -> None:
    rows = bench.write_list(ytids(_COUNT))
    script = 'mkdir audioset; mount -t tmpfs -o size=8m tmpfs audioset || exit 99; exec "$@"'
    ended = await bench.script(script, "run", rows, "--json", wrapper=_ENTER)
    assert ended.code == 6
    assert "only 8.4 MB are free" in ended.stderr
    assert "--min-free" in ended.stderr
    assert not bench.fetched()


@pytest.mark.slow
async def test_a_run_drains_when_the_disk_falls_below_the_floor(open_bench: OpenBench) -> None:
    script = """
    mkdir audioset; mount -t tmpfs -o size=110m tmpfs audioset || exit 99
    (until find audioset -name '*.flac' | grep -q clips; do sleep 0.05; done
     head -c 20000000 /dev/zero > audioset/filler) &
    "$@"; echo "code $?"
    rm audioset/filler; "$@"; echo "code $?"
    cp -a audioset kept
    """
    async with open_bench(terms=Terms(latency_s=0.3)) as bench:
        rows = bench.write_list(ytids(30))
        witness = Witness.of(bench, rows, may_appear=["kept"])
        ended = await bench.script(script, "run", rows, "--concurrency", "1", "--json", wrapper=_ENTER)
        first, second = (json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{"))
        assert [line for line in ended.stdout.splitlines() if line.startswith("code")] == ["code 6", "code 0"]
        assert 0 < first["stored"] < 30
        assert first["failed_total"] == 0
        assert second["stored"] == 30
        found = check_invariants(bench.folder / "kept", witness, concurrency=1)
        assert found.fetched_again == 0
