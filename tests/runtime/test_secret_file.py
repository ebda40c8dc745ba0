"""Small secret files: read whole or refused with a reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from asyncdl.runtime.secret_file import NoSecret, Secret, read_secret


@pytest.mark.parametrize(
    ("mode", "is_private"), [(0o600, True), (0o400, True), (0o640, False), (0o604, False), (0o620, False)]
)
def test_a_file_says_whether_others_can_get_at_it(tmp_path: Path, mode: int, is_private: bool) -> None:
    path = tmp_path / "jar"
    path.write_text("text")
    path.chmod(mode)
    secret = read_secret(path)
    assert isinstance(secret, Secret)
    assert (secret.text, secret.mode, secret.is_private) == ("text", mode, is_private)


def test_its_text_is_not_in_its_repr(tmp_path: Path) -> None:
    (tmp_path / "jar").write_text("hunter2")
    assert "hunter2" not in repr(read_secret(tmp_path / "jar"))


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"ab\xff")
    (tmp_path / "large").write_bytes(bytes((4 << 20) + 1))
    os.mkfifo(tmp_path / "pipe")
    assert read_secret(tmp_path / "none") == NoSecret("No such file or directory")
    assert read_secret(tmp_path / "latin") == NoSecret("is not UTF-8 (byte 2)")
    assert read_secret(tmp_path / "large") == NoSecret("is far too large for what it should be")
    assert read_secret(tmp_path / "pipe") == NoSecret("is no plain file")
    assert read_secret(tmp_path) == NoSecret("is no plain file")
