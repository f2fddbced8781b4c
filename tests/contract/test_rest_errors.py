"""The REST face says no in one format: problem+json with code, reason and outcome, whatever the mistake."""

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.api import ApiError, Code
from gateway.contract import methods
from gateway.faces.rest import codec
from tests.support import Shop


@pytest.fixture
async def shop(tmp_path):
    async with Shop(tmp_path) as shop:
        yield shop


async def problem(shop, verb, path, body=None, *, status, reason=None, **kwargs):
    """A call that must fail with a well-formed problem; returns it with the headers."""
    got, document, headers = await shop.call(verb, path, body, **kwargs)
    assert got == status, document
    assert headers["Content-Type"].startswith("application/problem+json")
    assert {"type", "title", "status", "detail", "code", "reason", "outcome", "requestId"} <= set(document)
    assert document["status"] == status
    assert document["outcome"] in {"not_started", "unknown", "failed"}
    assert document["requestId"] == headers["X-Request-Id"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "Traceback" not in json.dumps(document)
    if reason is not None:
        assert document["reason"] == reason
    return document, headers


async def raw(shop, data, *, hang_up=False):
    """Bytes to the REST port as they are; what comes back until it closes."""
    host, port = shop.rest.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(data)
        if hang_up:
            return await writer.drain()
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()


async def test_wrong_places(shop):
    for path in (
        "/nothing",
        "/v1",
        "/v1/",
        "/v2/devices",
        "/v1/devices/",
        "/v1/devices/a/b",
        "/docs/secret",
        "/static/",
    ):
        document, _ = await problem(shop, "GET", path, status=404)
        assert document["code"] == "NOT_FOUND"
    await problem(shop, "GET", "/static/../../pages.py", status=404)
    await problem(shop, "GET", "/static/%2e%2e%2fpages.py", status=404)


async def test_wrong_verbs_tell_the_right_ones(shop):
    document, headers = await problem(shop, "DELETE", "/v1/devices", status=405, reason="METHOD_NOT_ALLOWED")
    assert headers["Allow"] == "GET, POST"
    assert document["code"] == "UNIMPLEMENTED"
    _, headers = await problem(shop, "PUT", "/v1/devices/receipt", {}, status=405)
    assert headers["Allow"] == "DELETE, GET, PATCH"
    _, headers = await problem(shop, "GET", "/v1/drawers/drawer:open", status=405)
    assert headers["Allow"] == "POST"
    await problem(shop, "PROPFIND", "/v1/system", status=405)
    await problem(shop, "PROPFIND", "/coffee", status=404)


@pytest.mark.parametrize(
    ("body", "pointer", "words"),
    [
        (b"{", "", "not valid JSON"),
        (b'{"a": 1} x', "", "not valid JSON"),
        (b"\xff\xfe\x00", "", "UTF-8"),
        (b"[]", "", "must be a JSON object"),
        (b"null", "", "must be a JSON object"),
        (b'{"amountMinor": NaN}', "", "NaN"),
        (b'{"amountMinor": 1, "amountMinor": 2}', "", "stands twice"),
        (b"[" * 100_000, "", "JSON"),
        (b'{"amountMinor": ' + b"9" * 5000 + b"}", "", ""),
        (b'{"amount": 1}', "/amount", "amountMinor"),
        (b'{"amountMinor": "x"}', "/amountMinor", "whole number of 64 bits"),
        (b'{"amountMinor": 1.5}', "/amountMinor", "whole number"),
        (b'{"amountMinor": 99999999999999999999}', "/amountMinor", "64 bits"),
        (b'{"amountMinor": true}', "/amountMinor", "whole number"),
        (b'{"amountMinor": []}', "/amountMinor", "whole number"),
        (b'{"currencyCode": 1}', "/currencyCode", "must be text"),
        (b'{"kind": "GIFT"}', "/kind", "SALE"),
        (b'{"wait": "soon"}', "/wait", "30s"),
        (b'{"wait": 3}', "/wait", "30s"),
        (b'{"wait": {}}', "/wait", "30s"),
        (b'{"amountMinor": 1, "wait": "601s"}', "/wait", "600"),
        (b'{"amountMinor": 1, "wait": "-1s"}', "/wait", "600"),
        (b'{"amountMinor": 0}', "/amountMinor", "from 1 to"),
        (b'{"amountMinor": -5}', "/amountMinor", "from 1 to"),
        (b'{"amountMinor": 1000000000000}', "/amountMinor", "from 1 to"),
        (b'{"amountMinor": 1, "currencyCode": "USD"}', "/currencyCode", "EUR"),
        (b'{"amountMinor": 1, "reference": "' + b"x" * 129 + b'"}', "/reference", "128"),
        (b'{"amountMinor": 1, "reference": "a\\u0007b"}', "/reference", "control"),
        (b'{"amountMinor": 1, "requestId": "' + b"x" * 65 + b'"}', "/requestId", "64"),
        (b'{"amountMinor": 1, "requestId": "a\\nb"}', "/requestId", "control"),
        (b'{"amountMinor": 1, "reference": "\\ud800"}', "", ""),
    ],
)
async def test_wrong_bodies_are_told_with_their_place(shop, body, pointer, words):
    document, _ = await problem(
        shop, "POST", "/v1/terminals/ec1/payments", body, status=400, Content_Type="application/json"
    )
    assert document["code"] == "INVALID_ARGUMENT"
    assert document["outcome"] == "not_started"
    assert document["errors"][0]["pointer"].startswith(pointer)
    assert words in document["errors"][0]["detail"]
    assert shop.devices.booked() == []


@pytest.mark.parametrize(
    ("document", "pointer", "words"),
    [
        ({"blocks": [{"text": {"text": "a"}}, {"textt": {}}]}, "/document/blocks/1/textt", "not a known field"),
        ({"blocks": [{"text": {"text": "a", "align": "MIDDLE"}}]}, "/document/blocks/0/text/align", "CENTER"),
        ({"blocks": [{"text": {"text": "a"}, "cut": {}}]}, "/document/blocks/0", "only one kind"),
        ({"blocks": {"text": {}}}, "/document/blocks", "must be a list"),
        ({"blocks": [1]}, "/document/blocks/0", "must be an object"),
        ({"blocks": [{"text": "a"}]}, "/document/blocks/0/text", "must be an object"),
        ("x", "/document", "must be an object"),
    ],
)
async def test_places_deep_in_a_document(shop, document, pointer, words):
    answer, _ = await problem(shop, "POST", "/v1/printers/receipt/jobs", {"document": document}, status=400)
    assert answer["errors"][0]["pointer"] == pointer
    assert words in answer["errors"][0]["detail"]


async def test_other_odd_fields(shop):
    document, _ = await problem(
        shop, "POST", "/v1/devices", {"id": "x", "driver": "zvt", "options": {"a": 1}}, status=400
    )
    assert document["errors"][0]["pointer"] == "/options"
    document, _ = await problem(
        shop, "POST", "/v1/tse/tse/transactions/1:finish", {"processType": "x", "processData": "?!"}, status=400
    )
    assert document["errors"][0] == {"pointer": "/processData", "detail": "must be base64"}


async def test_wrong_queries_are_told_with_their_place(shop):
    for query, pointer in (
        ("colour=red", "/colour"),
        ("pageSize=x", "/pageSize"),
        ("pageSize=-1", "/pageSize"),
        ("pageSize=1&pageSize=2", "/pageSize"),
        ("pageSize=99999999999", "/pageSize"),
        ("filter=state", "/filter"),
        ("filter=colour%20%3D%20red", "/filter"),
        ("filter=state%20%3D%20GREEN", "/filter"),
        (f"filter={'x' * 600}", "/filter"),
    ):
        document, _ = await problem(shop, "GET", f"/v1/devices?{query}", status=400)
        assert document["errors"][0]["pointer"] == pointer, query
    await problem(shop, "GET", "/v1/events?resumeAfter=x", status=400)
    await problem(shop, "GET", "/v1/events?resumeAfter=%D9%A3", status=400)
    await problem(shop, "POST", "/v1/drawers/drawer:open?reason=x", {}, status=400)
    await problem(shop, "GET", "/v1/devices", b"{}", status=400, Content_Type="application/json")
    await problem(shop, "DELETE", "/v1/devices/none", b"x", status=400)


async def test_bodies_must_be_json(shop):
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "application/xml",
    ):
        document, _ = await problem(
            shop, "POST", "/v1/drawers/drawer:open", b"{}", status=415, reason="MEDIA_TYPE", Content_Type=kind
        )
        assert kind.partition(";")[0] in document["detail"]
    assert shop.devices.journals["receipt"].of("drawer_kick") == []


async def test_bodies_have_a_limit(shop):
    head = (
        f"POST /v1/drawers/drawer:open HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {shop.tokens['pos']}\r\n"
        "Content-Type: application/json\r\nConnection: close\r\n"
    )
    limit = 1 << 20
    for size, status, reason in ((limit, 400, "INVALID_ARGUMENT"), (limit + 1, 413, "REQUEST_TOO_LARGE")):
        body = b'{"reason": "' + b"x" * (size - 14) + b'"}'
        assert len(body) == size
        for framing, sent in (
            (f"Content-Length: {size}\r\n\r\n", body),
            ("Transfer-Encoding: chunked\r\n\r\n", b"%x\r\n%s\r\n0\r\n\r\n" % (size, body)),
        ):
            answer = await raw(shop, head.encode() + framing.encode() + sent)
            first, _, document = answer.partition(b"\r\n\r\n")
            assert first.split()[1] == str(status).encode()
            assert json.loads(document)["reason"] == reason  # of the right size: only its reason is too long
    assert shop.devices.journals["receipt"].of("drawer_kick") == []


async def test_odd_characters_in_ids(shop):
    await problem(shop, "GET", "/v1/devices/a%2Fb", status=404)
    document, _ = await problem(shop, "GET", "/v1/devices/receipt%2F", status=404)
    assert "receipt/" in document["detail"]  # an escaped slash is part of the id, not of the path
    for path in ("%00", "%0d%0aX-Evil:%201", "%7f", "%c2%85", "%ff", "%ED%A0%80", "x" * 201, "%20", "..%2f..", "%25"):
        document, headers = await problem(shop, "GET", f"/v1/devices/{path}", status=404)
        assert "X-Evil" not in headers
    await problem(shop, "POST", "/v1/drawers/dr%00awer:open", {}, status=404)
    await problem(shop, "GET", "/v1/terminals/ec1/payments/%2e%2e", status=404)


async def test_garbage_instead_of_http(shop):
    for data in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,  # TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"hello there\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /v1/drawers/drawer:open HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        bytes(range(256)) * 4,
    ):
        answer = await raw(shop, data)
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.splitlines()[0].split()[1] == b"400", answer
        assert b"application/problem+json" in head
        assert json.loads(body)["reason"] == "BAD_HTTP"
        assert b"aiohttp" not in answer
    assert await shop.ok("GET", "/livez") == {"status": "alive"}


async def test_a_client_that_stops_in_mid_body(shop):
    head = f"POST /v1/drawers/drawer:open HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {shop.tokens['pos']}\r\n"
    await raw(shop, head.encode() + b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{", hang_up=True)
    assert await shop.ok("GET", "/livez") == {"status": "alive"}
    assert shop.devices.journals["receipt"].of("drawer_kick") == []


async def test_call_ids_are_taken_over_when_they_are_sane(shop):
    _, _, headers = await shop.call("GET", "/v1/system", X_Request_Id="till-1:42")
    assert headers["X-Request-Id"] == "till-1:42"
    for odd in ("a b", "x" * 65, "ä", "<script>"):
        _, _, headers = await shop.call("GET", "/v1/system", X_Request_Id=odd)
        assert headers["X-Request-Id"] not in {odd, ""}


async def test_the_timeout_header_must_be_right(shop):
    for odd in ("5", "S", "5s", "-1S", "123456789S", "1.5S", "٣S", "x" * 100):
        document, _ = await problem(shop, "GET", "/v1/system", status=400, Grpc_Timeout=odd)
        assert "Grpc-Timeout" in document["detail"]
    for right in ("1H", "1M", "5S", "5000m", "5000000u", "99999999n"):
        assert (await shop.call("GET", "/v1/devices", Grpc_Timeout=right))[0] == 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["document", "blocks", "text", "wait", "requestId", "raw", "copies", "priority", "expireTime"]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


def test_nothing_read_makes_an_internal_error():
    """Whatever comes, the codec makes a message or INVALID_ARGUMENT with a place."""
    bodies = [method for method in methods() if method.body]

    def attempt(work):
        try:
            work()
        except ApiError as error:
            if error.code is not Code.INVALID_ARGUMENT or not error.violations:
                raise

    @settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(st.sampled_from(bodies), JSON)
    def read_json(method, value):
        attempt(lambda: codec.decode_body(method, json.dumps(value).encode()))

    @settings(max_examples=300, deadline=None)
    @given(st.sampled_from(bodies), st.binary(max_size=60) | st.text(alphabet='{}[]":,0aeE+-.\\u ntf').map(str.encode))
    def read_bytes(method, body):
        attempt(lambda: codec.decode_body(method, body))

    names = st.sampled_from(["pageSize", "page_size", "filter", "types", "device"])

    @settings(max_examples=300, deadline=None)
    @given(st.sampled_from(methods()), st.lists(st.tuples(names, st.text(max_size=8))))
    def read_query(method, query):
        attempt(lambda: codec.bind_query(method.request(), query))

    read_json()
    read_bytes()
    read_query()
