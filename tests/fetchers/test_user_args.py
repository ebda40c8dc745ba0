"""yt-dlp options from users: what is harmless passes, the rest is refused by name and reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yt_dlp.options import create_parser

from asyncdl.errors import UsageError
from asyncdl.fetchers.ytdlp import user_args
from asyncdl.fetchers.ytdlp.user_args import Objection, check_user_args, objection_to


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("--socket-timeout 5", ("--socket-timeout", "5")),
        ("--socket-timeout=5 -4", ("--socket-timeout=5", "-4")),
        ("-S abr,asr", ("-S", "abr,asr")),
        ("-Sabr", ("-Sabr",)),
        ("--extractor-ret 3", ("--extractor-ret", "3")),
        ("--extractor-args 'youtube:formats=dashy;a=b'", ("--extractor-args", "youtube:formats=dashy;a=b")),
        ("--sleep-requests 1 --xff DE", ("--sleep-requests", "1", "--xff", "DE")),
        ("--user-agent -4", ("--user-agent", "-4")),
    ],
)
def test_harmless_options_pass_as_written(text: str, words: tuple[str, ...]) -> None:
    assert check_user_args(text) == words


@pytest.mark.parametrize(
    ("text", "option", "objection"),
    [
        ("--exec rm", "--exec", Objection.RUNS),
        ("--exec=rm", "--exec", Objection.RUNS),
        ("--netrc-c rm", "--netrc-cmd", Objection.RUNS),
        ("--external-downloader curl", "--downloader", Objection.RUNS),
        ("--ppa x", "--postprocessor-args", Objection.RUNS),
        ("--js-runtimes node:/x", "--js-runtimes", Objection.RUNS),
        ("--plugin-dirs .", "--plugin-dirs", Objection.LOADS),
        ("--remote-comp ejs:github", "--remote-components", Objection.LOADS),
        ("--config-loc x", "--config-locations", Objection.FILES),
        ("-P /", "--paths", Objection.FILES),
        ("-o/etc/x", "--output", Objection.FILES),
        ("-a list", "--batch-file", Objection.FILES),
        ("-qP /", "--quiet", Objection.OURS),
        ("-4P /", "--paths", Objection.FILES),
        ("-46o x", "--output", Objection.FILES),
        ("--cookies c", "--cookies", Objection.FILES),
        ("--cookies-from-browser firefox", "--cookies-from-browser", Objection.RUNS),
        ("--no-check-cert", "--no-check-certificates", Objection.TLS),
        ("--legacy-server", "--legacy-server-connect", Objection.TLS),
        ("--compat-options no-certifi", "--compat-options", Objection.TLS),
        ("-f ba", "--format", Objection.OURS),
        ("-t sleep", "--preset-alias", Objection.OURS),
        ("--alias x y", "--alias", Objection.OURS),
        ("-p secret", "--password", Objection.PRIVACY),
        ("--version", "--version", Objection.ENDS),
        ("-h", "--help", Objection.ENDS),
        ("--limit-rate 1M", "--limit-rate", Objection.UNPROVEN),
        ("--socket-timeout 5 --exec rm", "--exec", Objection.RUNS),
        ("--extractor-args youtube:innertube_host=evil.example", "innertube_host", Objection.OURS),
        (
            "--extractor-args 'youtube:formats=dashy; innertube-host=evil.example'",
            "innertube_host",
            Objection.OURS,
        ),
        ("--extractor-args youtube:lang=de", "lang", Objection.OURS),
        ("--extractor-args youtubepot-bgutilhttp:base_url=http://x", "youtubepot", Objection.UNPROVEN),
    ],
)
def test_the_refusal_names_the_option_the_reason_and_the_way_around(
    text: str, option: str, objection: Objection
) -> None:
    with pytest.raises(UsageError) as told:
        check_user_args(text)
    assert option in told.value.what
    assert objection.value in told.value.what
    assert "--unsafe-yt-dlp-args" in told.value.mend


@pytest.mark.parametrize("unsafe", [False, True])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://example.com", "no option"),
        ("-- --exec", "no option"),
        ("--no-such-thing", "no such option"),
        ("--socket-timeout", "requires"),
        ("--socket-timeout abc", "invalid"),
        ("'open", "split"),
    ],
)
def test_what_yt_dlp_cannot_parse_or_names_a_video_is_refused_always(
    text: str, said: str, unsafe: bool
) -> None:
    with pytest.raises(UsageError) as told:
        check_user_args(text, unsafe=unsafe)
    assert said in told.value.what


def test_an_abbreviation_that_fits_several_options_is_refused() -> None:
    with pytest.raises(UsageError, match="ambiguous"):
        check_user_args("--no-c")


@pytest.mark.parametrize("text", ["--exec rm", "--plugin-dirs x", "-f ba", "--no-check-certificates"])
def test_the_unsafe_way_takes_all_that_yt_dlp_parses(text: str) -> None:
    assert check_user_args(text, unsafe=True) == tuple(text.split())


@pytest.mark.parametrize("text", ["--version", "--help", "-h"])
def test_options_that_end_the_program_are_refused_also_the_unsafe_way(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match="ends"):
        check_user_args(text, unsafe=True)


def test_every_option_named_in_the_tables_exists() -> None:
    """A misspelt name would guard nothing."""
    parser = create_parser()
    for name in user_args._ALLOWED | set(user_args._OBJECTIONS):
        assert parser.get_option(name) is not None, name


def test_every_option_of_yt_dlp_that_is_not_allowed_is_refused() -> None:
    parser = create_parser()
    for group in [parser, *parser.option_groups]:
        for option in group.option_list:
            name = (option._long_opts or option._short_opts)[0]
            assert (objection_to(name) is None) == (name in user_args._ALLOWED)


def refused(text: str) -> UsageError | None:
    try:
        check_user_args(text)
    except UsageError as refusal:
        return refusal
    return None


@given(st.text(max_size=60))
def test_any_text_is_split_or_refused(text: str) -> None:
    refusal = refused(text)
    assert refusal is None or refusal.what.startswith("--yt-dlp-args")


@given(
    st.lists(st.sampled_from(["-4", "-6", "-S", "--xff", "default", "--exec", "-P", "-4P", "--", "=", "-"]))
)
def test_whatever_passes_holds_no_refused_option_as_yt_dlp_reads_it(words: list[str]) -> None:
    try:
        passed = check_user_args(" ".join(words))
    except UsageError:
        return
    values, urls = create_parser().parse_args(list(passed))
    assert not urls
    assert not values.exec_cmd
    assert not values.paths
