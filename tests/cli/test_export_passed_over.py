"""Clips that a format has no place for: told and counted, and no reason for an exit code."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from asyncdl.core.model import Segment, Span
from asyncdl.exporting.finishing import PassedOver
from support.bench import Ended
from support.exports import make_data_set

Command = Callable[..., Ended]


def test_clips_without_a_class_are_told_and_not_counted_as_exported(here: Path, command: Command) -> None:
    segments = [
        Segment("foreignClip", Span(0, 250), "eval", ("/t/dd00141",)),
        Segment("knownClip_1", Span(0, 250), "eval", ("/m/09x0r",)),
    ]
    asyncio.run(make_data_set(here / "audioset", segments=segments))
    done = command("export", "fairseq")
    assert done.code == 0, done.stderr
    assert "1 clips as fairseq" in done.stdout
    assert f"eval  1 more are not in this format: {PassedOver.NO_CLASS}" in " ".join(done.stdout.split("\n"))
    readme = (here / "audioset/exports/fairseq/README.md").read_text()
    assert "# 1 clips: eval" in readme
    assert f"- eval: 1 clips, since {PassedOver.NO_CLASS}\n" in readme
    told = command("export", "fairseq", "--json").json()
    assert (told["clips"], told["splits"], told["left_out"]) == (1, {"eval": 1}, [])
    assert told["passed_over"] == [{"split": "eval", "clips": 1, "reason": PassedOver.NO_CLASS.value}]
