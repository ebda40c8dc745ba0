"""No credential reaches a log, the journal or a screen."""

from __future__ import annotations

import pytest

from asyncdl.core.redact import redact


@pytest.mark.parametrize(
    "text",
    [
        "socks5://joe:SECRET@10.0.0.1:1080",
        "http://SECRET@proxy:8080 refused",
        "--password SECRET --limit-rate 1M",
        "--username=SECRET",
        "-u SECRET",
        "-pSECRET",
        "--extractor-args youtube:po_token=SECRET;visitor_data=SECRET",
        "--cookies '/home/SECRET/jar.txt'",
        "Cookie: SID=SECRET; x=y",
        "Proxy-Authorization: Basic SECRET",
        "https://r1.googlevideo.com/videoplayback?ip=1.2.3.4&sig=SECRET&x=1",
        "https://r1.googlevideo.com/videoplayback/ip/SECRET/itag/140",
    ],
)
def test_secrets_are_hidden(text: str) -> None:
    assert "SECRET" not in redact(text)
    assert "***" in redact(text)


def test_plain_text_stays_as_it_is() -> None:
    text = "ERROR: [youtube] --PJHxphWEs: Video unavailable: https://www.youtube.com/watch?v=--PJHxphWEs -p"
    assert redact(text) == text
