"""Errors travel between processes whole."""

import pickle

import pytest

from harness import errors
from harness.errors import BoardError, DoesNotFitError, HarnessError, MeterError

CLASSES = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, HarnessError)]


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_can_be_sent(cls: type[HarnessError]) -> None:
    if issubclass(cls, DoesNotFitError):
        error: HarnessError = cls("nrf51-dk", "ram", 40_000, 32_768)
    elif issubclass(cls, BoardError | MeterError):
        error = cls("desk", "silent")
    else:
        error = cls("what, where, what to do")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is cls
    assert (str(again), vars(again), again.exit_code) == (str(error), vars(error), error.exit_code)
