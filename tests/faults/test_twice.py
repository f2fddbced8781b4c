"""The same wish sent twice, in turn or at once, over one or both faces, is fulfilled once."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from google.protobuf.json_format import ParseDict

from kassenwart.v1 import Document, ReceiptAmounts
from tests.support import Shop

# Spelled out as the client library does: a field left out is another body.
SALE = {"amountMinor": "1190", "currencyCode": "EUR", "kind": "SALE", "requestId": "r1"}
SLIP = {
    "document": {"blocks": [{"text": {"text": "Bon"}}, {"cut": {}}]},
    "copies": 1,
    "onUncertain": "ASK",
    "requestId": "r1",
}
AMOUNTS = {"vatGeneral": "1190", "payments": [{"amountMinor": "1190"}]}


async def _wishes(shop, stack, what):
    """Two ways to send the same wish, each over connections of its own: over REST and over gRPC; and its witness."""
    one, other = [await stack.enter_async_context(shop.client("pos", retry_time=0)) for _ in range(2)]
    journals = shop.devices.journals
    if what == "payment":
        path = "/v1/terminals/ec1/payments"
        return (
            lambda: shop.ok("POST", path, {**SALE, "wait": "10s"}, role="pos"),
            lambda client: client.payments.pay("ec1", 1190, request_id="r1", wait=10),
            (one, other),
            lambda: (journals["ec1"].of("payment_started"), journals["ec1"].of("booked")),
        )
    if what == "print":
        document = ParseDict(SLIP["document"], Document())
        return (
            lambda: shop.ok("POST", "/v1/printers/receipt/jobs", {**SLIP, "wait": "10s"}, role="pos"),
            lambda client: client.printers.print("receipt", document, request_id="r1", wait=10),
            (one, other),
            lambda: (journals["receipt"].of("slip"), journals["receipt"].of("cut")),
        )
    if what == "drawer":
        return (
            lambda: shop.ok("POST", "/v1/drawers/drawer:open", {"reason": "sale", "requestId": "r1"}, role="pos"),
            lambda client: client.drawers.open("drawer", reason="sale", request_id="r1"),
            (one, other),
            lambda: (journals["receipt"].of("drawer_kick"),),
        )
    opened = await one.tse.start("tse", request_id="s1")
    finish = {"receipt": AMOUNTS, "requestId": "r1"}
    amounts = ReceiptAmounts(vat_general=1190, payments=[{"amount_minor": 1190}])
    return (
        lambda: shop.ok("POST", f"/v1/{opened.name}:finish", finish, role="pos"),
        lambda client: client.tse.finish(opened, amounts, request_id="r1"),
        (one, other),
        lambda: (journals["tse"].of("finished"),),
    )


def _name(answer):
    return answer["name"] if isinstance(answer, dict) else answer.name


@pytest.mark.parametrize("what", ["payment", "print", "drawer", "finish"])
@pytest.mark.parametrize("at_once", [False, True], ids=["in turn", "at once"])
async def test_the_same_request_id_is_fulfilled_once(tmp_path, what, at_once):
    async with Shop(tmp_path) as shop, AsyncExitStack() as stack:
        await shop.ready()
        rest, rpc, clients, witness = await _wishes(shop, stack, what)
        calls = [rest, lambda: rpc(clients[0]), rest, lambda: rpc(clients[1]), lambda: rpc(clients[0])]
        if at_once:
            answers = await asyncio.gather(*(call() for call in calls))
        else:
            answers = [await call() for call in calls]
        assert len({_name(answer) for answer in answers}) == 1
        assert all(len(entries) == 1 for entries in witness())


async def test_two_tills_at_one_terminal_charge_one_customer_after_the_other(tmp_path):
    """Different wishes at once: one is refused as NOT_STARTED, none is lost without a word."""
    async with Shop(tmp_path) as shop:
        await shop.ready()
        body = {"amountMinor": "500", "wait": "10s"}
        answers = await asyncio.gather(
            *(
                shop.call("POST", "/v1/terminals/ec1/payments", {**body, "requestId": f"till-{n}"}, role="pos")
                for n in range(5)
            )
        )
        taken = [answer for status, answer, _ in answers if status == 200]
        refused = [answer for status, answer, _ in answers if status != 200]
        assert [answer["state"] for answer in taken] == ["APPROVED"]
        assert {(answer["reason"], answer["outcome"]) for answer in refused} == {("TERMINAL_BUSY", "not_started")}
        assert shop.devices.booked() == [500]


async def test_a_caller_who_hangs_up_and_asks_again_is_charged_once(tmp_path):
    async with Shop(tmp_path) as shop:
        await shop.ready()
        path, body = "/v1/terminals/ec1/payments", {**SALE, "wait": "10s"}
        for _ in range(5):
            hasty = asyncio.create_task(shop.call("POST", path, body, role="pos"))
            await asyncio.sleep(0.004)
            hasty.cancel()
            await asyncio.gather(hasty, return_exceptions=True)
        paid = await shop.ok("POST", path, body, role="pos")
        assert paid["state"] == "APPROVED"
        assert shop.devices.booked() == [1190]
        assert len(shop.devices.journals["ec1"].of("payment_started")) == 1
