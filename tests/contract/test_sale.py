"""One whole sale over both faces, with the devices' own journals as witnesses."""

import asyncio

import zxingcpp
from PIL import Image

from drivers.tse import qr
from tests.support import Shop


async def test_a_sale_over_rest(tmp_path):
    async with Shop(tmp_path) as shop:
        await shop.ready()
        opened = await shop.ok("POST", "/v1/tse/tse/transactions", {"requestId": "s1"}, role="pos")
        paid = await shop.ok(
            "POST",
            "/v1/terminals/ec1/payments",
            {"amountMinor": "1190", "currencyCode": "EUR", "kind": "SALE", "requestId": "p1", "wait": "10s"},
            role="pos",
        )
        assert paid["state"] == "APPROVED"
        signed = await shop.ok(
            "POST",
            f"/v1/{opened['name']}:finish",
            {"receipt": {"vatGeneral": 1190, "payments": [{"amountMinor": 1190}]}, "requestId": "f1"},
            role="pos",
        )
        assert qr.verify(signed["qrCodeData"]).valid
        document = {
            "blocks": [
                {"text": {"text": "Grüße für 5 €", "align": "CENTER"}},
                {"qr": {"data": signed["qrCodeData"]}},
                {"cut": {}},
            ]
        }
        printed = await shop.ok(
            "POST", "/v1/printers/receipt/jobs", {"document": document, "requestId": "j1", "wait": "10s"}, role="pos"
        )
        assert printed["state"] == "PRINTED"
        assert printed["evidence"] == "BARRIER"
        drawer = await shop.ok("POST", "/v1/drawers/drawer:open", {"reason": "sale", "requestId": "d1"}, role="pos")
        assert drawer["state"] == "PULSED"

        assert shop.devices.booked() == [1190]
        assert "Grüße für 5 €" in shop.devices.slips()[0]
        assert len(shop.devices.journals["receipt"].of("drawer_kick")) == 1
        [code] = zxingcpp.read_barcodes(Image.open(tmp_path / "slips" / "0001.png"))
        assert code.text == signed["qrCodeData"]


async def test_every_receipt_of_a_simulated_tse_says_so(tmp_path):
    async with Shop(tmp_path) as shop:
        await shop.ready("receipt")
        document = {"blocks": [{"qr": {"data": "V0;a;b"}}, {"cut": {}}]}
        await shop.ok("POST", "/v1/printers/receipt/jobs", {"document": document, "wait": "10s"}, role="pos")
        assert "KEIN GÜLTIGER BELEG" in shop.devices.slips()[0]


async def test_twins_at_the_same_moment_charge_once(tmp_path):
    async with Shop(tmp_path) as shop:
        await shop.ready("ec1")
        body = {"amountMinor": 500, "requestId": "twin", "wait": "10s"}
        answers = await asyncio.gather(*(shop.call("POST", "/v1/terminals/ec1/payments", body) for _ in range(5)))
        assert {status for status, _, _ in answers} == {200}
        assert len({answer["name"] for _, answer, _ in answers}) == 1
        assert sorted(headers.get("Idempotency-Replayed", "") for _, _, headers in answers) == ["", *["true"] * 4]
        assert shop.devices.booked() == [500]
