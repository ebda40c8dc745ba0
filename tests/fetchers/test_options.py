"""The options of the worker's yt-dlp, as yt-dlp itself understands them."""

from __future__ import annotations

from typing import Any

import pytest

from asyncdl.core.model import Tier
from asyncdl.fetchers.ytdlp.config import Endpoint, WorkerConfig
from asyncdl.fetchers.ytdlp.options import own_argv, plugin_dirs, ydl_params

FULL = WorkerConfig(tier=Tier.FULL)


def youtube_arguments(config: WorkerConfig) -> dict[str, Any]:
    arguments: dict[str, Any] = ydl_params(config)["extractor_args"]["youtube"]
    return arguments


def test_one_player_request_is_all_that_is_asked_for() -> None:
    arguments = youtube_arguments(WorkerConfig())
    assert arguments["player_skip"] == ["webpage", "configs", "js", "initial_data"]
    assert arguments["skip"] == ["hls", "dash", "translated_subs"]
    assert ydl_params(WorkerConfig())["js_runtimes"] == {}


def test_no_client_is_named() -> None:
    assert "player_client" not in youtube_arguments(WorkerConfig())


def test_nothing_is_written_run_or_loaded() -> None:
    params = ydl_params(WorkerConfig())
    assert params["cachedir"] is False
    assert params["allowed_extractors"] == ["youtube"]
    assert params["noplaylist"] is True
    assert not params["remote_components"]
    assert not any("exec" in one["key"].lower() for one in params["postprocessors"])
    assert params["fixup"] == "never"
    assert plugin_dirs(WorkerConfig()) == []


def test_certificates_are_checked_also_at_another_endpoint() -> None:
    config = WorkerConfig(endpoint=Endpoint("127.0.0.1:1", "/ca.pem"))
    params = ydl_params(config)
    assert not params["nocheckcertificate"]
    assert not ydl_params(WorkerConfig())["nocheckcertificate"]
    assert params["compat_opts"] == {"no-certifi"}
    assert youtube_arguments(config)["innertube_host"] == ["127.0.0.1:1"]


def test_without_an_endpoint_youtube_itself_is_asked_with_yt_dlps_own_certificates() -> None:
    params = ydl_params(WorkerConfig())
    assert not params["compat_opts"]
    assert "innertube_host" not in youtube_arguments(WorkerConfig())


def test_the_way_out_is_the_identitys() -> None:
    params = ydl_params(WorkerConfig(proxy="socks5://p:1", source_address="192.0.2.1"))
    assert (params["proxy"], params["source_address"]) == ("socks5://p:1", "192.0.2.1")
    assert ydl_params(WorkerConfig())["proxy"] is None


def test_an_account_gets_clients_that_take_cookies() -> None:
    config = WorkerConfig(cookie_file="/private/cookies.txt")
    assert ydl_params(config)["cookiefile"] == "/private/cookies.txt"
    assert "player_skip" not in youtube_arguments(config)
    assert ydl_params(config)["js_runtimes"]


def test_the_second_tier_asks_all_that_yt_dlp_asks_by_default() -> None:
    arguments = youtube_arguments(FULL)
    assert arguments == {"skip": ["hls", "dash", "translated_subs"]}
    assert ydl_params(FULL)["js_runtimes"] == {"deno": {"path": None}, "node": {"path": None}}


def test_a_runtime_that_was_found_is_the_only_one() -> None:
    config = WorkerConfig(tier=Tier.FULL, js_runtime="node:/opt/node/bin/node")
    assert ydl_params(config)["js_runtimes"] == {"node": {"path": "/opt/node/bin/node"}}


def test_the_first_tier_runs_no_javascript_even_where_it_could() -> None:
    assert ydl_params(WorkerConfig(js_runtime="deno:/d"))["js_runtimes"] == {}


def test_the_second_tier_is_as_hardened_as_the_first() -> None:
    differing = {"extractor_args", "js_runtimes"}
    first, full = ydl_params(WorkerConfig()), ydl_params(FULL)
    assert {name for name in first | full if str(first[name]) != str(full[name])} == differing
    assert plugin_dirs(FULL) == []


def test_a_player_api_without_pages_is_asked_for_no_page() -> None:
    """Else yt-dlp would ask YouTube itself for them."""
    config = WorkerConfig(tier=Tier.FULL, endpoint=Endpoint("127.0.0.1:1", "/ca.pem"))
    assert youtube_arguments(config)["player_skip"] == ["webpage", "configs", "js", "initial_data"]


@pytest.mark.parametrize(
    ("endpoint", "proxy", "expected"),
    [
        (None, None, None),
        (Endpoint("127.0.0.1:1", "/ca.pem"), None, ""),
        (Endpoint("127.0.0.1:1", "/ca.pem"), "http://own:1", "http://own:1"),
        (Endpoint(None, "/ca.pem", "http://site:1"), None, "http://site:1"),
        (Endpoint(None, "/ca.pem", "http://site:1"), "http://own:1", "http://own:1"),
    ],
)
def test_an_identitys_proxy_comes_before_the_endpoints_and_the_environments_is_passed_over(
    endpoint: Endpoint | None, proxy: str | None, expected: str | None
) -> None:
    assert ydl_params(WorkerConfig(endpoint=endpoint, proxy=proxy))["proxy"] == expected


def test_the_users_options_win() -> None:
    params = ydl_params(WorkerConfig(user_args=("--socket-timeout", "3")))
    assert params["socket_timeout"] == 3.0


def test_the_users_extractor_arguments_join_ours() -> None:
    config = WorkerConfig(
        user_args=("--extractor-args", "youtube:player_client=tv;skip=dash"),
        endpoint=Endpoint("127.0.0.1:1", "/ca.pem"),
    )
    arguments = youtube_arguments(config)
    assert arguments["player_client"] == ["tv"]
    assert arguments["skip"] == ["dash"]
    assert arguments["player_skip"] == ["webpage", "configs", "js", "initial_data"]
    assert arguments["innertube_host"] == ["127.0.0.1:1"]


def test_unsafe_options_may_name_plugins() -> None:
    assert plugin_dirs(WorkerConfig(user_args=("--plugin-dirs", "/p"))) == ["/p"]


def test_own_options_hold_no_secret_of_the_user() -> None:
    assert own_argv(WorkerConfig(user_args=("--password", "x"))) == own_argv(WorkerConfig())
