"""Checks yt-dlp options that a user hands through: each is resolved by yt-dlp's own parser, then judged."""

from __future__ import annotations

import optparse
import shlex
from collections.abc import Iterator, Sequence
from enum import StrEnum

import yt_dlp
from yt_dlp.options import create_parser

from asyncdl.errors import UsageError

_UNSAFE_FLAG = "--unsafe-yt-dlp-args"


class Objection(StrEnum):
    """Why an option is refused."""

    RUNS = "it runs programs or commands"
    LOADS = "it loads code"
    FILES = "it reads or writes files"
    TLS = "it weakens the check of who answers"
    OURS = "asyncdl decides this itself"
    PRIVACY = "secrets do not belong on a command line"
    ENDS = "it prints something and ends"
    UNPROVEN = "it is not known to be of use and without harm here"


def _names(text: str) -> list[str]:
    return text.split()


_ALLOWED = frozenset(
    _names(
        "--socket-timeout --extractor-retries --sleep-requests --force-ipv4 --force-ipv6 --xff --geo-bypass "
        "--no-geo-bypass --geo-bypass-country --geo-bypass-ip-block --format-sort --format-sort-reset "
        "--format-sort-force --no-format-sort-force --prefer-free-formats --no-prefer-free-formats "
        "--extractor-args --user-agent"
    )
)
_REFUSED = {
    Objection.RUNS: (
        "--exec --exec-before-download --netrc-cmd --downloader --downloader-args --external-downloader "
        "--js-runtimes --ffmpeg-location --postprocessor-args --use-postprocessor --update --update-to "
        "--cookies-from-browser"
    ),
    Objection.LOADS: "--plugin-dirs --remote-components",
    Objection.FILES: (
        "--batch-file --cache-dir --rm-cache-dir --config-locations --cookies --download-archive --paths "
        "--output --load-info-json --write-info-json --write-description --write-comments --write-subs "
        "--write-auto-subs --write-thumbnail --write-all-thumbnails --write-link --write-url-link "
        "--write-webloc-link --write-desktop-link --write-pages --write-annotations --print-to-file "
        "--write-playlist-metafiles --enable-file-urls --netrc --netrc-location --client-certificate "
        "--client-certificate-key --load-pages"
    ),
    Objection.TLS: "--no-check-certificates --legacy-server-connect --prefer-insecure --compat-options",
    Objection.OURS: (
        "--proxy --source-address --geo-verification-proxy --cn-verification-proxy --format --retries "
        "--use-extractors --default-search --ignore-config --no-plugin-dirs --no-js-runtimes --fixup --quiet "
        "--verbose --skip-download --simulate --no-simulate --ignore-errors --abort-on-error --max-filesize "
        "--download-sections --add-headers --alias --preset-alias --impersonate --wait-for-video "
        "--live-from-start --ignore-no-formats-error --allow-unplayable-formats --check-formats "
        "--check-all-formats --no-check-formats --print-traffic --dump-pages"
    ),
    Objection.PRIVACY: (
        "--username --password --twofactor --video-password --ap-username --ap-password "
        "--client-certificate-password"
    ),
    Objection.ENDS: (
        "--help --version --list-extractors --extractor-descriptions --dump-user-agent --list-formats "
        "--list-subs --list-thumbnails --list-impersonate-targets --ap-list-mso"
    ),
}
_SECONDS = frozenset({"--socket-timeout", "--sleep-requests"})
_MOST_SECONDS = 3600
_OBJECTIONS = {name: why for why, names in _REFUSED.items() for name in _names(names)}
# The player API's place is where cookies go; another language makes messages that cannot be told apart;
# what is skipped is asyncdl's own choice.
_REFUSED_ARGUMENTS = frozenset({"innertube_host", "innertube_key", "lang", "player_skip", "skip"})


def check_user_args(text: str, *, unsafe: bool = False) -> tuple[str, ...]:
    """Split and judge the text of ``--yt-dlp-args``; ``unsafe`` takes all that yt-dlp parses.

    Raises ``UsageError`` that names the option, the reason and the way around.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"--yt-dlp-args cannot be split into words: {error}") from error
    if not unsafe:
        for option, value in _resolved(words):
            _judge(option, value)
    _parse(words)
    return tuple(words)


def objection_to(option: str) -> Objection | None:
    """Say why an option, named in full, is refused; None when it is allowed."""
    return None if option in _ALLOWED else _OBJECTIONS.get(option, Objection.UNPROVEN)


def _judge(option: str, value: str) -> None:
    objection = objection_to(option)
    if objection is not None:
        raise _refusal(option, objection)
    if any(not character.isprintable() for character in value):
        raise UsageError(f"--yt-dlp-args: the value of {option} holds control characters.")
    if option == "--extractor-args":
        _judge_extractor_args(value)
    elif option in _SECONDS and value:
        _judge_seconds(option, value)


def _judge_extractor_args(value: str) -> None:
    extractor, _, arguments = value.partition(":")
    if extractor.strip().lower() != "youtube":
        raise _refusal(f"--extractor-args {extractor}:…", Objection.UNPROVEN)
    for argument in arguments.split(";"):
        name = argument.partition("=")[0].strip().lower().replace("-", "_")
        if name in _REFUSED_ARGUMENTS:
            raise _refusal(f"--extractor-args youtube:{name}", Objection.OURS)


def _judge_seconds(option: str, value: str) -> None:
    """Numbers that yt-dlp takes and then fails with on every video."""
    try:
        is_right = 0 <= float(value) <= _MOST_SECONDS
    except ValueError:
        return  # yt-dlp's own parser says so
    if not is_right:
        raise UsageError(f"--yt-dlp-args: {option} takes seconds from 0 to {_MOST_SECONDS}, not {value!r}.")


def _refusal(option: str, objection: Objection) -> UsageError:
    mend = f"If you know what it does to this machine, pass it with {_UNSAFE_FLAG} instead."
    return UsageError(f"--yt-dlp-args: {option} is refused: {objection.value}.", mend=mend)


def _resolved(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each option's full long name and its value, exactly as yt-dlp's parser would find them."""
    parser = create_parser()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--" or not word.startswith("-") or word == "-":
            raise UsageError(f"--yt-dlp-args: {word!r} is no option; videos come from the lists.")
        try:
            found = tuple(_long(parser, word) if word.startswith("--") else _short(parser, word))
        except optparse.OptParseError as error:
            raise UsageError(f"--yt-dlp-args: {error}") from error
        for option, attached in found:
            yield _full_name(option), _value(option, attached, rest)


def _long(parser: optparse.OptionParser, word: str) -> Iterator[tuple[optparse.Option, str | None]]:
    name, equals, value = word.partition("=")
    # How optparse itself resolves abbreviations; yt-dlp builds on the same method.
    full = parser._match_long_opt(name)  # noqa: SLF001 - see the line above
    yield parser._long_opt[full], value if equals else None  # noqa: SLF001 - same


def _short(parser: optparse.OptionParser, word: str) -> Iterator[tuple[optparse.Option, str | None]]:
    for position, letter in enumerate(word[1:], start=2):
        option = parser.get_option(f"-{letter}")
        if option is None:
            raise optparse.BadOptionError(f"-{letter}")
        if option.takes_value():
            yield option, word[position:] or None
            return
        yield option, None


def _full_name(option: optparse.Option) -> str:
    names: list[str] = option._long_opts or option._short_opts  # noqa: SLF001 - it offers no other way
    return names[0]


def _value(option: optparse.Option, attached: str | None, rest: list[str]) -> str:
    if not option.takes_value():
        return ""
    wanted = (option.nargs or 1) - (attached is not None)
    taken = [rest.pop(0) for _ in range(min(wanted, len(rest)))]
    return " ".join(([] if attached is None else [attached]) + taken)


def _parse(words: Sequence[str]) -> None:
    try:
        parsed = yt_dlp.parse_options(["--ignore-config", *words])
    except (optparse.OptParseError, yt_dlp.utils.YoutubeDLError) as error:
        last = str(error).strip().splitlines()[-1]
        raise UsageError(f"--yt-dlp-args: {last}") from error
    except SystemExit as error:
        raise UsageError("--yt-dlp-args: an option among them prints something and ends") from error
    if parsed.urls:
        raise UsageError(f"--yt-dlp-args: {parsed.urls[0]!r} is no option; videos come from the lists.")
