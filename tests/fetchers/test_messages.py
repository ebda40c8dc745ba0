"""Every message family, said for real and understood; where it cannot be provoked, it stands in the source.

An update of yt-dlp that changes a message breaks a test here and not a user's run.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yt_dlp

from asyncdl.core.classify import classify, normalise
from asyncdl.core.codes import Code
from asyncdl.core.error_table import TABLE
from asyncdl.core.model import Failure
from asyncdl.demo.proxy import SiteProxy
from asyncdl.demo.site import Site
from asyncdl.demo.wordings import WORDINGS
from asyncdl.fetchers.ytdlp.video import VideoFetcher, Waiting
from support.fetching import MakeFetcher, asked, left_in
from support.message_rows import MESSAGES
from support.messages import EXPECTED, By, Message
from support.telling import assert_told, rows
from support.tiers import config_of, fetch_one

PACKAGE = Path(str(yt_dlp.__file__)).parent
ACCOUNT = """# Netscape HTTP Cookie File
.youtube.com\tTRUE\t/\tTRUE\t4102444800\tLOGIN_INFO\tmade-up
.youtube.com\tTRUE\t/\tTRUE\t4102444800\tSAPISID\tmade-up
"""
OF_AN_ACCOUNT = {Code.COOKIES_ROTATED, Code.CLIENT_VS_COOKIES}


def _failed(fetcher: VideoFetcher, ytid: str, folder: Path) -> Failure:
    results = fetcher.fetch(asked(ytid, folder), 30.0)
    assert not isinstance(results, Waiting)
    (result,) = results
    assert isinstance(result, Failure), result
    return result


@rows(By.PLAYER)
async def test_said_to_the_first_tier(new_fetcher: MakeFetcher, folder: Path, message: Message) -> None:
    """Asked twice, since yt-dlp has words that it says once only."""
    fetcher = new_fetcher(user_args=message.args)
    for _ in range(2):
        assert_told(await asyncio.to_thread(_failed, fetcher, message.how, folder), message)
    assert left_in(folder) == []


@pytest.fixture
async def proxy(site: Site) -> AsyncIterator[SiteProxy]:
    async with SiteProxy.start(site) as running:
        yield running


@rows(By.FULL)
async def test_said_to_the_second_tier(
    site: Site, proxy: SiteProxy, folder: Path, tmp_path: Path, message: Message
) -> None:
    cookies = tmp_path / "cookies.txt"
    cookies.write_text(ACCOUNT)
    account: dict[str, Any] = {"cookie_file": str(cookies)} if message.code in OF_AN_ACCOUNT else {}
    told = await fetch_one(config_of(site, proxy, user_args=message.args, **account), message.how, folder)
    assert isinstance(told, Failure), told
    assert_told(told, message)


@pytest.mark.parametrize("ytid", WORDINGS)
async def test_the_second_tier_understands_every_wording_too(
    site: Site, proxy: SiteProxy, folder: Path, ytid: str
) -> None:
    told = await fetch_one(config_of(site, proxy), ytid, folder)
    assert isinstance(told, Failure)
    assert told.code == WORDINGS[ytid].code


@rows(By.SOURCE)
def test_the_sentence_stands_in_the_source(message: Message) -> None:
    assert (message.literal or message.says) in (PACKAGE / message.how).read_text(encoding="utf-8")
    assert_told(classify(f"ERROR: {message.says}"), message)


@rows(By.FORMERLY)
def test_what_was_said_formerly_is_still_understood(message: Message) -> None:
    assert_told(classify(f"ERROR: {message.says}"), message)


def test_every_code_has_a_message_and_an_expected_meaning() -> None:
    assert set(EXPECTED) == set(Code)
    assert {message.code for message in MESSAGES if message.by is not By.FORMERLY} == set(Code)


def test_no_two_messages_share_a_name() -> None:
    twice = [name for name, times in Counter((m.by, m.name) for m in MESSAGES).items() if times > 1]
    assert twice == []


def test_the_table_means_what_is_expected() -> None:
    assert {code: (row.kind, row.action) for code, row in TABLE.items()} == EXPECTED


@pytest.mark.parametrize("code", [code for code, row in TABLE.items() if row.pattern is not None])
def test_every_alternative_of_a_pattern_has_a_message(code: Code) -> None:
    """What nobody says and nobody has said has no place in the table."""
    pattern = TABLE[code].pattern
    assert pattern is not None
    said = [normalise(message.says) for message in MESSAGES if message.code is code]
    lacking = [
        part
        for part in _alternatives(pattern.pattern)
        if not any(re.search(part, text, re.IGNORECASE) for text in said)
    ]
    assert lacking == []


def _alternatives(pattern: str) -> list[str]:
    """Split at the bars outside of groups."""
    parts, depth = [""], 0
    for letter in pattern:
        depth += (letter == "(") - (letter == ")")
        if letter == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
