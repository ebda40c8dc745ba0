"""The command line: parses, prints, chooses the exit code."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

from asyncdl.cli.outlets import secure_streams

if TYPE_CHECKING:
    from asyncdl.fetchers.ytdlp.config import Endpoint


def main(arguments: list[str] | None = None, endpoint: Endpoint | None = None) -> None:
    """Run one command and leave with its exit code; only ``cli.against`` gives an ``endpoint``."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until a run takes over, Ctrl-C ends at once and silently
    secure_streams()
    from asyncdl.cli.commands import make_app  # noqa: PLC0415 - the heavy imports come after the line above
    from asyncdl.core.printable import printable_lines  # noqa: PLC0415 - as above
    from asyncdl.core.scarcity import is_scarcity  # noqa: PLC0415 - as above
    from asyncdl.errors import AsyncdlError, ExitCode  # noqa: PLC0415 - as above

    try:
        app = make_app(next(iter(sys.argv[1:] if arguments is None else arguments), None))
        app(arguments, prog_name="asyncdl", obj=endpoint)
    except AsyncdlError as error:
        sys.stderr.write(f"asyncdl: {printable_lines(str(error))}\n")
        sys.exit(error.exit_code)
    except MemoryError:
        sys.stderr.write("asyncdl: not enough memory (ulimit -v, or a smaller --concurrency)\n")
        sys.exit(ExitCode.ENVIRONMENT)
    except (OSError, RuntimeError, ExceptionGroup) as error:
        if not is_scarcity(error):
            raise
        sys.stderr.write("asyncdl: no process, thread or descriptor is left (ulimit -u, ulimit -n)\n")
        sys.exit(ExitCode.ENVIRONMENT)
