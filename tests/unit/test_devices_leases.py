"""Leases: one holder, an end by itself, numbers that only rise."""

import time

import pytest

from gateway.api import ApiError, Call, Code, Principal
from gateway.devices import leases as module
from gateway.devices.leases import Leases


class Clock:
    def __init__(self):
        self.now = 1_700_000_000.0

    def time(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def call(principal, number=0):
    made = Call(Principal(principal, 1, "id"))
    made.lease_number = number
    return made


def refused(error, reason):
    assert (error.value.code, error.value.reason) == (Code.ABORTED, reason)


def test_one_holder_at_a_time(clock):
    leases = Leases()
    leases.claim("ec1", "till 1", "a", 90)
    for holder, principal in (("till 2", "a"), ("till 1", "b"), ("till 2", "b")):
        with pytest.raises(ApiError) as error:
            leases.claim("ec1", holder, principal, 90)
        refused(error, "DEVICE_HELD")
        assert "till 1" in error.value.message
        assert error.value.retry_after == pytest.approx(90)
    leases.claim("ec2", "till 2", "b", 90)


def test_a_renewal_keeps_the_number_and_moves_the_end(clock):
    leases = Leases()
    first = leases.claim("ec1", "till 1", "a", 90)
    clock.now += 60
    again = leases.claim("ec1", "till 1", "a", 90)
    assert again.number == first.number
    assert again.expires == first.expires + 60


def test_a_lease_ends_by_itself_and_the_next_has_a_higher_number(clock):
    leases = Leases()
    numbers = []
    for _ in range(5):
        numbers.append(leases.claim("ec1", "till 1", "a", 10).number)
        clock.now += 10
        assert leases.current("ec1") is None
        numbers.append(leases.claim("ec1", "till 2", "b", 10).number)
        leases.release("ec1", "b", numbers[-1])
    assert numbers == sorted(set(numbers))


def test_numbers_rise_over_a_restart(clock):
    before = Leases().claim("ec1", "a", "a", 10).number
    clock.now += 0.01
    assert Leases().claim("ec1", "a", "a", 10).number > before


def test_numbers_rise_when_the_clock_goes_back(clock):
    leases = Leases()
    first = leases.claim("ec1", "a", "a", 10).number
    leases.release("ec1", "a", first)
    clock.now -= 3600
    assert leases.claim("ec1", "a", "a", 10).number > first


def test_giving_back(clock):
    leases = Leases()
    lease = leases.claim("ec1", "till 1", "a", 90)
    leases.release("ec1", "a", lease.number - 1)  # an old number gives nothing back
    assert leases.current("ec1") == lease
    with pytest.raises(ApiError) as error:
        leases.release("ec1", "b", lease.number)
    refused(error, "DEVICE_HELD")
    leases.release("ec1", "a", lease.number)
    assert leases.current("ec1") is None
    leases.release("ec1", "a", lease.number)


def test_who_may_command(clock):
    leases = Leases()
    leases.admit("ec1", call("anybody"))
    lease = leases.claim("ec1", "till 1", "a", 90)
    leases.admit("ec1", call("a"))
    leases.admit("ec1", call("a", lease.number))
    leases.admit("ec1", call("b", lease.number))  # the holder handed the number on
    with pytest.raises(ApiError) as error:
        leases.admit("ec1", call("b"))
    refused(error, "DEVICE_HELD")
    for number in (lease.number - 1, lease.number + 1):
        with pytest.raises(ApiError) as error:
            leases.admit("ec1", call("a", number))
        refused(error, "LEASE_EXPIRED")
    clock.now += 91
    with pytest.raises(ApiError) as error:
        leases.admit("ec1", call("a", lease.number))
    refused(error, "LEASE_EXPIRED")
    leases.admit("ec1", call("b"))


def test_the_real_clock_is_used_in_seconds():
    lease = Leases().claim("ec1", "a", "a", 5)
    assert 0 < lease.expires - time.time() <= 5
