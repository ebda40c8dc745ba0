"""A segment that several lists name stands where the list put it that had it fetched, and is found there."""

from __future__ import annotations

import json
from contextlib import closing

from asyncdl.app.opening import Surroundings
from asyncdl.app.verify import VerifySettings, verify
from asyncdl.core.soundness import Depth
from asyncdl.runtime.verify_report import Tallies
from asyncdl.ui.choose import ScreenMode
from support.bench import Bench, ytids


async def test_a_segment_of_one_list_that_is_fetched_through_another_is_found(bench: Bench) -> None:
    ids = ytids(4)
    long, short = bench.write_list(ids, name="long.csv"), bench.write_list(ids[2:], name="short.csv")
    assert (await bench.run(long)).exit_code == 0
    assert (await bench.run(short, overwrite=True)).exit_code == 0
    manifest = (bench.out / "manifest.jsonl").read_text().splitlines()
    paths = [json.loads(line)["audio_filepath"] for line in manifest]
    assert sorted(path.split("/")[1] for path in paths) == ["long", "long", "short", "short"]
    assert all((bench.out / path).is_file() for path in paths)
    with closing(Tallies()) as tallies:
        settings = VerifySettings(bench.out, depth=Depth.CHECKSUM)
        report = await verify(settings, Surroundings(ScreenMode.QUIET, tell=lambda _: None), tallies)
        assert (report.exit_code, report.whole) == (0, 4)
