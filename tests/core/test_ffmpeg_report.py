"""What is read out of ffmpeg's verbose stderr."""

from __future__ import annotations

from asyncdl.core.ffmpeg_report import read_report

GOOD = """\
[graph_-1_in_0:0 @ 0x7f1d] [verbose] tb:1/44100 samplefmt:fltp samplerate:44100 chlayout:stereo
[out#0/flac @ 0x55ee] [verbose]   Output stream #0:0 (audio): 40 frames encoded (160000 samples); 41 packets muxed (1 bytes);
[in#0/mov @ 0x55ee] [verbose]   Input stream #0:0 (audio): 485 packets read (1 bytes); 476 frames decoded; 0 decode errors (487424 samples);
[in#0/mov @ 0x55ee] [verbose]   Input stream #0:1 (video): 50 packets read (1 bytes); 50 frames decoded; 0 decode errors;
"""  # noqa: E501 - lines as ffmpeg writes them


def test_a_clean_run_tells_rate_channels_and_counts() -> None:
    report = read_report(GOOD)
    assert (report.source_rate, report.source_channels, report.encoded_samples) == (44_100, 2, 160_000)
    assert (report.decoded_frames, report.pictures) == (476, 50)
    assert report.is_clean


def test_silence_about_everything_is_none_and_not_zero() -> None:
    report = read_report("")
    assert (report.source_rate, report.source_channels, report.encoded_samples) == (None, None, None)
    assert report.decoded_frames is None
    assert (report.counted_samples, report.pictures, report.peaks_db) == (None, None, ())


def test_error_lines_and_decode_errors_are_no_clean_run() -> None:
    told = read_report(GOOD + "[aac @ 0x1] [error] channel element 0.0 is not allocated\n")
    assert told.errors == ("channel element 0.0 is not allocated",)
    assert not told.is_clean
    assert not read_report(GOOD.replace("0 decode errors (4", "3 decode errors (4")).is_clean
    assert not read_report(GOOD.replace("0 decode errors;", "3 decode errors;")).is_clean


def test_warnings_do_not_count_as_errors() -> None:
    assert read_report(GOOD + "[mp3 @ 0x1] [warning] Estimating duration\n").is_clean


def test_sound_that_changes_in_mid_stream_is_no_clean_run() -> None:
    assert not read_report(GOOD + GOOD.replace("44100 chlayout:stereo", "44100 chlayout:mono")).is_clean


def test_peaks_are_read_where_lines_of_other_threads_stand_between() -> None:
    lines = (
        "[a] [info] Channel: 1",
        "[b] [verbose] Terminating",
        "[a] [info] Peak level dB: -inf",
        "[a] [info] Number of samples: 7",
    )
    report = read_report("\n".join(lines))
    assert (report.peaks_db, report.counted_samples) == (("-inf",), 7)
