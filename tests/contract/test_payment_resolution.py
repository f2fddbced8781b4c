"""What became of an unknown payment is told from its own record at the terminal, never from a later payment's."""

import sqlite3

import pytest

from kassenwart.v1 import Payment
from tests.support import Shop

PAYMENTS = "/v1/terminals/ec1/payments"


def rewrite(shop, name, change):
    """Change a stored payment while the daemon is down."""
    with sqlite3.connect(shop.folder / "state/kassenwart.db") as connection:
        key = ("payment", "ec1", name.rpartition("/")[2])
        [body] = connection.execute("SELECT body FROM records WHERE kind = ? AND device = ? AND id = ?", key).fetchone()
        payment = Payment.FromString(body)
        change(payment)
        connection.execute(
            "UPDATE records SET body = ?, state = ? WHERE kind = ? AND device = ? AND id = ?",
            (payment.SerializeToString(), payment.state, *key),
        )
    connection.close()


def unknown(payment):
    payment.state = Payment.UNKNOWN
    for field in ("card", "trace_number", "receipt_number"):
        payment.ClearField(field)


@pytest.mark.parametrize("later_told_its_card", [True, False])
async def test_a_later_payment_is_not_taken_for_the_unknown_one(tmp_path, later_told_its_card):
    async with Shop(tmp_path) as shop:
        await shop.ready("ec1")
        first, later = [await shop.ok("POST", PAYMENTS, {"amountMinor": 500, "wait": "10s"}) for _ in range(2)]
        await shop.stop()
        rewrite(shop, first["name"], unknown)
        if not later_told_its_card:
            rewrite(shop, later["name"], lambda payment: payment.ClearField("card"))
        await shop.start()
        await shop.ready("ec1")
        resolved = await shop.ok("POST", f"/v1/{first['name']}:resolve", {})
        assert resolved["state"] == "UNKNOWN"
        assert "Later payments" in resolved["message"]


async def test_a_later_payment_that_the_terminal_never_had_is_no_hindrance(tmp_path):
    async with Shop(tmp_path) as shop:
        await shop.ready("ec1")
        first = await shop.ok("POST", PAYMENTS, {"amountMinor": 500, "wait": "10s"})
        await shop.devices.terminal.stop()
        await shop.ready("ec1", state="OFFLINE")
        later = await shop.ok("POST", PAYMENTS, {"amountMinor": 500, "wait": "20s"})
        assert later["state"] == "ABORTED"
        await shop.stop()
        rewrite(shop, first["name"], unknown)
        await shop.devices.terminal.start("127.0.0.1", shop.devices.ports["ec1"])
        await shop.start()
        await shop.ready("ec1")
        assert (await shop.ok("POST", f"/v1/{first['name']}:resolve", {}))["state"] == "APPROVED"
