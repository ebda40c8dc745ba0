"""A recipe end to end: the file says it all, a flag lies on top, and what it says counts as asked for."""

from __future__ import annotations

from support.bench import Bench, ytids


async def test_a_recipe_runs_and_flags_lie_on_top(bench: Bench) -> None:
    bench.write_list(["private____", *ytids(3)])
    name = next(bench.folder.glob("*.csv")).name
    (bench.folder / "asyncdl.toml").write_text(
        '[clip]\nformat = "wav"\n[fetch]\nconcurrency = 2\n[run]\nquiet = true\n'
        f'[recipes.few]\nsources = ["{name}"]\nout = "few"\nlimit = 2\nsample_rate = 16000\n'
    )
    ended = await bench.command("run", "--recipe", "few", "--limit", "3", "--json")
    assert (ended.json()["segments"], ended.json()["stored"]) == (3, 2), ended.stderr
    assert len(list((bench.folder / "few" / "clips").rglob("*.wav"))) == 2
    other = await bench.command("run", "--recipe", "few", "--format", "flac")
    assert other.code == 2
    assert "format is wav, asked for flac" in other.stderr
