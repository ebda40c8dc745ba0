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
        "https://www.youtube.com/playlist?list={ytid}",
        "https://www.youtube.com/watch?v={ytid}&list=x",
        "https://www.youtube.com/watch?v={ytid}{ytid}",
        "{ytid}",
    ],
)
def test_other_addresses_are_refused(template: str) -> None:
    with pytest.raises(UsageError, match="--url-template"):
        RunSettings(fetch=FetchSettings(url_template=template)).checked()


def _journaled(fetch: FetchSettings) -> dict[str, object]:
    return RunSettings(fetch=fetch, keep_source=True).to_options()


def test_how_a_data_set_was_made_survives_the_journal() -> None:
    made = FetchSettings(concurrency=64, yt_dlp_args="--force-ipv4")
    again = RunSettings().with_options(_journaled(made))
    assert again.keep_source
    assert again.fetch == made


def test_unsafe_options_are_never_taken_from_a_journal() -> None:
    """A data set may come from a stranger."""
    options = _journaled(FetchSettings(unsafe_yt_dlp_args="--password S3C --exec x"))
    assert "S3C" not in str(options)
    assert "exec" not in str(options)
    with pytest.raises(UsageError, match="not taken from a journal"):
        RunSettings().with_options(options)
    given = FetchSettings(unsafe_yt_dlp_args="--exec y")
    assert RunSettings(fetch=given).with_options(options).fetch.unsafe_yt_dlp_args == "--exec y"
    planted = {"unsafe_yt_dlp_args": "--exec x"}
    assert RunSettings().with_options(planted).fetch.unsafe_yt_dlp_args == ""


def test_secrets_left_out_of_the_journal_are_asked_for_again() -> None:
    options = _journaled(FetchSettings(yt_dlp_args="--extractor-args youtube:po_token=S3C"))
    assert "S3C" not in str(options)
    with pytest.raises(UsageError, match="the journal does not hold"):
        RunSettings().with_options(options)


@pytest.mark.parametrize("options", [{}, {"concurrency": "many", "deadline_s": None, "sources": 3, "new": 1}])
def test_a_journal_of_another_version_leaves_the_defaults(options: dict[str, object]) -> None:
    assert RunSettings().with_options(options).fetch == FetchSettings()


def test_options_that_say_nothing_about_the_clip_are_refused() -> None:
    with pytest.raises(UsageError, match="--bitrate"):
        ClipWish(bitrate_kbps=64).settle(None)
    with pytest.raises(UsageError, match="--max-height"):
        ClipWish(max_height=240).settle(None)
    assert ClipWish(bitrate_kbps=64).settle(ClipSpec(AudioFormat.OPUS, bitrate_kbps=64)).bitrate_kbps == 64
