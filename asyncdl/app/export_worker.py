"""``python -m asyncdl.app.export_worker JOB``: makes shards of an export, as their numbers come on stdin.

A program of its own for each core: decoding and encoding hold the interpreter. It answers on stdout in JSON
lines: how many clips it has done, which shard is published, or what has stopped it. The end of stdin ends it
after the shard at hand.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

import orjson

from asyncdl.core.export import Shard
from asyncdl.errors import AsyncdlError, EnvironmentFault, ExitCode
from asyncdl.exporters import load_exporter
from asyncdl.exporting.contract import Linking, Terms
from asyncdl.exporting.sound import ClipReader
from asyncdl.exporting.steps import Agenda, Export, make_shard
from asyncdl.exporting.table import Table
from asyncdl.exporting.work import Place, ShardWork
from asyncdl.runtime.files import fault_of

_TOLD_EACH_S = 0.2


def job_of(export: Export, agenda: Agenda, ffmpeg: str | None) -> bytes:
    """Write down what the workers of an export have to know."""
    place = export.place
    return orjson.dumps(
        {
            "format": export.exporter.name,
            "place": [str(place.root), str(place.target), str(place.state)],
            "terms": asdict(export.terms),
            "table": str(export.table.folder),
            "ffmpeg": ffmpeg,
            "shards": {number: asdict(agenda.shards[number]) for number in agenda.todo},
            "digests": {number: agenda.digests[number] for number in agenda.todo},
            "parts": {file: str(part) for file, part in agenda.parts.items()},
        },
        option=orjson.OPT_NON_STR_KEYS,
    )


class _Teller:
    """Says now and then how far it has come."""

    def __init__(self) -> None:
        self._clips = 0
        self._told_s = time.monotonic()

    def clip(self) -> None:
        self._clips += 1
        if time.monotonic() - self._told_s >= _TOLD_EACH_S:
            self.flush()

    def flush(self) -> None:
        if self._clips:
            tell({"clips": self._clips})
        self._clips, self._told_s = 0, time.monotonic()


def tell(what: dict[str, object]) -> None:
    """Send one line to who started this program."""
    sys.stdout.buffer.write(orjson.dumps(what, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def main(path: Path) -> int:
    """Make the shards that are asked for; answers an exit code."""
    try:
        _work(path)
    except AsyncdlError as fault:
        return _give_up(fault)
    except MemoryError:
        return _give_up(EnvironmentFault("not enough memory for so many workers", mend="try --jobs 1"))
    except BrokenPipeError:  # whoever started this is gone
        os._exit(ExitCode.ENVIRONMENT)
    except OSError as error:
        target = orjson.loads(path.read_bytes())["place"][1]
        return _give_up(fault_of(error, "exporting to", Path(error.filename or target)))
    return ExitCode.DONE


def _give_up(fault: AsyncdlError) -> int:
    tell({"fault": fault.what, "mend": fault.mend, "exit_code": int(fault.exit_code)})
    return fault.exit_code


def _work(path: Path) -> None:
    job = orjson.loads(path.read_bytes())
    writer = load_exporter(job["format"]).shards
    assert writer is not None  # noqa: S101 - nobody starts a worker for a format without shards
    place = Place(*map(Path, job["place"]))
    told = {**job["terms"], "splits": tuple(job["terms"]["splits"]), "by": Linking(job["terms"]["by"])}
    terms, reader, teller = Terms(**told), ClipReader(place.root, job["ffmpeg"]), _Teller()
    parts = {file: Path(part) for file, part in job["parts"].items()}
    with Table(Path(job["table"])) as table:
        for line in sys.stdin:
            number = line.strip()
            shard = Shard(**job["shards"][number])
            part = parts.get(shard.file)
            work = ShardWork(shard, place, terms, table, reader, teller.clip, part)
            make_shard(writer, work, job["digests"][number])
            teller.flush()
            tell({"shard": shard.name, "left_out": len(work.left_out)})


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
