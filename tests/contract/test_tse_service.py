"""TSE transactions through the simulator: signed once, honest when the TSE is away, cleared up when it is back."""

import asyncio
import base64
import sqlite3

import pytest

from drivers.tse import processdata, qr
from drivers.tse.software import SoftwareTse
from gateway.services.tse.steps import Step
from kassenwart.v1 import Transaction
from tests.support import Shop
from tests.support.shop import until

PATH = "/v1/tse/tse/transactions"
RECEIPT = {"receipt": {"vatGeneral": 1190, "payments": [{"amountMinor": 1190, "cash": True}]}}


@pytest.fixture
async def shop(tmp_path):
    async with Shop(tmp_path) as shop:
        await shop.ready("tse")
        yield shop


def told(shop, event):
    return len(shop.devices.journals["tse"].of(event))


async def start(shop, **fields):
    return await shop.ok("POST", PATH, fields, role="pos")


async def state(shop, name, expected, within=10):
    async def there():
        return (await shop.ok("GET", f"/v1/{name}"))["state"] == expected

    await until(there, within)
    return await shop.ok("GET", f"/v1/{name}")


async def test_start_update_finish(shop):
    opened = await start(shop, reference="table 7")
    assert (opened["state"], opened["clientId"], opened["reference"]) == ("OPEN", "KASSE-1", "table 7")
    assert opened["principal"] == "pos"
    assert opened["development"]
    assert opened["tseSerialNumber"].startswith("SIMULATOR-NOT-CERTIFIED-")
    order = base64.b64encode(b'1;"Kaffee";2.50').decode()
    updated = await shop.ok(
        "POST", f"/v1/{opened['name']}:update", {"processType": "Bestellung-V1", "processData": order}
    )
    assert (updated["state"], updated["processData"]) == ("OPEN", order)
    assert int(updated["signatureCounter"]) > int(opened["signatureCounter"])
    signed = await shop.ok("POST", f"/v1/{opened['name']}:finish", RECEIPT, role="pos")
    assert signed["state"] == "FINISHED"
    verified = qr.verify(signed["qrCodeData"])
    assert verified.valid
    assert base64.b64decode(signed["processData"]) == b"Beleg^11.90_0.00_0.00_0.00_0.00^11.90:Bar"
    status, problem, _ = await shop.call("POST", f"/v1/{opened['name']}:finish", RECEIPT)
    assert (status, problem["reason"]) == (400, "TRANSACTION_NOT_OPEN")
    tse = await shop.ok("GET", "/v1/tse/tse")
    assert tse["openTransactions"] == []
    assert (tse["development"], tse["selfTestPassed"], tse["timeValid"]) == (True, True, True)
    assert tse["clients"] == ["KASSE-1"]


async def test_finish_with_data_of_ones_own(shop):
    opened = await start(shop)
    data = base64.b64encode(b"Beleg^0.00_2.00_0.00_0.00_0.00^2.00:Unbar").decode()
    body = {"processType": "Kassenbeleg-V1", "processData": data, "requestId": "f"}
    signed = await shop.ok("POST", f"/v1/{opened['name']}:finish", body)
    assert signed["processData"] == data
    assert await shop.ok("POST", f"/v1/{opened['name']}:finish", body) == signed
    assert told(shop, "finished") == 1


async def test_cancelling(shop):
    opened = await start(shop)
    cancelled = await shop.ok("POST", f"/v1/{opened['name']}:cancel", {})
    assert cancelled["state"] == "CANCELLED"
    assert cancelled["qrCodeData"] == ""
    assert base64.b64decode(cancelled["processData"]) == processdata.ABORTED
    assert await shop.ok("POST", f"/v1/{opened['name']}:cancel", {}) == cancelled
    assert told(shop, "finished") == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"receipt": {}, "processType": "x"}, ""),
        ({"receipt": {"type": "Quatsch"}}, "/receipt/type"),
        ({"receipt": {"vatGeneral": 100, "payments": [{"amountMinor": 100, "currencyCode": "euro"}]}}, "/receipt"),
        ({"processType": "Kassenbeleg-V1", "processData": base64.b64encode(b"x" * 65_537).decode()}, "/processData"),
        ({"processType": "Kassenbeleg-V1", "processData": base64.b64encode(b"nonsense").decode()}, "/processData"),
    ],
)
async def test_what_cannot_be_signed_is_refused_before(shop, body, pointer):
    opened = await start(shop)
    status, problem, _ = await shop.call("POST", f"/v1/{opened['name']}:finish", body)
    assert status == 400
    assert problem["errors"][0]["pointer"] == pointer
    assert (await shop.ok("GET", f"/v1/{opened['name']}"))["state"] == "OPEN"


async def test_client_ids(shop):
    for odd in ("ä", "x" * 31, "a_b", "a;b"):
        status, problem, _ = await shop.call("POST", PATH, {"clientId": odd})
        assert (status, problem["errors"][0]["pointer"]) == (400, "/clientId")
    opened = await start(shop, clientId="KASSE-2")
    assert opened["clientId"] == "KASSE-2"
    assert (await shop.ok("GET", "/v1/tse/tse"))["clients"] == ["KASSE-1", "KASSE-2"] or told(
        shop, "client_registered"
    ) == 1
    await shop.ok("PATCH", "/v1/devices/tse", {"options": {"client_id": "KASSE-3"}})
    await shop.ready("tse")
    assert (await start(shop))["clientId"] == "KASSE-3"
    assert (await shop.call("GET", f"{PATH}/none"))[0] == 404
    assert (await shop.call("POST", f"{PATH}/none:finish", RECEIPT))[0] == 404


async def test_a_tse_that_is_down_lets_the_shop_sell_on(shop, monkeypatch):
    monkeypatch.setattr("gateway.services.tse.service._START_WITHIN", 0.1)
    await shop.devices.tse.stop()
    await shop.ready("tse", state="OFFLINE")
    failed = await start(shop, requestId="s1")
    assert failed["state"] == "FAILED"
    assert "outage text" in failed["failure"]
    assert await start(shop, requestId="s1") == failed  # the same wish: the same answer
    await shop.devices.tse.start()
    await shop.ready("tse")
    assert (await start(shop, requestId="s2"))["state"] == "OPEN"
    assert told(shop, "started") == 1


async def test_a_tse_that_is_down_at_the_end_leaves_the_transaction_open(shop, monkeypatch):
    monkeypatch.setattr("gateway.services.tse.service._START_WITHIN", 0.1)
    opened = await start(shop)
    await shop.devices.tse.stop()
    await shop.ready("tse", state="OFFLINE")
    body = {**RECEIPT, "requestId": "f1"}
    status, problem, _ = await shop.call("POST", f"/v1/{opened['name']}:finish", body)
    assert (status, problem["outcome"]) == (503, "not_started")
    assert (await shop.ok("GET", f"/v1/{opened['name']}"))["state"] == "OPEN"
    await shop.devices.tse.start()
    await shop.ready("tse")
    signed = await shop.ok("POST", f"/v1/{opened['name']}:finish", body)  # the request id was given free
    assert signed["state"] == "FINISHED"


async def test_a_tse_that_refuses(shop):
    shop.devices.tse.faults["full"] = 1
    failed = await start(shop)
    assert failed["state"] == "FAILED"
    assert failed["failure"]
    del shop.devices.tse.faults["full"]
    assert (await start(shop))["state"] == "OPEN"


@pytest.mark.parametrize("step", ["start", "update", "finish", "cancel"])
async def test_a_lost_response_is_cleared_up_and_nothing_is_signed_twice(shop, step):
    order = {"processType": "Bestellung-V1", "processData": base64.b64encode(b'1;"Tee";2.00').decode()}
    if step == "start":
        shop.devices.tse.faults["lost-response"] = 1
        made = await start(shop)
    else:
        opened = await start(shop)
        shop.devices.tse.faults["lost-response"] = 1
        body = {"update": order, "finish": RECEIPT, "cancel": {}}[step]
        made = await shop.ok("POST", f"/v1/{opened['name']}:{step}", body)
    assert made["state"] == "UNKNOWN"
    assert "asked when it is back" in made["failure"]
    expected = {"start": "OPEN", "update": "OPEN", "finish": "FINISHED", "cancel": "CANCELLED"}[step]
    cleared = await state(shop, made["name"], expected)
    assert cleared["failure"] == ""
    assert told(shop, "answer_lost") == 1
    assert told(shop, "started") == 1
    assert told(shop, "finished") == (step in {"finish", "cancel"})
    if step == "finish":
        assert qr.verify(cleared["qrCodeData"]).valid
    elif step != "cancel":
        signed = await shop.ok("POST", f"/v1/{made['name']}:finish", RECEIPT)
        assert qr.verify(signed["qrCodeData"]).valid


def rewind(shop, name, to, step):
    """Put a record back to what is on disk while a step is under way, as after kill -9 in just that moment."""
    connection = sqlite3.connect(shop.folder / "state" / "kassenwart.db")
    record = name.rpartition("/")[2]
    [body] = connection.execute("SELECT body FROM records WHERE id = ?", (record,)).fetchone()
    message = Transaction.FromString(body)
    message.state = to
    if to == Transaction.STARTING:
        message.number = 0
        message.ClearField("start_time")
    connection.execute(
        "UPDATE records SET body = ?, private = ?, state = ?, final = 0 WHERE id = ?",
        (message.SerializeToString(), step.dump(), to, record),
    )
    connection.commit()
    connection.close()


FINISH = Step("finish", processdata.RECEIPT, b"Beleg^11.90_0.00_0.00_0.00_0.00^11.90:Bar")


async def test_after_a_crash_while_finishing_that_the_tse_has_done(shop):
    opened = await start(shop)
    await shop.ok("POST", f"/v1/{opened['name']}:finish", RECEIPT)
    await shop.stop()
    rewind(shop, opened["name"], Transaction.FINISHING, FINISH)
    await shop.start()
    cleared = await state(shop, opened["name"], "FINISHED")
    assert qr.verify(cleared["qrCodeData"]).valid
    assert told(shop, "finished") == 1


async def test_after_a_crash_while_finishing_that_the_tse_never_had(shop):
    opened = await start(shop)
    await shop.stop()
    rewind(shop, opened["name"], Transaction.FINISHING, FINISH)
    await shop.start()
    cleared = await state(shop, opened["name"], "FINISHED")
    assert qr.verify(cleared["qrCodeData"]).valid
    assert told(shop, "finished") == 1


async def test_after_a_crash_while_starting(shop):
    opened = await start(shop)
    await shop.stop()
    rewind(shop, opened["name"], Transaction.STARTING, Step("start"))
    await shop.start()
    cleared = await state(shop, opened["name"], "OPEN")
    assert cleared["number"] == opened["number"]
    await shop.ok("POST", f"/v1/{opened['name']}:cancel", {})
    await shop.stop()
    rewind(shop, opened["name"], Transaction.STARTING, Step("start"))
    await shop.start()
    assert "never opened" in (await state(shop, opened["name"], "FAILED"))["failure"]
    assert told(shop, "started") == 1


async def test_what_the_tse_does_not_tell_stays_unknown_and_is_not_asked_without_end(shop):
    first, second = await start(shop), await start(shop)
    await shop.ok("POST", f"/v1/{first['name']}:finish", RECEIPT)
    await shop.ok("POST", f"/v1/{second['name']}:finish", RECEIPT)  # what the TSE last told is about this one
    await shop.stop()
    rewind(shop, first["name"], Transaction.FINISHING, FINISH)
    await shop.start()
    unknown = await state(shop, first["name"], "UNKNOWN")
    assert "does not tell" in unknown["failure"]
    before = int((await shop.ok("GET", "/v1/system"))["storage"]["lastEvent"])
    for _ in range(20):
        await shop.ok("GET", "/v1/tse/tse")
    assert int((await shop.ok("GET", "/v1/system"))["storage"]["lastEvent"]) <= before + 5


async def test_a_foreign_open_transaction_is_not_taken_for_ours(shop):
    opened = await start(shop)
    await shop.ok("POST", f"/v1/{opened['name']}:cancel", {})
    await shop.stop()
    foreign = SoftwareTse(shop.folder / "tse")
    await foreign.open()
    await foreign.register_client("OTHER")
    await foreign.start("OTHER")
    await foreign.close()
    rewind(shop, opened["name"], Transaction.STARTING, Step("start"))
    await shop.start()
    unknown = await state(shop, opened["name"], "UNKNOWN")
    assert unknown["number"] == "0"


async def test_two_steps_at_once(shop):
    opened = await start(shop)
    shop.devices.tse.faults["slow"] = 0.3
    answers = await asyncio.gather(
        *(shop.call("POST", f"/v1/{opened['name']}:finish", {**RECEIPT, "requestId": r}) for r in ("a", "b"))
    )
    assert sorted(status for status, _, _ in answers) == [200, 409]
    assert told(shop, "finished") == 1


async def test_transactions_are_listed(shop):
    for number in range(3):
        await start(shop, reference=f"r{number}")
    listed = (await shop.ok("GET", f"{PATH}?filter=state=OPEN"))["transactions"]
    assert [one["reference"] for one in listed] == ["r2", "r1", "r0"]
    [found] = (await shop.ok("GET", f"{PATH}?filter=reference=r1"))["transactions"]
    assert found["reference"] == "r1"
    assert (await shop.call("GET", "/v1/tse/none/transactions"))[0] == 404
