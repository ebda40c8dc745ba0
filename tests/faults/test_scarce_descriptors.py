"""Few files may be open: the limit is raised as far as it goes, then fewer segments are in flight."""

from __future__ import annotations

import subprocess
import sys

import pytest

from asyncdl.runtime.descriptors import BASE_FILES, FILES_A_SEGMENT, enough_for
from support.bench import Bench, ytids
from support.invariants import check_invariants
from support.witness import Witness


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ("ulimit -Sn 64; ulimit -Hn 4096", "fits 32 "),
        (
            "ulimit -n 128",
            "24 segments at once instead of 32: only 128 files may be open (ulimit -n)\nfits 24 ",
        ),
        ("ulimit -n 64", "8 segments at once instead of 32"),
        ("ulimit -n 35", "only 35 files may be open at once, too few for a single segment"),
    ],
)
def test_the_soft_limit_is_raised_and_what_does_not_fit_is_told(limit: str, told: str) -> None:
    program = (
        "from asyncdl.errors import AsyncdlError\n"
        "from asyncdl.runtime.descriptors import fit_concurrency\n"
        "try: print('fits', fit_concurrency(32, print), '')\n"
        "except AsyncdlError as fault: print(fault)\n"
    )
    argv = ["/bin/sh", "-c", f'{limit}; exec "$@"', "sh", sys.executable, "-c", program]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    assert told in done.stdout


def test_the_figures_agree() -> None:
    for segments in (0, 1, 8, 64):
        assert enough_for(BASE_FILES + segments * FILES_A_SEGMENT) == segments
    assert not enough_for(3)


async def test_a_run_with_64_open_files_fails_no_segment(bench: Bench) -> None:
    rows = bench.write_list(ytids(24))
    witness = Witness.of(bench, rows)
    ended = await bench.script('ulimit -n 64; exec "$@"', "run", rows, "--concurrency", "64", "--json")
    assert ended.code == 0, ended.stderr
    assert "8 segments at once instead of 64" in ended.stderr
    found = check_invariants(bench.out, witness)
    assert (found.stored, found.failed, found.fetched_again) == (24, 0, 0)
