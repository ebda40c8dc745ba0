"""What passes when the machine has something to spare again."""

from __future__ import annotations

import errno

from asyncdl.core.scarcity import as_scarcity, is_scarcity

_NO_THREAD = RuntimeError("can't start new thread")


def test_a_thread_that_could_not_be_started_is_scarcity() -> None:
    told = as_scarcity(_NO_THREAD)
    assert told is not None
    assert told.errno == errno.EAGAIN
    assert as_scarcity(RuntimeError("the loop is closed")) is None


def test_only_some_errors_of_the_system_are_scarcity() -> None:
    for number in (errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM):
        error = OSError(number, "")
        assert as_scarcity(error) is error
    assert as_scarcity(FileNotFoundError(errno.ENOENT, "")) is None


def test_a_group_is_scarcity_when_all_of_it_is() -> None:
    assert is_scarcity(ExceptionGroup("", [_NO_THREAD, ExceptionGroup("", [OSError(errno.EMFILE, "")])]))
    assert not is_scarcity(ExceptionGroup("", [_NO_THREAD, ValueError()]))
