"""The page of messages is the one that the rows of the tests make."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from support.message_rows import MESSAGES
from support.messages import By

ROOT = Path(__file__).parent.parent.parent
PROGRAM = ROOT / "docs" / "make_messages_table.py"


def test_the_page_is_current() -> None:
    written = (ROOT / "docs" / "messages.md").read_text(encoding="utf-8")
    assert written == runpy.run_path(str(PROGRAM))["page"](), f"run PYTHONPATH=tests python {PROGRAM}"


@pytest.mark.parametrize("by", By)
def test_the_tests_that_the_page_names_exist(by: By) -> None:
    file, _, test = by.value.partition("::")
    assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8")
    assert any(message.by is by for message in MESSAGES)
