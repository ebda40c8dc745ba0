"""Results on stdout: JSON lines or rich text; a reader that left early is no fault, lost output is one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from asyncdl.errors import EnvironmentFault

if TYPE_CHECKING:
    from rich.console import RenderableType


def print_json(objects: Iterable[Mapping[str, object]]) -> None:
    """Print one line an object."""
    import orjson  # noqa: PLC0415 - on use

    with _to_stdout():
        for one in objects:
            sys.stdout.buffer.write(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE))


def print_text(*parts: RenderableType) -> None:
    """Print rich text, without wrapping where there is no terminal to fit."""
    from rich.console import Console  # noqa: PLC0415 - on use

    with _to_stdout():
        console = Console()
        for part in parts:
            console.print(part, soft_wrap=True, markup=False, highlight=False)


@contextmanager
def _to_stdout() -> Iterator[None]:
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _let_go_of_stdout()
    except OSError as error:
        _let_go_of_stdout()
        raise EnvironmentFault(f"The result could not be written to stdout: {error.strerror}.") from error


def _let_go_of_stdout() -> None:
    """Keep the interpreter from flushing into it again at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
