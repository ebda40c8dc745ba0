"""What stands on ffmpeg's command lines, and what can not."""

from __future__ import annotations

import pytest

from asyncdl.core.argv import check_argv, cut_argv, most_bytes, most_memory_bytes
from asyncdl.core.cutting import plan_cut
from asyncdl.core.model import AudioFormat, ClipSpec, Container, Fetched, Span, Track

SPAN = Span(30_000, 40_000)
AUDIO = Track("/d/-evil:name", Container.WEBM, "opus", "251", 29_981.0, 48_000, 9)
VIDEO = Track("/d/picture.mp4", Container.MP4, "avc1", "134", 25_000.0, None, 9)
FETCHED = Fetched(AUDIO, VIDEO, 100_000.0, False, None, 9, 2)


def cut(spec: ClipSpec, *, pad: bool = False) -> list[str]:
    planned = plan_cut(SPAN, AUDIO, spec, 48_000)
    return cut_argv("/bin/ffmpeg", planned, SPAN, spec, FETCHED, "/d/part", pad=pad)


def value(argv: list[str], option: str, nth: int = 0) -> str:
    places = [place for place, word in enumerate(argv) if word == option]
    return argv[places[nth] + 1]


EVERY = [ClipSpec(format=format_) for format_ in AudioFormat] + [ClipSpec(video=True)]


@pytest.mark.parametrize("spec", EVERY, ids=lambda spec: spec.extension)
def test_ffmpeg_reads_local_media_files_only(spec: ClipSpec) -> None:
    argv = cut(spec)
    inputs = [place for place, word in enumerate(argv) if word == "-i"]
    assert len(inputs) == (2 if spec.video else 1)
    for place in inputs:
        assert argv[place + 1].startswith("file:/d/")
        assert argv[place - 2] == "-f"
        guards = argv[place - 8 : place - 2]
        assert guards[:3] == ["-protocol_whitelist", "file", "-format_whitelist"]
        assert "hls" not in guards[3]
        assert "concat" not in guards[3]
    assert value(argv, "-f") == "matroska"
    assert argv[-1] == "file:/d/part"
    assert {"-nostdin", "-map_metadata", "-fs"} <= set(argv)


def test_samples_are_counted_and_times_are_not_asked_for() -> None:
    argv = cut(ClipSpec())
    assert not {"-ss", "-t", "-to", "copy"} & set(argv)
    first = 30_000 * 48 - 1_499 * 960
    assert f"atrim=start_sample={first}:end_sample={first + 480_000}" in value(argv, "-af")


def test_silence_is_added_on_demand_only() -> None:
    assert "apad" not in value(cut(ClipSpec()), "-af")
    assert "apad=whole_len=480000," in value(cut(ClipSpec(), pad=True), "-af")


def test_lossless_formats_hold_16_bits_and_heed_no_bitrate() -> None:
    argv = cut(ClipSpec(format=AudioFormat.FLAC, bitrate_kbps=64))
    assert "sample_fmts=s16" in value(argv, "-af")
    assert "-b:a" not in argv
    assert value(argv, "-frame_size") == "4096"


def test_a_bitrate_is_in_kilobits() -> None:
    assert value(cut(ClipSpec(format=AudioFormat.OPUS, bitrate_kbps=64)), "-b:a") == "64k"


def test_rate_and_mono_are_one_conversion() -> None:
    filters = value(cut(ClipSpec(format=AudioFormat.WAV, sample_rate=16_000, mono=True)), "-af")
    assert "aformat=sample_rates=16000:sample_fmts=s16:channel_layouts=mono," in filters


def test_a_film_keeps_the_pictures_own_time_line() -> None:
    filters = value(cut(ClipSpec(video=True, max_height=240)), "-filter_complex")
    # The picture's bytes begin 5 s before the segment, and one millisecond is granted.
    assert "setpts=PTS-STARTPTS+(-5.001000)/TB" in filters
    assert "min(240,ih)" in filters


@pytest.mark.parametrize(
    ("extension", "demuxer"), [("m4a", "mov"), ("mp4", "mov"), ("opus", "ogg"), ("mp3", "mp3")]
)
def test_a_finished_clip_is_decoded_whole(extension: str, demuxer: str) -> None:
    argv = check_argv("/bin/ffmpeg", f"/d/part.{extension}", extension)
    assert value(argv, "-f") == demuxer
    assert value(argv, "-f", 1) == "null"
    assert ("0:v:0" in argv) is (extension == "mp4")


def test_a_picture_far_larger_than_was_chosen_is_not_decoded() -> None:
    for lines, pixels in ((360, 8 * 1080**2), (4320, 8 * 4320**2)):
        argv = cut(ClipSpec(video=True, max_height=lines))
        assert [value(argv, "-max_pixels", nth) for nth in range(2)] == [str(pixels)] * 2


def test_bounds_leave_room_for_every_honest_clip() -> None:
    """Two channels of 16 bits; two GiB hold sound and films up to 2160 lines, four times as much 4320."""
    planned = plan_cut(SPAN, AUDIO, ClipSpec(), 48_000)
    assert most_bytes(planned, SPAN, ClipSpec()) > planned.wanted * 4 + 65_536
    bounds = [most_memory_bytes(ClipSpec(video=True, max_height=lines)) for lines in (360, 2160, 4320)]
    assert bounds == [2 << 30, 2 << 30, 8 << 30]
    assert most_memory_bytes(ClipSpec()) == 2 << 30


@pytest.mark.parametrize("spec", EVERY, ids=lambda spec: spec.extension)
def test_no_part_of_ffmpeg_takes_a_thread_per_core(spec: ClipSpec) -> None:
    """Each thread takes 64 MB of the address space that is bounded."""
    argv = cut(spec)
    assert (value(argv, "-filter_threads"), value(argv, "-filter_complex_threads")) == ("1", "1")
    assert argv.count("-threads") == (3 if spec.video else 2)
