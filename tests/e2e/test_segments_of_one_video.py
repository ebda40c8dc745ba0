"""A list with several segments of each video: one player request a video, whatever comes in between."""

from __future__ import annotations

from pathlib import Path

from support.bench import Bench, ytids
from support.children import until
from support.invariants import check_invariants
from support.witness import Witness

STARTS_S = (0, 30, 95)


def write_rows(folder: Path, rows: list[tuple[str, int]]) -> str:
    """Write rows of (video, start in seconds), three seconds each."""
    path = folder / "eval_segments.csv"
    lines = "".join(f'{ytid}, {start_s}.000, {start_s + 3}.000, "/m/09x0r"\n' for ytid, start_s in rows)
    path.write_text(f"# YTID, start_seconds, end_seconds, positive_labels\n{lines}")
    return str(path)


async def test_three_segments_of_each_video_cost_one_player_request_a_video(bench: Bench) -> None:
    apart = [("Video00007A", 10), ("Video00008A", 10), ("Video00007A", 40)]
    rows = [(ytid, start_s) for ytid in ytids(5) for start_s in STARTS_S]
    listed = write_rows(bench.folder, rows + apart)
    witness = Witness.of(bench, listed)
    report = await bench.run(listed)
    assert (report.exit_code, report.counts.stored) == (0, 18)
    assert [bench.fetched(ytid) for ytid in ytids(5)] == [1] * 5
    assert [bench.fetched(ytid) for ytid in ("Video00007A", "Video00008A")] == [2, 1]
    assert report.requests == 8 + 8 + 18, "player, media index, media"
    check_invariants(bench.out, witness)


async def test_a_kill_among_the_segments_of_a_video_loses_none_and_keeps_what_is_recorded(
    bench: Bench,
) -> None:
    rows = [(ytid, start_s) for ytid in ytids(5) for start_s in STARTS_S]
    listed = write_rows(bench.folder, rows)
    witness = Witness.of(bench, listed)
    killed = await bench.start("run", listed, "--concurrency", "1")
    await until(lambda: len(list(bench.out.rglob("*.flac"))) >= 5)
    killed.kill()
    assert (await bench.ended(killed)).code == -9
    report = await bench.run(listed)
    assert (report.exit_code, report.counts.stored) == (0, 15)
    assert bench.fetched() <= 5 + 1, "one extraction was in flight"
    check_invariants(bench.out, witness, crashes=1, concurrency=1)
