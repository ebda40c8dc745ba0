"""Which of a video's formats is fetched."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncdl.core.model import Container, Failure, Quality
from asyncdl.fetchers.ytdlp.formats import SourceFormat, choose_audio, choose_video, read_formats

AAC = SourceFormat("140", "https://m/140", {}, Container.MP4, "mp4a.40.2", "none", 44_100, 130.0, 9_000)
LOW = SourceFormat("249", "https://m/249", {}, Container.WEBM, "opus", "none", 48_000, 50.0, 4_000)
OPUS = SourceFormat("251", "https://m/251", {}, Container.WEBM, "opus", "none", 48_000, 140.0, 9_500)
BOTH = SourceFormat("18", "https://m/18", {}, Container.MP4, "mp4a.40.2", "avc1.42001E", 44_100, height=360)
H264_144 = SourceFormat("160", "https://m/160", {}, Container.MP4, "none", "avc1.4d400c", height=144)
H264_360 = SourceFormat("134", "https://m/134", {}, Container.MP4, "none", "avc1.4d401e", height=360)
VP9_240 = SourceFormat("242", "https://m/242", {}, Container.WEBM, "none", "vp9", height=240)
VP9_360 = SourceFormat("243", "https://m/243", {}, Container.WEBM, "none", "vp9", height=360)
RAW: dict[str, object] = {
    "format_id": "140",
    "url": "https://m/140",
    "protocol": "https",
    "ext": "m4a",
    "acodec": "mp4a.40.2",
    "vcodec": "none",
    "asr": 44_100,
    "tbr": 129.5,
    "filesize": 9_000,
    "http_headers": {"User-Agent": "x"},
    "available_at": 1_800_000_000,
    "language_preference": 10,
}


def chosen(one: SourceFormat | Failure) -> str:
    return one.code if isinstance(one, Failure) else one.format_id


def test_best_is_the_last_sound_in_yt_dlps_own_order() -> None:
    assert chosen(choose_audio([LOW, AAC, OPUS, BOTH, H264_360], Quality.BEST)) == "251"


def test_smallest_is_the_lowest_bit_rate() -> None:
    assert chosen(choose_audio([AAC, OPUS, LOW], Quality.SMALLEST)) == "249"


def test_where_no_bit_rate_is_known_the_size_decides_and_unknown_comes_last() -> None:
    bare = [replace(one, bitrate_kbps=None) for one in (AAC, LOW, OPUS)]
    assert chosen(choose_audio([replace(bare[0], size_bytes=None), *bare[1:]], Quality.SMALLEST)) == "249"


def test_the_original_track_wins_over_dubbed_ones_of_any_quality() -> None:
    dubbed = replace(OPUS, format_id="251-1", language_preference=-1)
    original = replace(LOW, format_id="249-0", language_preference=10)
    assert chosen(choose_audio([original, dubbed], Quality.BEST)) == "249-0"
    assert chosen(choose_audio([replace(dubbed, bitrate_kbps=1.0), original], Quality.SMALLEST)) == "249-0"


def test_a_file_with_picture_serves_where_there_is_no_sound_alone() -> None:
    assert chosen(choose_audio([H264_144, BOTH, H264_360], Quality.BEST)) == "18"


def test_pictures_only_means_no_audio_and_nothing_at_all_is_no_verdict_on_the_video() -> None:
    assert chosen(choose_audio([H264_144], Quality.BEST)) == "no_audio"
    assert chosen(choose_audio([], Quality.BEST)) == "format_missing"


@pytest.mark.parametrize(
    ("formats", "max_height", "expected"),
    [
        ([H264_144, VP9_240, BOTH, VP9_360, H264_360], 360, "134"),
        ([H264_144, VP9_240, VP9_360, H264_360], 240, "160"),
        ([VP9_240, VP9_360], 360, "243"),
        ([BOTH, AAC], 360, "18"),
        ([BOTH, VP9_360], 144, "format_missing"),
        ([AAC], 360, "format_missing"),
    ],
)
def test_the_picture_is_the_best_within_the_height_and_h264_before_others(
    formats: list[SourceFormat], max_height: int, expected: str
) -> None:
    assert chosen(choose_video(formats, max_height)) == expected


def test_all_that_fetching_needs_is_read_from_yt_dlps_answer() -> None:
    assert read_formats([RAW]) == (
        SourceFormat(
            format_id="140",
            url="https://m/140",
            headers={"User-Agent": "x"},
            container=Container.MP4,
            audio_codec="mp4a.40.2",
            video_codec="none",
            sample_rate=44_100,
            bitrate_kbps=129.5,
            size_bytes=9_000,
            height=None,
            language_preference=10,
            available_at=1_800_000_000,
        ),
    )


@pytest.mark.parametrize(
    "change",
    [
        {"format_id": "140-drc"},
        {"protocol": "m3u8_native"},
        {"protocol": "http_dash_segments"},
        {"ext": "mhtml"},
        {"has_drm": True},
        {"url": "file:///etc/passwd"},
        {"acodec": "none", "vcodec": "none"},
    ],
)
def test_what_cannot_be_fetched_in_part_is_left_out(change: dict[str, object]) -> None:
    assert read_formats([RAW | change]) == ()


def test_a_minimal_answer_is_enough() -> None:
    bare = {key: RAW[key] for key in ("format_id", "url", "protocol", "ext")}
    (source,) = read_formats([bare])
    assert source.has_audio
    assert source.size_bytes is source.sample_rate is source.available_at is None
