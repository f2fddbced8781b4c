"""The REST face when all is well: JSON in and out, pages of lists, browsers, probes, names that read back."""

import pytest

from tests.support import Shop
from tests.support.shop import until

ORIGIN = "https://till.example"


@pytest.fixture
async def shop(tmp_path):
    async with Shop(tmp_path, server=f'allowed_origins = ["{ORIGIN}"]\nallowed_hosts = ["kasse.test"]') as shop:
        yield shop


async def pay(shop, **fields):
    return await shop.ok(
        "POST", "/v1/terminals/ec1/payments", {"amountMinor": 100, "wait": "10s", **fields}, role="pos"
    )


async def test_whole_numbers_of_64_bits_come_as_number_or_text_and_go_out_as_text(shop):
    await shop.ready("ec1")
    first = await pay(shop, amountMinor=1190)
    second = await pay(shop, amountMinor="1191")
    assert (first["amountMinor"], second["amountMinor"]) == ("1190", "1191")
    assert shop.devices.booked() == [1190, 1191]


async def test_field_names_in_both_spellings(shop):
    await shop.ready("ec1")
    paid = await shop.ok(
        "POST", "/v1/terminals/ec1/payments", {"amount_minor": 5, "currency_code": "EUR", "wait": "10s"}
    )
    assert paid["amountMinor"] == "5"


async def test_defaults_are_printed(shop):
    device = await shop.ok("GET", "/v1/devices/drawer")
    assert {"name", "id", "kind", "driver", "address", "state", "reason", "options", "enabled", "development"} <= set(
        device
    )
    assert device["address"] == ""
    assert device["development"] is False
    assert "lease" not in device  # a message that is not there is left out
    calls = await shop.ok("GET", "/v1/calls")
    assert calls == {"calls": [], "nextPageToken": ""}


async def test_an_empty_body_is_an_empty_request(shop):
    await shop.ready("receipt")
    opened = await shop.ok("POST", "/v1/drawers/drawer:open")
    assert opened["state"] == "PULSED"


async def test_the_path_outranks_the_body(shop):
    tested = await shop.ok("POST", "/v1/devices/receipt:test", {"device": "ec1"})
    assert tested["device"]["id"] == "receipt"


async def test_every_resource_reads_back_by_its_name(shop):
    await shop.ready()
    payment = await pay(shop)
    job = await shop.ok(
        "POST",
        "/v1/printers/receipt/jobs",
        {"document": {"blocks": [{"text": {"text": "a"}}, {"cut": {}}]}, "wait": "10s"},
    )
    opening = await shop.ok("POST", "/v1/drawers/drawer:open", {})
    transaction = await shop.ok("POST", "/v1/tse/tse/transactions", {})
    await shop.devices.fritz.ring("03023125001")

    async def has_call():
        return bool((await shop.ok("GET", "/v1/calls"))["calls"])

    await until(has_call)
    [call] = (await shop.ok("GET", "/v1/calls"))["calls"]
    for resource in (payment, job, opening, transaction, call):
        assert await shop.ok("GET", f"/v1/{resource['name']}", role="pos") == resource
    for collection, key in (
        ("terminals/ec1/payments", "payments"),
        ("printers/receipt/jobs", "jobs"),
        ("drawers/drawer/openings", "openings"),
        ("tse/tse/transactions", "transactions"),
    ):
        [found] = (await shop.ok("GET", f"/v1/{collection}"))[key]
        assert found["name"].startswith(collection)
    for name in ("drawers/drawer", "tse/tse", "printers/receipt/status", "system"):
        assert (await shop.ok("GET", f"/v1/{name}"))["name"] == name
    for device in (await shop.ok("GET", "/v1/devices"))["devices"]:
        assert (await shop.ok("GET", f"/v1/{device['name']}"))["id"] == device["id"]


async def test_lists_in_pages(shop):
    await shop.ready("ec1")
    names = [(await pay(shop, reference=f"r{number}"))["name"] for number in range(5)]
    found, token = [], ""
    while True:
        page = await shop.ok("GET", f"/v1/terminals/ec1/payments?pageSize=2&pageToken={token}")
        found += [payment["name"] for payment in page["payments"]]
        token = page["nextPageToken"]
        if not token:
            break
    assert found == names[::-1]
    devices, token = [], ""
    while True:
        page = await shop.ok("GET", f"/v1/devices?page_size=2&page_token={token}")
        devices += [device["id"] for device in page["devices"]]
        token = page["nextPageToken"]
        if not token:
            break
    assert devices == ["drawer", "ec1", "fritz", "receipt", "tse"]


async def test_lists_are_filtered(shop):
    await shop.ready()
    await pay(shop, reference="a b")
    await pay(shop, amountMinor=900001, reference="c")  # declined, see the simulator
    for text, count in (
        ("", 2),
        ("state = APPROVED", 1),
        ("state=DECLINED AND reference=c", 1),
        ("state=DECLINED AND reference=x", 0),
        ('reference = "a b"', 1),
    ):
        answer = await shop.ok("GET", f"/v1/terminals/ec1/payments?filter={text.replace(' ', '%20')}")
        assert len(answer["payments"]) == count, text
    devices = (await shop.ok("GET", "/v1/devices?filter=kind%20%3D%20PRINTER"))["devices"]
    assert [device["id"] for device in devices] == ["receipt"]
    devices = (await shop.ok("GET", "/v1/devices?filter=state=READY%20AND%20kind=DRAWER"))["devices"]
    assert [device["id"] for device in devices] == ["drawer"]


async def test_pictures_and_texts_come_as_they_are(shop):
    document = {"blocks": [{"text": {"text": "Grüße"}}]}
    status, body, headers = await shop.call("POST", "/v1/documents:render", {"document": document, "format": "TEXT"})
    assert (status, headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert "Grüße" in body.decode()
    status, body, headers = await shop.call("POST", "/v1/documents:render", {"document": document})
    assert (status, headers["Content-Type"]) == (200, "image/png")
    assert body.startswith(b"\x89PNG")


# --- browsers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "", "127.0.0.1.evil.example", "kasse.test.evil", "[", "a@b:c"]
)
async def test_foreign_host_names_are_refused(shop, host):
    status, document, _ = await shop.call("GET", "/livez", Host=host)
    assert status in {400, 421} if host in {"[", "a@b:c"} else status == 421
    assert document["reason"] in {"HOST_UNKNOWN", "BAD_HTTP"}


async def test_known_host_names_are_taken(shop):
    port = shop.rest.rpartition(":")[2]
    for host in (
        "localhost",
        f"LOCALHOST:{port}",
        "127.0.0.1",
        "[::1]:1",
        "192.168.7.7",
        "kasse.test:80",
        "localhost.",
    ):
        assert (await shop.call("GET", "/livez", Host=host))[0] == 200, host


async def test_foreign_pages_are_refused_before_anything_happens(shop):
    await shop.ready("receipt")
    for origin in ("https://evil.example", "null", f"{ORIGIN}.evil", "http://till.example", f"{ORIGIN}:8443", "*"):
        status, document, headers = await shop.call("POST", "/v1/drawers/drawer:open", {}, Origin=origin)
        assert (status, document["reason"]) == (403, "ORIGIN_NOT_ALLOWED")
        assert "Access-Control-Allow-Origin" not in headers
        assert headers["Vary"] == "Origin"
    assert shop.devices.journals["receipt"].of("drawer_kick") == []


async def test_allowed_pages_may_read_answers_and_problems(shop):
    for path, expected in (("/v1/system", 200), ("/v1/devices/none", 404)):
        status, _, headers = await shop.call("GET", path, Origin=ORIGIN)
        assert status == expected
        assert headers["Access-Control-Allow-Origin"] == ORIGIN
        assert headers["Vary"] == "Origin"
        exposed = headers["Access-Control-Expose-Headers"].split(", ")
        assert {"retry-after", "x-request-id", "idempotency-replayed"} <= set(exposed)
    host = shop.rest.removeprefix("http://")
    assert (await shop.call("GET", "/livez", Origin=shop.rest, Host=host))[0] == 200  # our own page


async def test_preflights(shop):
    asked = {
        "Access_Control_Request_Method": "POST",
        "Access_Control_Request_Headers": "authorization,idempotency-key",
        "Access_Control_Request_Private_Network": "true",
    }
    status, _, headers = await shop.call("OPTIONS", "/v1/drawers/drawer:open", role=None, Origin=ORIGIN, **asked)
    assert status == 204
    assert headers["Access-Control-Allow-Origin"] == ORIGIN
    assert headers["Access-Control-Allow-Private-Network"] == "true"
    assert {"GET", "POST", "PATCH", "DELETE"} == set(headers["Access-Control-Allow-Methods"].split(", "))
    allowed = set(headers["Access-Control-Allow-Headers"].split(", "))
    assert allowed == {
        "authorization",
        "content-type",
        "idempotency-key",
        "last-event-id",
        "grpc-timeout",
        "traceparent",
    }
    status, _, headers = await shop.call("OPTIONS", "/v1/system", role=None, Origin=ORIGIN)
    assert "Access-Control-Allow-Private-Network" not in headers
    status, _, headers = await shop.call("OPTIONS", "/v1/system", role=None, Origin="https://evil.example", **asked)
    assert status == 403
    assert "Access-Control-Allow-Private-Network" not in headers


# --- outside the contract --------------------------------------------------------------------------------------------


async def test_probes(shop):
    assert (await shop.call("GET", "/livez", role=None))[:2] == (200, {"status": "alive"})
    assert (await shop.call("HEAD", "/livez", role=None))[0] == 200
    for path in ("/readyz", "/metrics"):
        assert (await shop.call("GET", path, role=None))[0] == 401
        assert (await shop.call("GET", path, role="pos"))[0] == 403
        assert (await shop.call("GET", path, role="metrics"))[0] == 200
        assert (await shop.call("POST", path, role="metrics"))[0] == 404
    assert await shop.ok("GET", "/readyz", role="technician") == {"status": "ready"}


async def test_a_daemon_that_stops_is_not_ready(shop):
    shop.app._ready = False
    status, document, headers = await shop.call("GET", "/readyz")
    assert (status, document["reason"]) == (503, "NOT_READY")
    assert headers["Retry-After"] == "2"


async def test_pages_and_their_headers(shop):
    for path, kind in (
        ("/docs/swagger-ui.css", "text/css"),
        ("/docs/swagger-ui-bundle.js", "text/javascript"),
        ("/docs/favicon-32x32.png", "image/png"),
    ):
        status, body, headers = await shop.call("GET", path, role=None)
        assert status == 200, path
        assert headers["Content-Type"].startswith(kind)
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert body


async def test_the_api_document_needs_no_token(shop):
    status, document, _ = await shop.call("GET", "/openapi.json", role=None)
    assert (status, document["openapi"]) == (200, "3.1.0")
