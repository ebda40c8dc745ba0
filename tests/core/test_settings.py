"""Settings: all mistakes told at once, and a data set keeps the clips it was begun with."""

from __future__ import annotations

import pytest

from asyncdl.core.model import AudioFormat, ClipSpec
from asyncdl.errors import UsageError
from asyncdl.settings import ClipWish, FetchSettings, RunSettings


def test_all_mistakes_are_told_together() -> None:
    settings = RunSettings(
        wish=ClipWish(format=AudioFormat.FLAC, bitrate_kbps=64, sample_rate=1),
        fetch=FetchSettings(concurrency=0),
        limit=0,
    )
    with pytest.raises(UsageError) as caught:
        settings.checked()
    for flag in ("--bitrate", "--sample-rate", "--concurrency", "--limit"):
        assert flag in caught.value.what


def test_a_first_run_takes_the_defaults_and_what_was_said() -> None:
    assert ClipWish(mono=True).settle(None) == ClipSpec(mono=True)


def test_a_later_run_that_says_nothing_goes_on_as_before() -> None:
    stored = ClipSpec(format=AudioFormat.OPUS, mono=True)
    assert ClipWish().settle(stored) == stored
    assert ClipWish(mono=True).settle(stored) == stored


def test_a_later_run_that_asks_for_other_clips_is_told_the_difference() -> None:
    with pytest.raises(UsageError, match="format is flac, asked for wav"):
        ClipWish(format=AudioFormat.WAV).settle(ClipSpec())


def test_opus_has_one_decoded_rate_only() -> None:
    with pytest.raises(UsageError, match="48000"):
        RunSettings(wish=ClipWish(format=AudioFormat.OPUS, sample_rate=16000)).checked()


@pytest.mark.parametrize(
    "template",
    [
        "https://www.youtube.com/watch?v={ytid}",
        "https://m.youtube.com/watch?v={ytid}",
        "https://music.youtube.com/watch?v={ytid}",
        "https://youtu.be/{ytid}",
        "https://www.youtube-nocookie.com/embed/{ytid}",
    ],
)
def test_youtubes_own_addresses_are_taken(template: str) -> None:
    RunSettings(fetch=FetchSettings(url_template=template)).checked()


@pytest.mark.parametrize(
    "template",
    [
        "https://evil.example/watch?v={ytid}",
        "https://www.youtube.com.evil.example/{ytid}",
        "https://youtube.com@evil.example/{ytid}",
        "http://www.youtube.com/watch?v={ytid}",
        "file:///etc/{ytid}",
        "https://www.youtube.com/watch",
        "{ytid}",
    ],
)
def test_other_addresses_are_refused(template: str) -> None:
    with pytest.raises(UsageError, match="--url-template"):
        RunSettings(fetch=FetchSettings(url_template=template)).checked()


def test_options_survive_the_journal_without_secrets() -> None:
    settings = RunSettings(
        fetch=FetchSettings(
            concurrency=64, yt_dlp_args="--limit-rate 1M", unsafe_yt_dlp_args="--password S3C"
        ),
        keep_source=True,
    )
    options = settings.to_options()
    assert "S3C" not in str(options)
    again = RunSettings().with_options(options)
    assert again.keep_source
    assert again.fetch.concurrency == 64
    assert again.fetch.yt_dlp_args == "--limit-rate 1M"
