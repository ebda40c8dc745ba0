"""What a short command loads: nothing of what only a run needs, so that it answers at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = frozenset(
    {"yt_dlp", "requests", "urllib3", "numpy", "soundfile", "imageio_ffmpeg", "trustme", "asyncio", "ssl"}
)
PROGRAM = """
import sys
from asyncdl.cli import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    assert not ended.code, ended.code
sys.stderr.write(" ".join(name for name in sys.modules if "." not in name))
"""


def loaded(*arguments: str) -> frozenset[str]:
    """Answer the names of the packages that a command has loaded when it is over."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True
    )
    return frozenset(done.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"]], ids=" ".join)
def test_help_loads_neither_what_fetches_nor_what_draws(arguments: list[str]) -> None:
    assert not loaded(*arguments) & (HEAVY | {"rich"})


@pytest.mark.parametrize(
    ("options", "drawn"), [(["--json"], set[str]()), ([], {"rich"})], ids=["json", "text"]
)
def test_status_loads_nothing_that_fetches_and_draws_only_for_people(
    tmp_path: Path, options: list[str], drawn: set[str]
) -> None:
    (tmp_path / "journal").mkdir()
    assert loaded("status", "--out", str(tmp_path), *options) & (HEAVY | {"rich"}) == drawn
