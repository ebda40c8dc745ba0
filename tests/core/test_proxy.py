"""Addresses of proxies: parsed strictly, written back without loss, shown without credentials."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.proxy import ProxyMistake, ProxyScheme, ProxyUrl, parse_proxies, parse_proxy

SECRET = "hunter2"


def parsed(text: str) -> ProxyUrl:
    proxy = parse_proxy(text)
    assert isinstance(proxy, ProxyUrl), proxy
    return proxy


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://proxy:8080", ProxyUrl(ProxyScheme.HTTP, "proxy", 8080)),
        ("HTTPS://Proxy.Example:443/", ProxyUrl(ProxyScheme.HTTPS, "proxy.example", 443)),
        ("socks5://joe:pw@10.0.0.1:1080", ProxyUrl(ProxyScheme.SOCKS5, "10.0.0.1", 1080, "joe", "pw")),
        ("socks5h://joe@[2001:db8::1]:1080", ProxyUrl(ProxyScheme.SOCKS5H, "2001:db8::1", 1080, "joe")),
        ("http://joe:p%40ss%3A%2F@h:1", ProxyUrl(ProxyScheme.HTTP, "h", 1, "joe", "p@ss:/")),
        ("http://joe:p@s:s/w?#d@h:1", ProxyUrl(ProxyScheme.HTTP, "h", 1, "joe", "p@s:s/w?#d")),
        ("http://@h:1", ProxyUrl(ProxyScheme.HTTP, "h", 1)),
        ("http://joe:@h:1", ProxyUrl(ProxyScheme.HTTP, "h", 1, "joe", "")),
    ],
)
def test_an_address_is_read(text: str, expected: ProxyUrl) -> None:
    assert parse_proxy(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (f"joe:{SECRET}@host:8080", "no scheme"),
        (f"ftp://joe:{SECRET}@host:8080", "its scheme is none of http, https, socks5, socks5h"),
        (f"socks4://joe:{SECRET}@host:8080", "its scheme is none of"),
        (f"http://joe:{SECRET}@host", "no port"),
        (f"http://joe:{SECRET}@host:", "its port"),
        (f"http://joe:{SECRET}@host:0", "its port"),
        (f"http://joe:{SECRET}@host:65536", "its port"),
        (f"http://joe:{SECRET}@host:8x", "its port"),
        (f"http://joe:{SECRET}@:8080", "names no host"),
        (f"http://joe:{SECRET}@hö:8080", "names no host"),
        (f"http://joe:{SECRET}@-h:8080", "names no host"),
        (f"http://joe:{SECRET}@300.1.1.1:8080", "its address is not one"),
        (f"http://joe:{SECRET}@[::g]:8080", "its address is not one"),
        (f"http://joe:{SECRET}@host:8080/path", "is not of the form"),
        (f"http://joe:{SECRET} x@host:8080", "holds a blank"),
        (f"http://joe:{SECRET}\x1b@host:8080", "control character"),
        (f"http://joe:{SECRET}%0d%0a@host:8080", "control character"),
        (f"http://joe:{SECRET}%ff@host:8080", "not UTF-8"),
        (f"socks5://joe:{SECRET * 40}@host:8080", "255 bytes"),
    ],
)
def test_what_is_no_proxy_is_told_without_repeating_it(text: str, why: str) -> None:
    mistake = parse_proxy(text)
    assert isinstance(mistake, ProxyMistake)
    assert why in str(mistake)
    assert SECRET not in str(mistake)


def test_credentials_are_shown_by_nothing_but_the_secret_url() -> None:
    proxy = parsed(f"http://{SECRET}:{SECRET}x@host:8080")
    for shown in (str(proxy), repr(proxy), f"{proxy}", f"{[proxy]}", proxy.label):
        assert SECRET not in shown
    assert str(proxy) == "http://***@host:8080"
    assert proxy.label == "host:8080"
    assert proxy.secret_url == f"http://{SECRET}:{SECRET}x@host:8080"


def test_an_ipv6_address_keeps_its_brackets_where_a_port_follows() -> None:
    assert parsed("http://[::1]:8080").label == "[::1]:8080"
    assert str(parsed("http://[::1]:8080")) == "http://[::1]:8080"


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
HOSTS = st.one_of(
    st.from_regex(r"[a-z][a-z0-9]{0,8}(\.[a-z][a-z0-9]{0,8}){0,2}", fullmatch=True),
    st.ip_addresses().map(str),
)
PROXIES = st.builds(
    ProxyUrl,
    st.sampled_from(ProxyScheme),
    HOSTS,
    st.integers(1, 65535),
    st.none() | WORDS,
).flatmap(
    lambda proxy: (
        st.just(proxy)
        if proxy.user is None
        else st.builds(
            ProxyUrl, *map(st.just, (proxy.scheme, proxy.host, proxy.port, proxy.user)), st.none() | WORDS
        )
    )
)


@given(PROXIES)
def test_what_is_written_is_read_back(proxy: ProxyUrl) -> None:
    assert parse_proxy(proxy.secret_url) == proxy
    assert parse_proxy(proxy.secret_url + "/") == proxy


@given(PROXIES)
def test_network_libraries_read_the_same_from_the_secret_url(proxy: ProxyUrl) -> None:
    parts = urlsplit(proxy.secret_url)
    assert (parts.scheme, parts.hostname, parts.port) == (proxy.scheme, proxy.host, proxy.port)
    assert (parts.username and unquote(parts.username)) == proxy.user
    assert (parts.password and unquote(parts.password)) == proxy.password


@given(st.text())
def test_any_text_gives_an_answer(text: str) -> None:
    parse_proxy(text)
    parse_proxy(f"http://{text}@host:8080")
    parse_proxies(text)


def test_a_file_has_one_proxy_a_line_with_comments_and_blank_lines() -> None:
    text = "\ufeff# ours\r\nhttp://a:1\r\n\r\n  socks5://joe:pw@b:2  \n#http://c:3\n"
    read = parse_proxies(text)
    assert [proxy.label for proxy in read.proxies] == ["a:1", "b:2"]
    assert read.mistakes == ()


def test_mistakes_of_a_file_carry_their_lines_and_the_rest_is_read() -> None:
    read = parse_proxies(f"http://a:1\njoe:{SECRET}@b:2\nhttp://c:3\nhttp://A:1\n")
    assert [proxy.label for proxy in read.proxies] == ["a:1", "c:3"]
    assert [str(mistake) for mistake in read.mistakes] == [
        "line 2: has no scheme; put http://, https://, socks5:// or socks5h:// before it",
        "line 4: the same proxy as in line 1",
    ]


def test_customers_of_one_provider_are_different_proxies_with_one_label() -> None:
    read = parse_proxies("http://joe-1:pw@gate:7000\nhttp://joe-2:pw@gate:7000\n")
    assert [proxy.label for proxy in read.proxies] == ["gate:7000"] * 2
