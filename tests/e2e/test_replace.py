"""``--per-label N --replace`` from end to end: clips that are gone make room for the next of their labels."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from asyncdl.core.events import ClipStored
from asyncdl.core.reach import Why
from asyncdl.core.selection import SelectionSettings
from asyncdl.demo.scenarios import Plan, Scenario
from asyncdl.errors import ExitCode
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.outcomes import iterate_outcomes
from asyncdl.runtime.replay import replay
from asyncdl.settings import RunSettings
from support.bench import Bench

OpenBench = Callable[..., AbstractAsyncContextManager[Bench]]

BARK, MEOW, PURR, SQUEAL = "/m/05tny_", "/m/07qrkrw", "/m/02yds9", "/m/07q4ntr"
WANTED = SelectionSettings(per_label=20, replace=True, seed=7)


def make_list(folder: Path, seed: int = 1) -> tuple[str, list[str]]:
    """Three labels with more than enough clips, one with 12 in all; a third of the rows bears two."""
    rng = random.Random(seed)
    rows = []
    for number in range(132):
        labels = {SQUEAL} if number % 11 == 0 else {rng.choice([BARK, MEOW, PURR])}
        if rng.random() < 0.33:
            labels.add(rng.choice([BARK, MEOW, PURR]))
        rows.append((f"Video{number:05d}A", ",".join(sorted(labels))))
    path = folder / "sounds.csv"
    path.write_text("".join(f'{ytid}, 30.000, 33.000, "{labels}"\n' for ytid, labels in rows))
    return str(path), [ytid for ytid, _ in rows]


def dead_ones(seed: int = 2) -> dict[str, Plan | Scenario]:
    rng = random.Random(seed)
    return {f"Video{n:05d}A": Scenario.PRIVATE for n in range(132) if rng.random() < 0.15}


def stored(out: Path) -> dict[str, tuple[str, ...]]:
    """Labels of every stored clip by its video."""
    journal = journal_of(out)
    outcomes = iterate_outcomes(journal, replay(journal).ledger)
    return {row.segment.ytid: row.segment.labels for row, o in outcomes if isinstance(o, ClipStored)}


async def test_labels_are_filled_up_to_their_number_while_there_are_candidates(
    open_bench: OpenBench, tmp_path: Path
) -> None:
    dead = dead_ones()
    async with open_bench(dead) as bench:
        path, ytids = make_list(tmp_path)
        report = await bench.run(path, selection=WANTED)
        assert report.exit_code is ExitCode.DONE
        clips = stored(bench.out)
        per_label = Counter(label for labels in clips.values() for label in labels)
        assert all(per_label[label] >= 20 for label in (BARK, MEOW, PURR))
        assert not clips.keys() & dead.keys()
        alive = {ytid for ytid in ytids if ytid not in dead}
        squeals = {ytid for ytid in ytids[::11] if ytid in alive}
        assert squeals <= clips.keys()
        assert len(clips) < len(alive)
        reach = {one.label: one for one in report.labels}
        assert {label: one.why for label, one in reach.items()} == {
            BARK: Why.REACHED,
            MEOW: Why.REACHED,
            PURR: Why.REACHED,
            SQUEAL: Why.CANDIDATES_ENDED,
        }
        assert reach[SQUEAL].stored == len(squeals)
        assert {label: one.stored for label, one in reach.items()} == per_label
        again = await bench.run(path, selection=WANTED)
        assert (again.final.run_stored, again.requests) == (0, 0)
        assert again.labels == report.labels


async def test_the_same_seed_brings_the_same_clips_and_the_journal_keeps_it(
    open_bench: OpenBench, tmp_path: Path
) -> None:
    said = SelectionSettings(labels=("Dog", MEOW), per_label=3, replace=True, seed=2)
    async with open_bench(dead_ones()) as bench:
        path, _ = make_list(tmp_path)
        await bench.run(path, selection=said)
        options = ("--per-label", "3", "--replace", "--seed", "2", "--label", "Dog", "--label", MEOW)
        second = await bench.command("run", path, *options, "-j", "3", "--json", "--out", str(tmp_path / "b"))
        assert second.code == 0, second.stderr
        assert stored(bench.out) == stored(tmp_path / "b")
        told = {one["name"]: one for one in second.json()["labels"]}
        assert {name: one["why"] for name, one in told.items()} == {"Dog": "reached", "Meow": "reached"}
        assert {one["wanted"] for one in told.values()} == {3}
        options_kept = replay(journal_of(tmp_path / "b")).ledger.options
        assert RunSettings().with_options(options_kept).selection == said
