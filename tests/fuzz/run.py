"""Fuzz one reader: ``python tests/fuzz/run.py TARGET SECONDS [CORPUS]``, needs ``pip install -e '.[fuzz]'``.

Targets and what they check stand in ``support/fuzz_targets.py``; without arguments they are listed. It ends
at the first finding, and leaves the input in the current folder as ``crash-…``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))

with atheris.instrument_imports(include=["asyncdl.core", "asyncdl.runtime.replay"]):
    from support.fuzz_targets import SEEDS, TARGETS

_MOST_INPUT_BYTES = 1 << 14
_MOST_MEMORY_MB = 700
_LONGEST_S = 10


def main(target: str, seconds: str, corpus: str | None = None) -> None:
    """Run until the time is over or something is found."""
    with tempfile.TemporaryDirectory() as seeds:
        for number, seed in enumerate(SEEDS[target]):
            (Path(seeds) / f"{number}").write_bytes(seed)
        options = [
            f"-max_total_time={seconds}",
            f"-max_len={_MOST_INPUT_BYTES}",
            f"-rss_limit_mb={_MOST_MEMORY_MB}",
            f"-timeout={_LONGEST_S}",
            "-print_final_stats=1",
        ]
        atheris.Setup([sys.argv[0], *options, corpus or seeds, seeds], TARGETS[target])
        atheris.Fuzz()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(f"{__doc__}\n{' '.join(TARGETS)}")
    main(*sys.argv[1:])
