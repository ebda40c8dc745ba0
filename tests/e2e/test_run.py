"""``asyncdl run``, ``status`` and ``retry-failed`` from end to end: real extractor, real ffmpeg."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import orjson
import pytest
import soundfile

from asyncdl.app.opening import Surroundings
from asyncdl.app.retry import retry_failed
from asyncdl.core.events import ClipStored
from asyncdl.core.kinds import FailureKind
from asyncdl.core.layout import clip_path
from asyncdl.core.model import AudioFormat, Row
from asyncdl.demo.media import Content, Masters, Recipe, Shape
from asyncdl.demo.menu import LONG_S
from asyncdl.demo.scenarios import Plan, Scenario
from asyncdl.errors import EnvironmentFault, ExitCode, JournalLocked, UsageError
from asyncdl.runtime.ffmpeg import find_ffmpeg
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.measure import Measured, measure
from asyncdl.runtime.outcomes import iterate_outcomes
from asyncdl.runtime.process import run_child
from asyncdl.runtime.replay import replay
from asyncdl.settings import ClipWish, FetchSettings, RunSettings, WaySettings
from asyncdl.ui.choose import ScreenMode
from support.bench import QUICK, Bench, ytids

OpenBench = Callable[..., AbstractAsyncContextManager[Bench]]


def _clips(out: Path) -> list[Path]:
    return sorted(path for path in (out / "clips").rglob("*") if path.is_file())


def _stored(bench: Bench) -> list[tuple[Row, ClipStored]]:
    journal = journal_of(bench.out)
    outcomes = iterate_outcomes(journal, replay(journal).ledger)
    return [(row, outcome) for row, outcome in outcomes if isinstance(outcome, ClipStored)]


def _manifest(out: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in (out / "manifest.jsonl").read_bytes().splitlines()]


async def test_a_list_becomes_exact_clips_a_journal_and_a_manifest(bench: Bench) -> None:
    report = await bench.run(bench.write_list(ytids(6)))
    assert report.exit_code is ExitCode.DONE
    clips = _clips(bench.out)
    assert len(clips) == 6
    for clip in clips:
        info = soundfile.info(clip)
        assert (info.format, info.subtype) == ("FLAC", "PCM_16")
        assert info.frames == 10 * info.samplerate
    lines = _manifest(bench.out)
    assert {str(bench.out / str(line["audio_filepath"])) for line in lines} == {str(clip) for clip in clips}
    assert {line["label"] for line in lines} == {"/m/09x0r /t/dd00088"}
    assert {line["duration"] for line in lines} == {10.0}
    assert not list((bench.out / ".parts").glob("*"))


async def test_each_clip_costs_one_player_request_and_two_ranges(bench: Bench) -> None:
    await bench.run(bench.write_list(ytids(5)))
    kinds = [str(request.kind) for request in bench.site.requests]
    assert (kinds.count("player"), kinds.count("media")) == (5, 10)


async def test_a_second_run_asks_for_nothing(bench: Bench) -> None:
    rows = bench.write_list([*ytids(3), "private____"])
    await bench.run(rows)
    asked = len(bench.site.requests)
    report = await bench.run(rows)
    assert report.exit_code is ExitCode.DONE
    assert len(bench.site.requests) == asked
    assert report.counts.stored == 3


async def test_what_is_gone_is_told_by_kind_and_does_not_fail_the_command(bench: Bench) -> None:
    gone = {
        "private____": FailureKind.PRIVATE,
        "removedbyup": FailureKind.REMOVED,
        "geoblocked_": FailureKind.REGION_BLOCKED,
        "terminated_": FailureKind.ACCOUNT_TERMINATED,
        "copyright__": FailureKind.COPYRIGHT,
        "shortvideo_": FailureKind.OUTSIDE_VIDEO,
    }
    report = await bench.run(bench.write_list([*ytids(2), *gone]))
    assert report.exit_code is ExitCode.DONE
    assert report.counts.failed == dict.fromkeys(gone.values(), 1)
    assert report.counts.stored == 2


async def test_a_passing_fault_heals_within_the_run(bench: Bench) -> None:
    faults = ["http503once", "media403onc", "media503onc", "truncatedon", "reset_once_"]
    report = await bench.run(bench.write_list(faults))
    assert report.exit_code is ExitCode.DONE
    assert report.counts.stored == len(faults)


async def test_retry_failed_opens_a_new_round_with_the_data_sets_own_options(open_bench: OpenBench) -> None:
    failing, gone = ytids(2)[0], "private____"
    async with open_bench({failing: Plan(Scenario.MEDIA503, 4)}) as bench:
        rows = bench.write_list([failing, gone])
        first = await bench.run(rows, wish=ClipWish(format=AudioFormat.WAV, sample_rate=16000, mono=True))
        assert first.exit_code is ExitCode.RETRYABLE_LEFT
        assert first.counts.failed == {FailureKind.NETWORK: 1, FailureKind.PRIVATE: 1}
        Path(rows).unlink()
        settings = RunSettings(out=bench.out, retry=QUICK)
        around = Surroundings(ScreenMode.QUIET, endpoint=bench.endpoint, tell=bench.told.append)
        second = await retry_failed(settings, around)
    assert second.exit_code is ExitCode.DONE
    assert bench.told == ["trying 1 failed segments again (1 network)"]
    assert bench.fetched(gone) == 1
    (clip,) = _clips(bench.out)
    info = soundfile.info(clip)
    assert (info.format, info.samplerate, info.channels, info.frames) == ("WAV", 16000, 1, 160_000)


@pytest.mark.parametrize("sign", ["botcheck___", "ratelimited", "http429____", "media429___", "captcha____"])
async def test_a_throttle_sign_ends_the_run_and_fails_nothing(bench: Bench, sign: str) -> None:
    report = await bench.run(
        bench.write_list([*ytids(3), sign, *(f"After{number:05d}A" for number in range(50))]),
        fetch=FetchSettings(concurrency=2),
        way=WaySettings(max_wait_s=60),
    )
    assert report.exit_code is ExitCode.ENVIRONMENT
    assert report.counts.failed_total == 0
    assert isinstance(report.fault, EnvironmentFault)
    assert bench.fetched() < 15
    assert report.counts.open > 0


async def test_bad_rows_are_counted_told_and_stop_nothing(bench: Bench) -> None:
    path = Path(bench.write_list(ytids(2)))
    path.write_text(
        path.read_text() + "#NAME?,30,40,/m/09x0r\nshort,30,40,/m/09x0r\nVideo00009A,40,30,/m/09x0r\n"
    )
    report = await bench.run(str(path))
    assert (report.counts.stored, report.counts.rejected_rows) == (2, 3)
    ended = await bench.command("status", "--rejected", "--json")
    rejected = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [row["line"] for row in rejected] == [5, 6, 7]
    again = await bench.run(str(path))
    assert again.counts.rejected_rows == 3


async def test_a_segment_in_two_lists_is_fetched_and_stored_once(bench: Bench) -> None:
    first = bench.write_list(ytids(3), "eval.csv")
    second = bench.write_list(ytids(5), "balanced.csv")
    report = await bench.run(first, second)
    counts = report.counts
    assert (counts.segments, counts.stored, counts.repeated_rows) == (5, 5, 3)
    assert bench.fetched() == 5
    assert len(_clips(bench.out)) == 5


async def test_other_clips_in_the_same_folder_are_refused(bench: Bench) -> None:
    rows = bench.write_list(ytids(1))
    await bench.run(rows)
    with pytest.raises(UsageError, match="format is flac, asked for wav"):
        await bench.run(rows, wish=ClipWish(format=AudioFormat.WAV))
    assert (await bench.run(rows)).exit_code is ExitCode.DONE


async def test_the_limit_takes_the_first_segments(bench: Bench) -> None:
    rows = bench.write_list(ytids(10))
    report = await bench.run(rows, limit=4)
    assert (report.counts.segments, report.counts.stored) == (4, 4)
    report = await bench.run(rows, limit=6)
    assert (report.counts.segments, bench.fetched()) == (6, 6)


async def test_overwriting_fetches_again_and_counts_once(bench: Bench) -> None:
    rows = bench.write_list([*ytids(2), "private____"])
    await bench.run(rows)
    report = await bench.run(rows, overwrite=True)
    assert bench.fetched() == 6
    assert (report.counts.stored, report.counts.failed_total, report.counts.segments) == (2, 1, 3)


async def test_source_bytes_are_kept_beside_the_clip(bench: Bench) -> None:
    await bench.run(bench.write_list(["m4aonly____", "webmonly___"]), keep_source=True)
    names = {path.name for path in _clips(bench.out)}
    assert {"m4aonly_____30000_40000.source.m4a", "webmonly____30000_40000.source.webm"} < names
    (kept,) = (path for path in _clips(bench.out) if path.name.endswith(".source.webm"))
    largest = max(one.bytes_sent for one in bench.site.requests if one.video_id == "webmonly___")
    assert kept.stat().st_size >= largest  # nothing of what came is left out


async def test_video_gives_mp4_with_exact_sound(bench: Bench) -> None:
    report = await bench.run(bench.write_list(["withvideo__"]), wish=ClipWish(video=True))
    assert report.exit_code is ExitCode.DONE
    (clip,) = _clips(bench.out)
    assert clip.suffix == ".mp4"
    ffmpeg = await find_ffmpeg()
    measured = await measure(clip, ffmpeg, deadline_s=60)
    assert isinstance(measured, Measured)
    assert measured.samples == 10 * measured.sample_rate
    assert measured.pictures


@pytest.mark.parametrize("ytid", ["norange____", "nosidx_____", "cuesatend__", "drctracks__", "adwait_____"])
async def test_unusual_videos_are_cut_as_exactly_as_others(bench: Bench, ytid: str) -> None:
    report = await bench.run(bench.write_list([ytid]))
    assert report.counts.stored == 1
    (clip,) = _clips(bench.out)
    info = soundfile.info(clip)
    assert info.frames == 10 * info.samplerate


async def test_a_whole_file_read_is_told_in_the_journal(bench: Bench) -> None:
    log_file = bench.folder / "run.log"
    await bench.run(bench.write_list(["norange____", *ytids(1)]), log_file=log_file)
    assert {row.segment.ytid: stored.clip.whole_file for row, stored in _stored(bench)} == {
        "norange____": True,
        ytids(1)[0]: False,
    }
    assert "whole file read" in log_file.read_text()


@pytest.mark.parametrize("shape", [Shape.M4A, Shape.WEBM])
async def test_every_clip_is_the_slice_of_a_whole_decode(
    open_bench: OpenBench, masters: Masters, tmp_path: Path, shape: Shape
) -> None:
    """Sample for sample, at whole and broken seconds, beside the borders of fragments and clusters."""
    starts_ms = [0, 100, 9_990, 10_000, 20_300, 30_000, 123_456, 299_999, 590_000]
    scenario = Scenario.M4A_ONLY if shape is Shape.M4A else Scenario.WEBM_ONLY
    path = (await masters.get(Recipe(Content.CHIRP, shape, LONG_S))).path
    whole = tmp_path / "whole.wav"
    ffmpeg = await find_ffmpeg()
    argv = [ffmpeg.path, "-nostdin", "-v", "error", "-i", str(path), "-c:a", "pcm_s16le", str(whole)]
    assert (await run_child(argv, deadline_s=120, env=ffmpeg.env)).returncode == 0
    async with open_bench(dict.fromkeys(ytids(len(starts_ms)), scenario)) as bench:
        rows = "".join(
            f'{ytid}, {start / 1000:.3f}, {start / 1000 + 10:.3f}, "/m/09x0r"\n'
            for ytid, start in zip(ytids(len(starts_ms)), starts_ms, strict=True)
        )
        (bench.folder / "list.csv").write_text(rows)
        report = await bench.run(str(bench.folder / "list.csv"))
        assert report.counts.stored == len(starts_ms)
        for row, _ in _stored(bench):
            clip, rate = soundfile.read(bench.out / clip_path(row.segment, "flac"), dtype="int16")
            first = (row.segment.span.start_ms * rate * 2 + 1000) // 2000
            expected, _ = soundfile.read(whole, start=first, frames=10 * rate, dtype="int16")
            assert (clip == expected).all(), row.segment.key


async def test_a_video_that_ends_inside_the_segment_is_padded_and_flagged(bench: Bench) -> None:
    await bench.run(bench.write_list(["shortvideo_"], start_s=20))
    (clip,) = _clips(bench.out)
    info = soundfile.info(clip)
    assert info.frames == 10 * info.samplerate
    (line,) = _manifest(bench.out)
    assert line["short"] is True
    assert line["padded_samples"] == pytest.approx(5 * info.samplerate, abs=0.1 * info.samplerate)


async def test_the_log_has_every_attempt_with_its_reason(bench: Bench) -> None:
    log_file = bench.folder / "run.log"
    await bench.run(bench.write_list([*ytids(1), "media503onc", "private____"]), log_file=log_file)
    lines = log_file.read_text().splitlines()
    assert [line.split()[1] for line in lines].count("stored") == 2
    assert any("failed media503onc" in line and "network/http_5xx" in line for line in lines)
    assert any("gave up private____" in line and "private/private" in line for line in lines)


async def test_two_runs_on_one_folder_are_not_had(bench: Bench) -> None:
    rows = bench.write_list(ytids(40))
    running = asyncio.create_task(bench.run(rows, fetch=FetchSettings(concurrency=1)))
    while not bench.site.requests:
        await asyncio.sleep(0.01)
    with pytest.raises(JournalLocked, match="another run works"):
        await bench.run(rows)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_list_that_breaks_off_is_told_and_its_rows_are_kept(bench: Bench) -> None:
    import gzip  # noqa: PLC0415 - only here

    whole = gzip.compress(Path(bench.write_list(ytids(300))).read_bytes())
    cut = bench.folder / "cut.csv.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    report = await bench.run(str(cut), limit=None)
    assert isinstance(report.fault, UsageError)
    assert report.exit_code is ExitCode.USAGE
    assert report.counts.stored == report.counts.segments > 0


async def test_the_genuine_form_of_status(bench: Bench) -> None:
    await bench.run(bench.write_list([*ytids(2), "private____"]))
    ended = await bench.command("status", "--json")
    told = ended.json()
    assert ended.code == 0
    assert told["segments"] == 3
    assert told["stored"] == 2
    assert told["open"] == 0
    assert told["failed"] == {"private": 1}
    assert told["failed_total"] == 1
    assert told["rejected_rows"] == told["repeated_rows"] == 0
    assert told["bytes"] == sum(path.stat().st_size for path in _clips(bench.out))
