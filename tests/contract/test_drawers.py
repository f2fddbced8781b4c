"""Drawers: one pulse for one wish, coils that rest, and who opened it and why."""

import sqlite3

import pytest

from kassenwart.v1 import DrawerOpening
from tests.support import Shop

OPEN = "/v1/drawers/drawer:open"


@pytest.fixture
async def shop(tmp_path):
    async with Shop(tmp_path) as shop:
        await shop.ready("receipt")
        yield shop


def kicks(shop):
    return len(shop.devices.journals["receipt"].of("drawer_kick"))


async def test_who_and_why_is_kept(shop):
    opened = await shop.ok("POST", OPEN, {"reason": "change"}, role="pos")
    assert (opened["state"], opened["reason"], opened["principal"]) == ("PULSED", "change", "pos")
    drawer = await shop.ok("GET", "/v1/drawers/drawer")
    assert drawer["lastOpening"] == opened
    assert (drawer["printer"], drawer["pin"]) == ("receipt", 2)
    assert "senseHigh" in drawer
    listed = await shop.ok("GET", "/v1/drawers/drawer/openings?filter=state=PULSED")
    assert listed["openings"] == [opened]
    assert (await shop.ok("GET", "/v1/drawers/drawer/openings?filter=state=FAILED"))["openings"] == []
    assert (await shop.call("GET", "/v1/drawers/drawer/openings/none"))[0] == 404
    assert (await shop.call("GET", "/v1/drawers/receipt"))[0] == 404
    assert (await shop.call("POST", "/v1/drawers/none:open", {}))[0] == 404
    assert (await shop.call("GET", "/v1/drawers/none/openings"))[0] == 404
    assert kicks(shop) == 1


async def test_a_coil_must_rest(shop, monkeypatch):
    await shop.ok("POST", OPEN, {})
    status, problem, headers = await shop.call("POST", OPEN, {})
    assert (status, problem["reason"], problem["outcome"]) == (429, "DRAWER_TOO_FAST", "not_started")
    assert headers["Retry-After"] == "1"
    assert kicks(shop) == 1
    monkeypatch.setattr("gateway.services.drawers._REST", 0.0)
    await shop.ok("POST", OPEN, {})
    assert kicks(shop) == 2


async def test_two_drawers_have_two_coils(shop):
    await shop.ok(
        "POST",
        "/v1/devices",
        {"id": "second", "driver": "printer-drawer", "options": {"printer": "receipt", "pin": "5"}},
    )
    await shop.ok("POST", OPEN, {})
    opened = await shop.ok("POST", "/v1/drawers/second:open", {})
    assert opened["state"] == "PULSED"
    assert (await shop.ok("GET", "/v1/drawers/second"))["pin"] == 5
    assert len({str(kick.get("pin")) for kick in shop.devices.journals["receipt"].of("drawer_kick")}) == 2


async def test_a_printer_that_is_off(shop, monkeypatch):
    monkeypatch.setattr("gateway.services.drawers._START_WITHIN", 0.1)
    await shop.devices.printer.stop()
    await shop.call("POST", "/v1/devices/receipt:test", {}, Grpc_Timeout="200m")  # looks at once
    await shop.ready("receipt", "drawer", state="OFFLINE")
    failed = await shop.ok("POST", OPEN, {"requestId": "o1"})
    assert failed["state"] == "FAILED"
    assert failed["failure"]
    drawer = await shop.ok("GET", "/v1/drawers/drawer")
    assert "senseHigh" not in drawer
    assert kicks(shop) == 0


async def test_switched_off(shop):
    await shop.ok("PATCH", "/v1/devices/drawer", {"enabled": False})
    status, problem, _ = await shop.call("POST", OPEN, {})
    assert (status, problem["reason"]) == (400, "DEVICE_DISABLED")
    assert (await shop.ok("GET", "/v1/devices/drawer"))["state"] == "DISABLED"
    assert (await shop.ok("POST", "/v1/devices/drawer:test", {}))["ok"] is False
    assert kicks(shop) == 0


async def test_leases_guard_the_drawer(shop):
    lease = await shop.ok("POST", "/v1/devices/drawer:claim", {"holder": "till 1"}, role="pos")
    status, problem, _ = await shop.call("POST", OPEN, {}, role="technician")
    assert (status, problem["reason"]) == (409, "DEVICE_HELD")
    status, problem, _ = await shop.call("POST", OPEN, {"leaseNumber": str(int(lease["number"]) - 1)}, role="pos")
    assert (status, problem["reason"]) == (409, "LEASE_EXPIRED")
    opened = await shop.ok("POST", OPEN, {"leaseNumber": lease["number"]}, role="technician")
    assert opened["state"] == "PULSED"
    assert kicks(shop) == 1


async def test_a_pulse_on_its_way_at_a_crash_is_uncertain_and_not_repeated(shop):
    opened = await shop.ok("POST", OPEN, {"requestId": "o1"}, role="pos")
    await shop.stop()
    connection = sqlite3.connect(shop.folder / "state" / "kassenwart.db")
    message = DrawerOpening.FromString(connection.execute("SELECT body FROM records").fetchone()[0])
    message.state = DrawerOpening.PENDING
    connection.execute(
        "UPDATE records SET body = ?, state = ?, final = 0", (message.SerializeToString(), DrawerOpening.PENDING)
    )
    connection.commit()
    connection.close()
    await shop.start()
    again = await shop.ok("POST", OPEN, {"requestId": "o1"}, role="pos")
    assert (again["name"], again["state"]) == (opened["name"], "UNCERTAIN")
    assert "look at the drawer" in again["failure"]
    assert kicks(shop) == 1
