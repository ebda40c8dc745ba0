"""Addresses of proxies: read from text, never shown with their credentials.

A mistake never repeats the text, which may hold a password. yt-dlp treats ``socks5`` as ``socks5h``: with
both, the proxy looks up names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote, unquote

_FORM = re.compile(
    r"(?P<scheme>[^:/@]*)://(?:(?P<login>.*)@)?(?P<host>\[[^\[\]@/]*\]|[^\[\]:@/]*)(?::(?P<port>[^:@/\]]*))?/?"
)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_NUMBERS = re.compile(r"[0-9.]+")
_PORT = re.compile(r"[0-9]{1,5}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_NAME = 253
_LONGEST_SOCKS_WORD_BYTES = 255


class ProxyScheme(StrEnum):
    """How a proxy is spoken to; ``https`` is CONNECT inside TLS."""

    HTTP = "http"
    HTTPS = "https"
    SOCKS5 = "socks5"
    SOCKS5H = "socks5h"

    @property
    def is_socks(self) -> bool:
        """Whether it is SOCKS version 5 rather than HTTP's CONNECT."""
        return self in {ProxyScheme.SOCKS5, ProxyScheme.SOCKS5H}


@dataclass(frozen=True, slots=True, repr=False)
class ProxyUrl:
    """A proxy; ``host`` is without brackets, user and password are decoded and may be secret both.

    ``str`` and ``repr`` hide the credentials; ``secret_url`` has them. Several proxies may share one label:
    providers tell their customers' exits apart by the user name.
    """

    scheme: ProxyScheme
    host: str
    port: int
    user: str | None = None
    password: str | None = None

    @property
    def label(self) -> str:
        """``host:port``, for people."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def has_login(self) -> bool:
        """Whether it asks for a user."""
        return self.user is not None

    @property
    def secret_url(self) -> str:
        """The whole address, as a network library needs it. It must reach no screen, log or argument list."""
        if self.user is None:
            return f"{self.scheme}://{self.label}"
        words = [self.user] if self.password is None else [self.user, self.password]
        login = ":".join(quote(word, safe="") for word in words)
        return f"{self.scheme}://{login}@{self.label}"

    def __str__(self) -> str:
        return f"{self.scheme}://{'***@' if self.has_login else ''}{self.label}"

    def __repr__(self) -> str:
        return f"ProxyUrl({self})"


@dataclass(frozen=True, slots=True)
class ProxyMistake:
    """Why a text is no proxy; ``line`` counts from 1 in a file and is 0 elsewhere."""

    what: str
    line: int = 0

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}" if self.line else self.what


@dataclass(frozen=True, slots=True)
class ProxyList:
    """What a file of proxies says, in its order."""

    proxies: tuple[ProxyUrl, ...]
    mistakes: tuple[ProxyMistake, ...]


def parse_proxies(text: str) -> ProxyList:
    """Read one address a line; blank lines and lines that begin with ``#`` are passed over."""
    found: dict[ProxyUrl, int] = {}
    mistakes: list[ProxyMistake] = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        proxy = parse_proxy(line.strip())
        if isinstance(proxy, ProxyMistake):
            mistakes.append(ProxyMistake(proxy.what, number))
        elif proxy in found:
            mistakes.append(ProxyMistake(f"the same proxy as in line {found[proxy]}", number))
        else:
            found[proxy] = number
    return ProxyList(tuple(found), tuple(mistakes))


def parse_proxy(text: str) -> ProxyUrl | ProxyMistake:
    """Read ``scheme://[user[:password]@]host:port``; user and password may be percent-encoded.

    Only ``%``, a ``:`` in the user, and blanks have to be.
    """
    if mistake := _mistake_in_text(text):
        return ProxyMistake(mistake)
    parts = _FORM.fullmatch(text)
    if parts is None:
        return ProxyMistake("is not of the form scheme://user:password@host:port")
    scheme, host, port = parts["scheme"].lower(), parts["host"].lower(), parts["port"]
    if scheme not in {each.value for each in ProxyScheme}:
        return ProxyMistake(f"its scheme is none of {', '.join(ProxyScheme)}")
    if mistake := _mistake_in_host(host) or _mistake_in_port(port):
        return ProxyMistake(mistake)
    login = _read_login(parts["login"], ProxyScheme(scheme))
    if isinstance(login, ProxyMistake):
        return login
    return ProxyUrl(ProxyScheme(scheme), host.strip("[]"), int(port), *login)


def _mistake_in_text(text: str) -> str:
    if not text:
        return "is empty"
    if any(each.isspace() or not each.isprintable() for each in text):
        return "holds a blank or a control character; in a user or password write a blank as %20"
    if "://" not in text:
        return "has no scheme; put http://, https://, socks5:// or socks5h:// before it"
    return ""


def _mistake_in_host(host: str) -> str:
    try:
        if host.startswith("["):
            IPv6Address(host.strip("[]"))
        elif _NUMBERS.fullmatch(host):
            IPv4Address(host)
        elif not _NAME.fullmatch(host) or len(host) > _LONGEST_NAME:
            return "names no host; names with other than ASCII letters go by their xn-- form"
    except AddressValueError:
        return "its address is not one"
    return ""


def _mistake_in_port(port: str | None) -> str:
    if port is None:
        return "has no port; put :8080 or the like behind the host"
    if not _PORT.fullmatch(port) or not 0 < int(port) < 1 << 16:
        return "its port is not within 1 to 65535"
    return ""


def _read_login(login: str | None, scheme: ProxyScheme) -> tuple[str | None, str | None] | ProxyMistake:
    if not login:
        return None, None
    user, colon, password = login.partition(":")
    try:
        words = [unquote(word, errors="strict") for word in (user, password)]
    except UnicodeDecodeError:
        return ProxyMistake("its user or password is not UTF-8 where it is percent-encoded")
    if any(_CONTROL.search(word) for word in words):
        return ProxyMistake("its user or password holds a control character")
    if scheme.is_socks and any(len(word.encode()) > _LONGEST_SOCKS_WORD_BYTES for word in words):
        return ProxyMistake(f"SOCKS5 takes users and passwords of {_LONGEST_SOCKS_WORD_BYTES} bytes at most")
    return words[0], words[1] if colon else None
