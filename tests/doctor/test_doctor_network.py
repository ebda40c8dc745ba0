"""The doctor's look at YouTube, the clock, proxies and cookie files."""

from __future__ import annotations

import socket
from datetime import date
from pathlib import Path

import pytest
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ProxyError, RequestException

from asyncdl.app.doctor.checkup import Checkup, Target
from asyncdl.app.doctor.cookie_files import check_cookies
from asyncdl.app.doctor.proxies import Tried, check_proxies, judge_proxies, read_proxies
from asyncdl.app.doctor.reach import Answered, Unanswered, ask, judge_clock, judge_reach, why
from asyncdl.core.finding import Finding, Level
from asyncdl.core.proxy import ProxyUrl, parse_proxies
from asyncdl.fetchers.ytdlp.config import Endpoint
from asyncdl.runtime.tunnel import Obstacle, Open, Shut
from support.oddserver import Odd, odd_server
from support.proxies import closed_port, connect_proxy, odd_listener, socks_proxy

SECRET = "hunter2"
NOW_S = 1_795_000_000.0
DAY_S = 86_400


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test takes the way of the developer's own proxy."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def some_proxies(count: int) -> list[ProxyUrl]:
    return list(parse_proxies("".join(f"http://joe:{SECRET}@h{n}:1\n" for n in range(count))).proxies)


def a_jar(folder: Path, *cookies: tuple[str, float], mode: int = 0o600) -> Path:
    path = folder / "jar.txt"
    lines = [f".youtube.com\tTRUE\t/\tTRUE\t{ends:.0f}\t{name}\t{SECRET}\n" for name, ends in cookies]
    path.write_text("# Netscape HTTP Cookie File\n" + "".join(lines))
    path.chmod(mode)
    return path


def test_an_answer_without_content_is_what_youtube_gives() -> None:
    with odd_server({"/generate_204": Odd(204, {"Date": "Sat, 21 Nov 2026 12:00:00 GMT"})}) as server:
        answer = ask(Target(server.url("/generate_204")), 10)
    assert isinstance(answer, Answered)
    assert (answer.status, answer.their_time_s is None) == (204, False)
    assert judge_reach(answer, has_proxies=False).level is Level.OK


def test_another_answer_is_a_login_page_or_a_filter() -> None:
    with odd_server({"/generate_204": Odd(200, body=b"please sign in")}) as server:
        answer = ask(Target(server.url("/generate_204")), 10)
    found = judge_reach(answer, has_proxies=False)
    assert (found.level, "HTTP 200" in found.what) == (Level.WARNING, True)


def test_no_answer_is_a_warning_and_no_crash() -> None:
    answer = ask(Target(f"http://127.0.0.1:{closed_port()}/generate_204"), 10)
    assert answer == Unanswered("no connection")
    assert judge_reach(answer, has_proxies=False).level is Level.WARNING
    assert judge_reach(answer, has_proxies=True).level is Level.NOTE


def test_silence_ends_at_the_time_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answer = ask(Target(f"http://127.0.0.1:{silent.getsockname()[1]}/"), 0.05)
    assert answer == Unanswered("it took too long")


@pytest.mark.parametrize("error", [ProxyError(SECRET), NoConnection(SECRET), RequestException(SECRET)])
def test_the_librarys_words_are_not_repeated(error: RequestException) -> None:
    assert SECRET not in why(error)


def test_a_stand_in_is_asked_in_place_of_youtube() -> None:
    target = Target.of(Endpoint("127.0.0.1:5", "/ca.pem"))
    assert target == Target("https://127.0.0.1:5/generate_204", "127.0.0.1", 5, "/ca.pem")
    assert Target.of(None).host == "www.youtube.com"


@pytest.mark.parametrize(
    ("off_s", "level"),
    [(0, Level.OK), (60, Level.OK), (-60, Level.OK), (61, Level.WARNING), (-7200, Level.WARNING)],
)
def test_the_clock_is_compared_with_the_answer(off_s: float, level: Level) -> None:
    answer = Answered(204, 5, NOW_S, NOW_S - off_s)
    found = judge_clock(answer, NOW_S, None)
    assert found.level is level
    assert ("ahead" in found.what) is (off_s > 0)


@pytest.mark.parametrize("answer", [None, Unanswered("no connection"), Answered(204, 5, NOW_S, None)])
def test_without_their_time_the_day_must_make_sense(answer: Answered | Unanswered | None) -> None:
    assert judge_clock(answer, NOW_S, date(2026, 10, 26)).level is Level.OK
    assert judge_clock(answer, 0, date(2026, 10, 26)).level is Level.WARNING
    assert judge_clock(answer, 0, None).level is Level.WARNING


async def test_living_proxies_have_their_latency_and_dead_ones_their_reason() -> None:
    async with odd_listener() as far, connect_proxy() as http, socks_proxy(login=("joe", "pw")) as socks:
        dead = closed_port()
        typed = (http.url("http"), socks.url("socks5", "joe:pw"), f"http://joe:{SECRET}@127.0.0.1:{dead}")
        checkup = Checkup(proxies=typed, target=Target(host="127.0.0.1", port=far.port))
        proxies, mistakes = read_proxies(checkup)
        found = await check_proxies(proxies, checkup)
    assert mistakes == []
    assert [finding.level for finding in found] == [Level.OK, Level.OK, Level.WARNING]
    assert all(" ms" in finding.what for finding in found[:2])
    assert found[2].name == f"proxy 127.0.0.1:{dead}"
    assert SECRET not in str(found)


def test_when_all_proxies_are_dead_no_run_works() -> None:
    found = judge_proxies([Tried(proxy, Shut(Obstacle.SILENT, "in 10 s")) for proxy in some_proxies(2)])
    assert [finding.level for finding in found] == [Level.FAULT, Level.FAULT]


def test_of_many_proxies_only_the_dead_are_named() -> None:
    proxies = some_proxies(40)
    tried = [Tried(proxy, Open(100 + n)) for n, proxy in enumerate(proxies[1:])]
    found = judge_proxies([Tried(proxies[0], Shut(Obstacle.LOGIN)), *tried])
    assert [finding.name for finding in found] == ["proxies", "proxy h0:1"]
    assert found[0].what.startswith(
        "39 of 40 open a tunnel to YouTube, in 100 ms at best, 119 ms in the middle"
    )


def test_every_obstacle_has_a_way_out() -> None:
    (proxy,) = some_proxies(1)
    assert all(judge_proxies([Tried(proxy, Shut(obstacle))])[0].mend for obstacle in Obstacle)


def test_a_typed_address_that_is_none_is_a_fault_told_by_its_number() -> None:
    proxies, (fault,) = read_proxies(Checkup(proxies=("http://a:1", f"joe:{SECRET}@b:2")))
    assert [proxy.label for proxy in proxies] == ["a:1"]
    assert fault.level is Level.FAULT
    assert "number 2 has no scheme" in fault.what
    assert SECRET not in fault.what


def test_typed_credentials_are_a_warning_but_quiet_ones_are_not() -> None:
    typed = (f"http://joe:{SECRET}@a:1",)
    _, (warning,) = read_proxies(Checkup(proxies=typed, are_proxies_typed=True))
    assert warning.level is Level.WARNING
    assert read_proxies(Checkup(proxies=typed))[1] == []
    assert read_proxies(Checkup(proxies=("http://a:1",), are_proxies_typed=True))[1] == []
    assert SECRET not in repr(Checkup(proxies=typed))


@pytest.mark.parametrize(
    ("text", "mode", "level"),
    [
        (f"http://joe:{SECRET}@a:1\n", 0o600, None),
        ("http://a:1\n", 0o644, None),
        (f"http://joe:{SECRET}@a:1\n", 0o644, Level.WARNING),
        (f"joe:{SECRET}@a:1\n", 0o600, Level.FAULT),
        ("# nothing\n", 0o600, Level.FAULT),
    ],
)
def test_a_file_of_proxies_is_read_and_should_be_private(
    tmp_path: Path, text: str, mode: int, level: Level | None
) -> None:
    path = tmp_path / "proxies.txt"
    path.write_text(text)
    path.chmod(mode)
    _, found = read_proxies(Checkup(proxies_file=path))
    assert [finding.level for finding in found] == ([] if level is None else [level])
    assert SECRET not in str(found)


def test_a_file_of_proxies_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    _, (fault,) = read_proxies(Checkup(proxies_file=tmp_path / "none"))
    assert fault.level is Level.FAULT


def test_a_proxy_given_twice_is_tried_once(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("http://a:1\n")
    proxies, found = read_proxies(Checkup(proxies=("http://a:1",), proxies_file=tmp_path / "list"))
    assert (len(proxies), found) == (1, [])


@pytest.mark.parametrize(
    ("days", "level", "word"),
    [
        (365, Level.OK, "signed in for 365 days"),
        (3, Level.WARNING, "ends soon"),
        (-1, Level.WARNING, "has ended"),
    ],
)
def test_a_login_should_last(tmp_path: Path, days: int, level: Level, word: str) -> None:
    jar = a_jar(tmp_path, ("LOGIN_INFO", NOW_S + days * DAY_S), ("SAPISID", NOW_S + 500 * DAY_S))
    found = check_cookies(jar, NOW_S)
    assert (found.level, word in found.what) == (level, True)


def test_a_far_end_of_a_login_is_no_trouble(tmp_path: Path) -> None:
    jar = a_jar(tmp_path, ("LOGIN_INFO", 10**14), ("SAPISID", 10**14))
    assert check_cookies(jar, NOW_S).level is Level.OK


def test_session_cookies_are_signed_in_for_nobody_knows_how_long(tmp_path: Path) -> None:
    found = check_cookies(a_jar(tmp_path, ("LOGIN_INFO", 0), ("SAPISID", 0)), NOW_S)
    assert (found.level, "unknown length" in found.what) == (Level.OK, True)


def test_a_jar_of_a_guest_is_of_no_use(tmp_path: Path) -> None:
    found = check_cookies(a_jar(tmp_path, ("VISITOR_INFO1_LIVE", 0)), NOW_S)
    assert (found.level, "nobody is signed in" in found.what) == (Level.WARNING, True)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_jar_that_others_can_read_is_a_fault(tmp_path: Path, mode: int) -> None:
    jar = a_jar(tmp_path, ("LOGIN_INFO", 0), ("SAPISID", 0), mode=mode)
    found = check_cookies(jar, NOW_S)
    assert (found.level, f"chmod 600 {jar}" in found.mend) == (Level.FAULT, True)


def test_a_jar_that_is_none_is_a_fault_without_its_contents(tmp_path: Path) -> None:
    jar = a_jar(tmp_path, ("LOGIN_INFO", 0))
    jar.write_text(jar.read_text() + f"{SECRET}\n" * 5)
    found = check_cookies(jar, NOW_S)
    assert found.level is Level.FAULT
    assert "line 3: " in found.what
    assert "2 more" in found.what
    assert SECRET not in str(found)
    assert check_cookies(tmp_path / "none", NOW_S) == Finding(
        f"cookies {tmp_path / 'none'}",
        Level.FAULT,
        "No such file or directory",
        "name a cookies.txt in Netscape's form",
    )
