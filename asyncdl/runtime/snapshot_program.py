"""``python -m asyncdl.runtime.snapshot_program FOLDER``: brings the snapshot of a journal up to date.

A program of its own, so that the memory and the pauses of it are not the run's. It takes no lock: who starts
it holds that. A damaged journal gets no snapshot, since what is covered is not looked at again.
"""

from __future__ import annotations

import sys
from pathlib import Path

from asyncdl.errors import AsyncdlError
from asyncdl.runtime.replay import replay
from asyncdl.runtime.snapshot import write_snapshot


def main(folder: Path) -> int:
    """Fold what is new onto the last snapshot, and replace it; answers an exit code."""
    try:
        replayed = replay(folder)
        replayed.require_whole()
        write_snapshot(folder, replayed.ledger, replayed.positions)
    except AsyncdlError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
