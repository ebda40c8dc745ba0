"""Rows of the message table as parameters of a test, and what every reproduced message must lead to."""

from __future__ import annotations

import pytest

from asyncdl.core.classify import action_of, normalise
from asyncdl.core.model import Failure
from support.message_rows import MESSAGES
from support.messages import EXPECTED, By, Message


def rows(by: By) -> pytest.MarkDecorator:
    """Parametrise a test with the messages that it reproduces."""
    chosen = [message for message in MESSAGES if message.by is by]
    return pytest.mark.parametrize("message", chosen, ids=[message.name for message in chosen])


def assert_told(told: Failure, message: Message) -> None:
    """The words are there, and they lead to the expected code, kind and action."""
    text = normalise(told.text)
    assert [part for part in normalise(message.says).split(" … ") if part not in text] == [], text
    assert (told.code, (told.kind, action_of(told))) == (message.code, EXPECTED[message.code]), told.text
