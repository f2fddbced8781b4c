"""The pieces without a wire: pauses, names, the table of methods."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kassenwart import errors, v1
from kassenwart._backoff import FIRST_PAUSE, LONGEST_PAUSE, Backoff
from kassenwart._methods import METHODS
from kassenwart._names import ids


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_pauses_grow_to_a_limit_and_begin_anew():
    backoff = Backoff(1000, clock=Clock(), draw=lambda _low, high: high)
    assert [backoff.pause() for _ in range(6)] == [0.2, 0.4, 0.8, 1.6, LONGEST_PAUSE, LONGEST_PAUSE]
    backoff.reset()
    assert backoff.pause() == FIRST_PAUSE


def test_jitter_is_full():
    backoff = Backoff(1000, clock=Clock())
    pauses = {backoff.pause() for _ in range(50)}
    assert len(pauses) == 50
    assert min(pauses) < 0.5
    assert 2 < max(pauses) <= LONGEST_PAUSE


def test_the_limit_counts_from_the_first_failure():
    clock = Clock()
    backoff = Backoff(10, clock=clock, draw=lambda low, _high: low)
    clock.now = 500.0  # a long first attempt does not count
    assert backoff.pause() == 0
    clock.now = 509.0
    assert backoff.pause(0.5) == 0.5
    assert backoff.pause(1.0) is None
    clock.now = 510.0
    assert backoff.pause() is None


def test_no_limit_means_no_pause_at_all():
    assert Backoff(0).pause() is None


@given(st.text(max_size=12), st.text(max_size=12))
def test_ids_of_a_name(first, second):
    name = f"printers/{first}/jobs/{second}"
    if first and second and "/" not in first + second:
        assert ids(name, "printers", "jobs") == (first, second)
    else:
        with pytest.raises(ValueError, match="not a name"):
            ids(name, "printers", "jobs")


@pytest.mark.parametrize("name", ["", "J1", "printers/a", "printers/a/jobs", "printers/a/jobs/b/", "drawers/a/jobs/b"])
def test_other_names_are_refused(name):
    with pytest.raises(ValueError, match="not a name"):
        ids(name, "printers", "jobs")


def test_methods_know_what_may_be_repeated():
    table = {method.name: method for method in METHODS.values()}
    assert table["GetPayment"].repeatable
    assert table["CreatePayment"].repeatable
    assert not table["CancelPayment"].repeatable
    assert not table["ResolvePayment"].repeatable
    assert table["CreatePayment"].path == "/kassenwart.v1.PaymentService/CreatePayment"
    assert table["CreatePayment"].answer is v1.Payment
    assert table["StreamEvents"].streams
    assert not any(method.streams and not method.read_only for method in METHODS.values())


def test_no_method_of_the_contract_is_forgotten():
    """A new file of the contract must be named in the table of methods."""
    requests = {getattr(v1, name) for name in v1.__all__ if name.endswith("Request")}
    assert set(METHODS) == requests


def test_an_error_tells_its_message_and_fields():
    plain = errors.NotFound("There is no ec9.")
    assert str(plain) == "There is no ec9."
    assert (plain.reason, plain.outcome, plain.violations, plain.retry_after) == ("", "", (), None)
    wrong = errors.InvalidArgument("Wrong.", violations=[errors.Violation("/copies", "too many")])
    assert str(wrong) == "Wrong. (/copies: too many)"
