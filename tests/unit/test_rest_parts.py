"""Small parsers: filters, page sizes, timeouts, texts, routes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.api import ApiError, Code, check_text, page_size, parse_filter
from gateway.config import ServerConfig
from gateway.contract import methods
from gateway.faces.rest.guard import Guard
from gateway.faces.rest.routes import Routes
from gateway.faces.rest.server import _timeout
from kassenwart.v1 import Payment

FIELDS = ("state", "reference")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("   ", {}),
        ("state = APPROVED", {"state": Payment.APPROVED}),
        ("state=APPROVED", {"state": Payment.APPROVED}),
        ('reference = "a AND b"', None),
        ('reference = "a b"', {"reference": "a b"}),
        ('reference = ""', {"reference": ""}),
        ("reference=a=b", {"reference": "a=b"}),
        ("state = APPROVED AND reference = x", {"state": Payment.APPROVED, "reference": "x"}),
        ("state = approved", None),
        ("state != APPROVED", None),
        ("state = APPROVED OR state = DECLINED", None),
        ("amountMinor = 5", None),
        ("AND", None),
        ("state = APPROVED AND", None),
        ("name = x", None),
        ("x" * 600, None),
    ],
)
def test_filters(text, found):
    if found is None:
        with pytest.raises(ApiError) as error:
            parse_filter(text, FIELDS, Payment)
        assert error.value.code is Code.INVALID_ARGUMENT
        assert error.value.violations[0].pointer == "/filter"
    else:
        assert parse_filter(text, FIELDS, Payment) == found


@given(st.text(max_size=40) | st.text(alphabet='state = "AND refcPROV\n', max_size=40))
def test_any_filter_is_read_or_refused(text):
    try:
        found = parse_filter(text, FIELDS, Payment)
    except ApiError as error:
        if error.code is not Code.INVALID_ARGUMENT:
            raise
    else:
        assert set(found) <= set(FIELDS)


def test_filters_of_spelled_names():
    from kassenwart.v1 import Transaction

    assert parse_filter("clientId = a", ("client_id",), Transaction) == {"client_id": "a"}
    assert parse_filter("client_id = a", ("client_id",), Transaction) == {"client_id": "a"}


@given(st.text(max_size=12) | st.from_regex(r"[0-9]{1,9}[HMSmun]", fullmatch=True))
def test_any_timeout_is_read_or_refused(text):
    try:
        seconds = _timeout(text)
    except ApiError as error:
        if error.code is not Code.INVALID_ARGUMENT:
            raise
        assert not re.fullmatch(r"[0-9]{1,8}[HMSmun]", text, re.ASCII)
    else:
        assert (seconds is None) == (text == "")
        assert seconds is None or 0 <= seconds <= 99999999 * 3600


@pytest.mark.parametrize(
    ("text", "seconds"), [("1H", 3600), ("2M", 120), ("3S", 3), ("4m", 0.004), ("5u", 5e-6), ("6n", 6e-9), ("0S", 0)]
)
def test_units_of_timeouts(text, seconds):
    assert _timeout(text) == pytest.approx(seconds)


def test_page_sizes():
    assert [page_size(value) for value in (0, 1, 1000, 5000)] == [100, 1, 1000, 1000]
    with pytest.raises(ApiError):
        page_size(-1)


@given(st.text(max_size=20))
def test_texts(text):
    odd = len(text) > 10 or any(ord(sign) < 32 or ord(sign) == 127 for sign in text)
    try:
        check_text("/x", text, 10)
    except ApiError:
        assert odd
    else:
        assert not odd


@given(st.sampled_from(["GET", "POST", "PUT"]), st.text(alphabet="/v1devicstrml:{}%2Fopnaybj", max_size=40))
def test_any_path_is_found_or_not(verb, path):
    routes = Routes(methods())
    found = routes.find(verb, path)
    assert (found is not None) == (verb in routes.verbs(path))


def test_a_path_never_means_two_methods():
    routes = Routes(methods())
    for method in methods():
        path = re.sub(r"\{\w+\}", "x", method.path)
        hits = [one for pattern, one in routes._by_verb[method.verb] if pattern.fullmatch(path)]
        assert hits == [method], path


@given(st.text(max_size=30))
def test_any_host_and_origin_is_known_or_refused(text):
    guard = Guard(ServerConfig())
    for headers in ({"Host": text}, {"Host": "localhost", "Origin": text}):
        try:
            guard.check(headers)
        except ApiError as error:
            if error.code is not Code.PERMISSION_DENIED:
                raise
        assert isinstance(guard.cors(headers), dict)


def test_rebinding_by_any_name_of_ones_own_is_refused():
    guard = Guard(ServerConfig(allowed_hosts=("kasse.test",)))
    for host in ("evil.test", "127.0.0.1.evil.test", "kasse.test.evil.test", "xkasse.test", "0x7f000001"):
        with pytest.raises(ApiError):
            guard.check({"Host": host})
    for host in ("kasse.test", "KASSE.TEST:80", "10.1.2.3", "[fe80::1]:80"):
        guard.check({"Host": host})
