"""Results on stdout: JSON lines or rich text; a reader that left early is no fault, lost output is one."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from asyncdl.errors import EnvironmentFault

_STEERING = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")

if TYPE_CHECKING:
    from rich.console import RenderableType


def print_json(objects: Iterable[Mapping[str, object]]) -> None:
    """Print one line an object."""
    import orjson  # noqa: PLC0415 - on use

    with _to_stdout():
        for one in objects:
            line = orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE)
            sys.stdout.buffer.write(_without_steering(line))


def print_long_json(head: Mapping[str, object], lists: Mapping[str, Iterable[Mapping[str, object]]]) -> None:
    """Print one object: the members of ``head``, then lists that may hold millions, one element at a time."""
    import orjson  # noqa: PLC0415 - on use

    with _to_stdout():
        out = sys.stdout.buffer
        out.write(orjson.dumps(head)[:-1])
        for name, elements in lists.items():
            out.write(b"," + orjson.dumps(name) + b":[")
            for number, one in enumerate(elements):
                out.write((b"," if number else b"") + orjson.dumps(one))
            out.write(b"]")
        out.write(b"}\n")


def print_json_list(objects: Iterable[Mapping[str, object]]) -> None:
    """Print one list, an element a line."""
    import orjson  # noqa: PLC0415 - on use

    with _to_stdout():
        between = b"[\n"
        for one in objects:
            sys.stdout.buffer.write(between + _without_steering(orjson.dumps(one)))
            between = b",\n"
        sys.stdout.buffer.write(b"[]\n" if between == b"[\n" else b"\n]\n")


def print_bytes(chunks: Iterable[bytes]) -> None:
    """Print content as it is."""
    with _to_stdout():
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)


def print_text(*parts: RenderableType, fits: bool = False) -> None:
    """Print rich text; it is wrapped only where it ``fits`` the width of a terminal."""
    from rich.console import Console  # noqa: PLC0415 - on use

    class ToStdout(Console):
        def on_broken_pipe(self) -> None:
            """Leave it to ``_to_stdout``; rich would end the program with exit code 1."""
            raise BrokenPipeError

    with _to_stdout():
        console = ToStdout()
        for part in parts:
            console.print(part, soft_wrap=not fits, markup=False, highlight=False)


def print_lines(lines: Iterable[str]) -> None:
    """Print lines as they are, tabs too; for results that pipes take apart."""
    with _to_stdout():
        for line in lines:
            sys.stdout.write(line + "\n")


def _without_steering(line: bytes) -> bytes:
    """Escape what terminals obey and JSON need not escape; it stands in strings only."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", line.decode()).encode()


@contextmanager
def _to_stdout() -> Iterator[None]:
    if sys.stdout is None:  # closed by whoever started this program
        raise EnvironmentFault("The result could not be written to stdout: it is closed.")
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
