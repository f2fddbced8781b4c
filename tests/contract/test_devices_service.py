"""Devices at run time: made, changed and removed, kept over restarts; tests and leases."""

import sqlite3

import pytest

from tests.support import Shop
from tests.support.shop import until


@pytest.fixture
async def shop(tmp_path):
    async with Shop(tmp_path) as shop:
        yield shop


async def ids(shop):
    return [device["id"] for device in (await shop.ok("GET", "/v1/devices"))["devices"]]


async def restart(shop):
    await shop.stop()
    await shop.start()


async def test_a_device_made_at_run_time_is_kept(shop):
    await shop.ready("receipt")
    body = {"id": "kitchen", "driver": "escpos", "address": f"127.0.0.1:{shop.devices.ports['receipt']}"}
    preview = await shop.ok("POST", "/v1/devices", {**body, "validateOnly": True})
    assert (preview["name"], preview["kind"]) == ("devices/kitchen", "PRINTER")
    assert "kitchen" not in await ids(shop)
    made = await shop.ok("POST", "/v1/devices", {**body, "options": {"columns": "32"}})
    assert made["options"] == {"columns": "32"}
    assert made["enabled"]
    status, problem, _ = await shop.call("POST", "/v1/devices", body)
    assert (status, problem["code"]) == (409, "ALREADY_EXISTS")
    await restart(shop)
    assert (await shop.ok("GET", "/v1/devices/kitchen"))["options"] == {"columns": "32"}
    await shop.ok("DELETE", "/v1/devices/kitchen")
    assert (await shop.call("GET", "/v1/devices/kitchen"))[0] == 404
    await restart(shop)
    assert "kitchen" not in await ids(shop)


async def test_devices_that_come_and_go_quickly_harm_nobody(shop):
    for number in range(8):
        body = {"id": f"d{number}", "driver": "escpos", "address": "127.0.0.1:1"}
        await shop.ok("POST", "/v1/devices", body)
        if number % 2:
            await shop.ok("DELETE", f"/v1/devices/d{number}")
            await shop.ok("DELETE", f"/v1/devices/d{number - 1}")
    assert await ids(shop) == ["drawer", "ec1", "fritz", "receipt", "tse"]
    await shop.ready()


async def test_a_device_of_the_file_is_overridden_and_removed_over_restarts(shop):
    await shop.ready("receipt")
    changed = await shop.ok("PATCH", "/v1/devices/receipt", {"options": {"columns": "32"}})
    assert changed["options"] == {"columns": "32"}
    assert changed["address"].endswith(str(shop.devices.ports["receipt"]))
    preview = await shop.ok("PATCH", "/v1/devices/receipt", {"enabled": False, "validateOnly": True})
    assert preview["enabled"] is False
    assert (await shop.ok("GET", "/v1/devices/receipt"))["enabled"]
    await shop.ok("PATCH", "/v1/devices/ec1", {"enabled": False})
    await shop.ok("DELETE", "/v1/devices/fritz")
    for _ in range(2):
        assert (await shop.ok("GET", "/v1/devices/receipt"))["options"] == {"columns": "32"}
        assert (await shop.ok("GET", "/v1/devices/ec1"))["state"] == "DISABLED"
        assert "fritz" not in await ids(shop)
        status, problem, _ = await shop.call("POST", "/v1/terminals/ec1/payments", {"amountMinor": 1})
        assert (status, problem["reason"]) == (400, "DEVICE_DISABLED")
        await restart(shop)
    await shop.ok("PATCH", "/v1/devices/ec1", {"enabled": True})
    await shop.ready("ec1", "receipt")


async def test_what_cannot_be_is_refused_with_its_place(shop):
    for body, pointer in (
        ({"id": "A b", "driver": "escpos", "address": "a"}, "/id"),
        ({"id": "", "driver": "escpos", "address": "a"}, "/id"),
        ({"id": "x", "driver": "epson", "address": "a"}, "/driver"),
        ({"id": "x", "driver": "escpos"}, "/address"),
        ({"id": "x", "driver": "escpos", "address": "a", "options": {"columns": "1"}}, "/options/columns"),
        ({"id": "x", "driver": "escpos", "address": "a", "options": {"colour": "1"}}, "/options/colour"),
        ({"id": "x", "driver": "printer-drawer"}, "/options/printer"),
        ({"id": "x", "driver": "printer-drawer", "options": {"printer": "ec1"}}, "/options/printer"),
        ({"id": "x", "driver": "printer-drawer", "options": {"printer": "none"}}, "/options/printer"),
    ):
        for only in (True, False):
            status, problem, _ = await shop.call("POST", "/v1/devices", {**body, "validateOnly": only})
            assert (status, problem["errors"][0]["pointer"]) == (400, pointer)
    status, problem, _ = await shop.call("PATCH", "/v1/devices/receipt", {"driver": "zvt"})
    assert (status, problem["errors"][0]["pointer"]) == (400, "/driver")
    assert (await shop.call("PATCH", "/v1/devices/none", {}))[0] == 404
    assert (await shop.call("DELETE", "/v1/devices/none"))[0] == 404
    assert len(await ids(shop)) == 5


async def test_a_busy_device_is_neither_changed_nor_removed(shop):
    await shop.ready("ec1")
    payment = await shop.ok("POST", "/v1/terminals/ec1/payments", {"amountMinor": 100})

    async def given():
        return (await shop.ok("GET", f"/v1/{payment['name']}"))["state"] == "IN_PROGRESS"

    await until(given)
    for verb, body in (("DELETE", None), ("PATCH", {"enabled": False})):
        status, problem, _ = await shop.call(verb, "/v1/devices/ec1", body)
        assert (status, problem["reason"]) == (400, "DEVICE_BUSY")
        assert "payment" in problem["detail"]

    async def paid():
        return (await shop.ok("GET", f"/v1/{payment['name']}"))["state"] == "APPROVED"

    await until(paid)
    await shop.ok("DELETE", "/v1/devices/ec1")
    assert (await shop.ok("GET", f"/v1/{payment['name']}"))["state"] == "APPROVED"  # stays readable
    assert b'device_up{device="ec1"' not in (await shop.call("GET", "/metrics"))[1]


async def test_passwords_do_not_come_out(shop):
    await shop.ok("PATCH", "/v1/devices/ec1", {"options": {"password": "123456"}})
    _, text, _ = await shop.call("GET", "/v1/devices")
    assert "123456" not in str(text)
    preview = await shop.ok("PATCH", "/v1/devices/ec1", {"options": {"password": "654321"}, "validateOnly": True})
    assert "654321" not in str(preview)
    async with shop._http.get(
        f"{shop.rest}/v1/events?resumeAfter=0", headers={"Authorization": f"Bearer {shop.tokens['pos']}"}
    ) as answer:
        data = b""
        while b"device.updated" not in data:
            data += await answer.content.read(65536)
    assert b"123456" not in data


async def test_changes_are_written_with_who_did_them(shop):
    await shop.ok("PATCH", "/v1/devices/receipt", {"options": {"columns": "42"}})
    headers = {"Authorization": f"Bearer {shop.tokens['pos']}"}
    path = "/v1/events?resumeAfter=0&types=kassenwart.device.updated"
    async with shop._http.get(shop.rest + path, headers=headers) as answer:
        data = await answer.content.readuntil(b"}\n")
    assert b'"principal":"technician"' in data


async def test_connection_tests_speak_plainly(shop):
    await shop.ready()
    for device in await ids(shop):
        tested = await shop.ok("POST", f"/v1/devices/{device}:test", {}, role="pos")
        assert tested["ok"], device
        assert tested["message"]
        assert tested["device"]["id"] == device
    await shop.devices.terminal.stop()
    await shop.ok("PATCH", "/v1/devices/drawer", {"enabled": False})
    tested = await shop.ok("POST", "/v1/devices/drawer:test", {})
    assert (tested["ok"], tested["hints"] != []) == (False, True)
    await shop.ok("DELETE", "/v1/devices/drawer")
    assert (await shop.call("POST", "/v1/devices/drawer:test", {}))[0] == 404
    assert shop.devices.booked() == []
    assert shop.devices.journals["receipt"].of("drawer_kick") == []


async def test_a_drawer_without_its_printer(shop):
    await shop.ready("receipt")
    await shop.ok("DELETE", "/v1/devices/receipt")
    drawer = await shop.ok("GET", "/v1/devices/drawer")
    assert (drawer["state"], "receipt" in drawer["reason"]) == ("OFFLINE", True)
    assert (await shop.call("POST", "/v1/drawers/drawer:open", {}))[0] == 404
    assert (await shop.call("POST", "/v1/devices/drawer:test", {}))[0] == 404


async def test_leases_over_the_api(shop):
    lease = await shop.ok("POST", "/v1/devices/ec1:claim", {"holder": "till 1", "ttl": "60s"}, role="pos")
    assert (lease["holder"], lease["principal"], lease["name"]) == ("till 1", "pos", "devices/ec1/lease")
    assert (await shop.ok("GET", "/v1/devices/ec1"))["lease"] == lease
    renewed = await shop.ok("POST", "/v1/devices/ec1:claim", {"holder": "till 1", "ttl": "120s"}, role="pos")
    assert renewed["number"] == lease["number"]
    assert renewed["expireTime"] > lease["expireTime"]
    status, problem, headers = await shop.call("POST", "/v1/devices/ec1:claim", {"holder": "till 2"})
    assert (status, problem["reason"]) == (409, "DEVICE_HELD")
    assert 0 < int(headers["Retry-After"]) <= 120
    status, problem, _ = await shop.call("POST", "/v1/terminals/ec1/payments", {"amountMinor": 1})
    assert (status, problem["reason"]) == (409, "DEVICE_HELD")
    status, _, _ = await shop.call("POST", "/v1/devices/ec1:release", {"number": lease["number"]})
    assert status == 409
    await shop.ok("POST", "/v1/devices/ec1:release", {"number": lease["number"]}, role="pos")
    assert "lease" not in await shop.ok("GET", "/v1/devices/ec1")
    for body, pointer in (({"ttl": "0.5s"}, "/ttl"), ({"ttl": "3601s"}, "/ttl"), ({"holder": "x" * 65}, "/holder")):
        status, problem, _ = await shop.call("POST", "/v1/devices/ec1:claim", body)
        assert (status, problem["errors"][0]["pointer"]) == (400, pointer)
    assert (await shop.call("POST", "/v1/devices/none:claim", {}))[0] == 404


async def test_a_stored_device_that_can_no_longer_be_made_is_left_out(shop):
    await shop.ok("PATCH", "/v1/devices/receipt", {"options": {"columns": "32"}})
    await shop.stop()
    connection = sqlite3.connect(shop.folder / "state" / "kassenwart.db")
    connection.execute("""UPDATE devices SET spec = replace(spec, '"escpos"', '"gone"')""")
    connection.commit()
    connection.close()
    await shop.start()
    assert "receipt" not in await ids(shop)
    assert "ec1" in await ids(shop)
