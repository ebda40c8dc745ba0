"""The rows of the message table: YouTube's words, then the machine's and the tools', then the sources'."""

from __future__ import annotations

from asyncdl.core.codes import Code
from asyncdl.demo.reasons import REFUSALS, Refusal
from asyncdl.demo.scenarios import Scenario
from asyncdl.demo.wordings import WORDINGS
from support.messages import By, Message

# Where yt-dlp alters the words that YouTube sends.
_ALTERED = {
    Scenario.BOT_CHECK: "Sign in to confirm you're not a bot",
    Scenario.CAPTCHA: "YouTube is requiring a captcha challenge before playback",
    Scenario.GEO_BLOCKED: "The uploader has not made this video available in your country",
    Scenario.RATE_LIMITED: "This content isn't available, try again later. The current session has been"
    " rate-limited by YouTube",
}


def _words(refusal: Refusal) -> str:
    words = ". ".join(filter(None, (refusal.reason, refusal.subreason)))
    # yt-dlp goes on in its own words there.
    goes_on = "sign in" in words.lower() or "try again later" in words
    return words.rstrip(".") if goes_on else words


def _player(code: Code, says: str, how: str, *args: str) -> Message:
    return Message(code, says, By.PLAYER, how, args)


def _clients(names: str) -> tuple[str, str]:
    return "--extractor-args", f"youtube:player_client={names}"


REFUSED = tuple(
    _player(Code(str(scenario.expected)), _ALTERED.get(scenario, _words(refusal)), scenario)
    for scenario, refusal in REFUSALS.items()
)
WORDED = tuple(
    _player(Code(wording.code), _words(wording.refusal), ytid) for ytid, wording in WORDINGS.items()
)
GOOD = "dQw4w9WgXcQ"
ANSWERED = (
    _player(
        Code.IP_BLOCKED,
        "All player responses are invalid. Your IP is likely being blocked by Youtube",
        Scenario.WRONG_VIDEO,
    ),
    _player(Code.CLIENT_REJECTED, "Precondition check failed", Scenario.HTTP400),
    _player(Code.NO_PLAYER, "Failed to extract any player response", Scenario.HTTP401),
    _player(Code.HTTP_402, "HTTP Error 402", Scenario.HTTP402),
    _player(Code.HTTP_403, "HTTP Error 403", Scenario.HTTP403),
    _player(Code.HTTP_404, "HTTP Error 404", Scenario.HTTP404),
    _player(Code.HTTP_416, "HTTP Error 416", Scenario.HTTP416),
    _player(Code.HTTP_429, "HTTP Error 429: Too Many Requests", Scenario.HTTP429),
    _player(Code.HTTP_5XX, "HTTP Error 503", Scenario.HTTP503),
    _player(Code.BAD_JSON, "Incomplete data received", Scenario.EMPTY_JSON),
    _player(Code.BAD_JSON, "Failed to parse JSON … JSONDecodeError", Scenario.GARBAGE),
    _player(Code.CONN_RESET, "Connection aborted", Scenario.RESET),
    _player(Code.CONN_RESET, "more expected … IncompleteRead", Scenario.HALF_PLAYER),
    _player(Code.TIMEOUT, "timed out", Scenario.STALL_PLAYER, "--socket-timeout", "0.2"),
    _player(Code.TIMEOUT, "timed out", Scenario.STALL_MEDIA, "--socket-timeout", "0.2"),
    _player(Code.SABR_ONLY, "skipped as they are missing a URL … SABR-only streaming", Scenario.SABR_ONLY),
    _player(Code.FORMAT_MISSING, "No video formats found", Scenario.N_CHALLENGE),
    _player(Code.FORMAT_MISSING, "No video formats found", Scenario.CIPHERED),
    _player(Code.DRM, "This video is DRM protected", Scenario.DRM_ONLY),
    _player(Code.NO_AUDIO, "no format with sound", Scenario.NO_AUDIO),
    _player(Code.LIVE_NOW, "live_status=is_live", Scenario.LIVE_NOW),
    _player(Code.POT_MISSING, "require a GVS PO Token which was not provided", GOOD, *_clients("ios")),
    _player(Code.POT_MISSING, "require a GVS PO Token which was not provided", GOOD, *_clients("mweb")),
    _player(Code.BAD_OPTION, "No player clients have been requested", GOOD, *_clients("-visionos")),
    _player(Code.BAD_OPTION, "Unsupported language code", GOOD, "--extractor-args", "youtube:lang=xx"),
    _player(
        Code.COOKIES_BAD,
        "could not find firefox cookies database",
        GOOD,
        "--cookies-from-browser",
        "firefox:/nowhere",
    ),
    _player(Code.HTTP_403, "HTTP Error 403", Scenario.MEDIA403),
    _player(Code.HTTP_404, "HTTP Error 404", Scenario.MEDIA404),
    _player(Code.HTTP_429, "HTTP Error 429", Scenario.MEDIA429),
    _player(Code.HTTP_5XX, "HTTP Error 503", Scenario.MEDIA503),
    _player(Code.CONN_RESET, "Connection aborted", Scenario.MEDIA_RESET),
    _player(Code.EMPTY, "the media server sent an empty body", Scenario.MEDIA_EMPTY),
    _player(Code.CORRUPT, "Invalid data found when processing input", Scenario.MEDIA_JUNK),
    _player(Code.CORRUPT, "Invalid data found", Scenario.WRONG_RANGE),
    _player(Code.SHORT_BODY, "the body broke off", Scenario.TRUNCATED),
    _player(Code.TOO_BIG, "would have to be fetched", Scenario.BIG_FILE),
)
FULLER = (
    Message(Code.JS_FAILED, "n challenge solving failed", By.FULL, Scenario.N_CHALLENGE),
    Message(Code.JS_FAILED, "Signature solving failed", By.FULL, Scenario.CIPHERED),
    Message(
        Code.COOKIES_ROTATED,
        "The provided YouTube account cookies are no longer valid",
        By.FULL,
        Scenario.COOKIES_ROTATED,
    ),
    Message(
        Code.CLIENT_VS_COOKIES,
        'Skipping client "visionos" since it does not support cookies',
        By.FULL,
        GOOD,
        _clients("visionos"),
    ),
)


def _network(code: Code, says: str, how: str) -> Message:
    return Message(code, says, By.NETWORK, how)


def _machine(code: Code, says: str, how: str) -> Message:
    return Message(code, says, By.MACHINE, how)


def _tool(code: Code, says: str, how: str) -> Message:
    return Message(code, says, By.TOOL, how)


NETWORK = (
    _network(Code.TLS_VERIFY, "CERTIFICATE_VERIFY_FAILED] certificate verify failed", "stranger"),
    _network(Code.PROXY_AUTH, "Tunnel connection failed: 407 Proxy Authentication Required", "http_login"),
    _network(Code.PROXY_DOWN, "Unable to connect to proxy", "http_proxy_gone"),
    _network(Code.PROXY_DOWN, "Unable to connect to proxy", "https_proxy_gone"),
    _network(Code.PROXY_DOWN, "Tunnel connection failed: 503", "http_proxy_refuses"),
    _network(Code.PROXY_DOWN, "SocksHTTPSConnection", "socks_proxy_gone"),
    _network(Code.PROXY_DOWN, "connection not allowed by ruleset", "socks_ruleset"),
    _network(Code.PROXY_DOWN, "Network unreachable", "socks_network"),
    _network(Code.PROXY_DOWN, "Connection refused", "socks_refused"),
    _network(Code.PROXY_DOWN, "ProxyError(", "socks_failure"),
    _network(Code.PROXY_DOWN, "all offered authentication methods were rejected", "socks_wants_login"),
    _network(Code.PROXY_DOWN, "general SOCKS server failure", "socks_wrong_login"),
    _network(Code.PROXY_DOWN, "Invalid response version from server", "socks_is_none"),
    _network(Code.PROXY_DOWN, ": 2 bytes missing", "socks_hangs_up"),
    _network(Code.PROXY_SCHEME, 'Unsupported proxy type: "ftp"', "ftp_proxy"),
    _network(Code.BAD_SOURCE_ADDR, "Cannot assign requested address", "foreign_source"),
    _network(Code.BAD_SOURCE_ADDR, "Address family for hostname not supported", "source_of_ipv6"),
    _network(
        Code.BAD_SOURCE_ADDR, "No remote IPv6 addresses available for connect", "source_of_ipv6_by_socks"
    ),
    _network(Code.DNS, "Failed to resolve 'www.example.invalid' … Name or service not known", "no_name"),
    _network(Code.DNS, "Temporary failure in name resolution", "no_resolver"),
    _network(Code.NET_DOWN, "Network is unreachable", "no_network"),
    _network(Code.NET_DOWN, "No route to host", "no_route"),
    _network(Code.CONN_RESET, "Connection refused", "server_gone"),
    _network(Code.CONN_RESET, "EOF occurred", "tls_cut_off"),
    _network(Code.CONN_RESET, "SSL: WRONG_VERSION_NUMBER]", "no_tls"),
    _network(Code.CONN_RESET, "RemoteDisconnected", "server_hangs_up"),
    _network(Code.CONN_RESET, "Connection reset by peer", "server_resets"),
    _network(Code.CONN_RESET, "Broken pipe", "broken_pipe"),
    _network(Code.TIMEOUT, "Connection to 127.0.0.1 timed out", "connect_timed_out"),
    _network(Code.TIMEOUT, "timed out", "silent_server"),
    _network(Code.HTTP_404, "HTTP Error 410", "http_410"),
    _network(Code.HTTP_404, "HTTP Error 400", "http_400"),
)
MACHINE = (
    _machine(Code.EMFILE, "Too many open files", "no_files_left"),
    _machine(Code.DISK_FULL, "No space left on device", "full_disk"),
    _machine(Code.DISK_FULL, "Disk quota exceeded", "full_quota"),
    _machine(Code.NOT_WRITABLE, "No such file or directory", "no_folder"),
    _machine(Code.NOT_WRITABLE, "Permission denied", "locked_folder"),
    _machine(Code.NOT_WRITABLE, "Read-only file system", "read_only"),
    _machine(Code.COOKIES_BAD, "does not look like a Netscape format cookies file", "cookies_of_junk"),
    _machine(Code.COOKIES_BAD, "Cookies file must be Netscape formatted, not JSON", "cookies_in_json"),
    _machine(Code.BAD_OPTION, "No suitable extractor", "template_of_elsewhere"),
    _machine(Code.BAD_OPTION, "No suitable extractor", "shortened_id"),
    _machine(Code.OUT_OF_RANGE, "the media ends at", "behind_the_end"),
    _machine(Code.DEADLINE, "the media did not come in the time allowed", "slow_loris"),
    _machine(Code.WORKER_DIED, "broke down", "killed_worker"),
)
TOOLS = (
    _tool(Code.BAD_OPTION, "yt-dlp: error: no such option", "unknown_option"),
    _tool(Code.NO_FFMPEG, "ffmpeg-location /nowhere does not exist", "ffmpeg_elsewhere"),
    _tool(Code.NO_FFMPEG, "partially, but ffmpeg is not installed", "section_without_ffmpeg"),
    _tool(Code.NO_FFMPEG, "ffprobe and ffmpeg not found", "extract_without_ffmpeg"),
    _tool(Code.NOT_WRITABLE, "Unable to create directory", "download_no_folder"),
    _tool(Code.NOT_WRITABLE, "unable to open for writing", "download_no_file"),
    _tool(Code.FORMAT_MISSING, "Requested format is not available", "download_no_format"),
    _tool(Code.EMPTY, "Did not get any data blocks", "download_empty"),
    _tool(Code.CONN_RESET, "more expected", "download_cut_off"),
    _tool(Code.HTTP_403, "unable to download video data: HTTP Error 403", "download_403"),
    _tool(Code.HTTP_5XX, "Server returned 5XX Server Error reply", "ffmpeg_500"),
    _tool(Code.HTTP_429, "Server returned 429 Too Many Requests", "ffmpeg_429"),
    _tool(Code.HTTP_429, "Server returned 4XX Client Error, but not one of 40", "ffmpeg_402"),
    _tool(Code.HTTP_403, "Server returned 403 Forbidden", "ffmpeg_403"),
    _tool(Code.HTTP_404, "Server returned 404 Not Found", "ffmpeg_404"),
    _tool(Code.HTTP_404, "Server returned 400 Bad Request", "ffmpeg_400"),
    _tool(Code.TLS_VERIFY, "certificate verify failed", "ffmpeg_stranger"),
    _tool(Code.CONN_RESET, "Connection refused", "ffmpeg_gone"),
    _tool(Code.CORRUPT, "End of file", "ffmpeg_hung_up"),
    _tool(Code.CORRUPT, "moov atom not found", "ffmpeg_junk"),
    _tool(Code.CORRUPT, "File ended prematurely", "ffmpeg_cut_off"),
    _tool(Code.CORRUPT, "decode errors", "ffmpeg_damaged"),
    _tool(Code.SHORT_AUDIO, "samples decoded", "ffmpeg_too_few"),
    _tool(Code.OUT_OF_RANGE, "nothing is left of the video", "ffmpeg_behind_the_end"),
    _tool(Code.NO_AUDIO, "matches no streams", "ffmpeg_no_sound"),
    _tool(Code.DISK_FULL, "No space left on device", "ffmpeg_full_disk"),
    _tool(Code.DEADLINE, "did not end within", "ffmpeg_hangs"),
    _tool(Code.FFMPEG_FAILED, "ffmpeg exited with code", "ffmpeg_refuses"),
)


def _source(code: Code, says: str, file: str, literal: str = "") -> Message:
    return Message(code, says, By.SOURCE, file, literal=literal)


SOURCES = (
    _source(
        Code.PROXY_SCHEME,
        "Unknown SOCKS proxy version: socks9",
        "networking/_helper.py",
        "Unknown SOCKS proxy version: ",
    ),
    _source(Code.PROXY_SCHEME, "To use an HTTPS proxy for this request", "YoutubeDL.py"),
    _source(Code.PYTHON_TOO_OLD, "You are using an unsupported version of Python", "__init__.py"),
    _source(Code.NO_FFMPEG, "m3u8 download detected but ffmpeg could not be found", "downloader/external.py"),
    _source(Code.COOKIES_BAD, "failed to load cookies", "cookies.py"),
    _source(
        Code.JS_FAILED,
        "Error solving n challenge requests",
        "extractor/youtube/jsc/_director.py",
        "challenge requests using",
    ),
    _source(
        Code.AGE,
        "This video is age-restricted; some formats may be missing",
        "extractor/youtube/_video.py",
        "{video_id}: This video is age-restricted",
    ),
    _source(Code.LOGIN_GENERIC, "This video is only available for registered users", "extractor/common.py"),
    _source(
        Code.LOGIN_GENERIC,
        "Use --cookies-from-browser or --cookies for the authentication",
        "extractor/common.py",
    ),
    _source(
        Code.GEO,
        "This video is not available from your location due to geo restriction",
        "extractor/common.py",
    ),
    _source(
        Code.BAD_ID,
        "Incomplete YouTube ID abc. URL",
        "extractor/youtube/_mistakes.py",
        "Incomplete YouTube ID {video_id}",
    ),
    _source(Code.BAD_ID, "Unsupported URL: https://example.org", "utils/_utils.py", "Unsupported URL: {url}"),
    _source(Code.BAD_ID, "'abc' is not a valid URL", "extractor/generic.py", "{url!r} is not a valid URL"),
    _source(Code.YT_HICCUP, "unknown error", "extractor/youtube/_base.py"),
    _source(Code.EMPTY, "The downloaded file is empty", "downloader/fragment.py"),
    _source(
        Code.EMPTY,
        "content too short (expected 5 bytes and served 3)",
        "YoutubeDL.py",
        "content too short (expected ",
    ),
)


def _formerly(code: Code, says: str) -> Message:
    return Message(code, says, By.FORMERLY, says)


FORMER = (
    _formerly(Code.TLS_VERIFY, "Peer certificate failed verification"),
    _formerly(Code.DNS, "nodename nor servname provided, or not known"),
    _formerly(Code.DNS, "[Errno 11001] getaddrinfo failed"),
    _formerly(Code.DISK_FULL, "[Errno 28] something"),
    _formerly(Code.DISK_FULL, "[Errno 122] something"),
    _formerly(Code.EMFILE, "[Errno 24] something"),
    _formerly(Code.JS_FAILED, "Executing JS failed"),
    _formerly(Code.AGE, "playability status: AGE_VERIFICATION_REQUIRED"),
    _formerly(Code.AGE, "playability status: AGE_CHECK_REQUIRED"),
    _formerly(Code.GEO, "This video is available in Tuvalu. You might want to use a VPN"),
    _formerly(Code.LIVE_NOW, "This video is currently live and not supported"),
    _formerly(Code.HTTP_403, "HTTP error 403 Forbidden"),
    _formerly(Code.HTTP_5XX, "Tunnel connection failed: 503 Service Unavailable"),
    _formerly(Code.TIMEOUT, "TimeoutError: [Errno 110] Connection timed out"),
    _formerly(Code.CONN_RESET, "Unable to read from socket"),
    _formerly(Code.CONN_RESET, "A TLS fatal alert has been received"),
    _formerly(Code.EMPTY, "Output file is empty, nothing was encoded"),
    _formerly(Code.CORRUPT, "Error number -1094995529 occurred"),
)

MESSAGES = (*REFUSED, *WORDED, *ANSWERED, *FULLER, *NETWORK, *MACHINE, *TOOLS, *SOURCES, *FORMER)
