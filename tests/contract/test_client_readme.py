"""The examples of the README run as they stand."""

import ast
import inspect
import re
from pathlib import Path

import pytest
from google.protobuf import empty_pb2

import kassenwart
from kassenwart import v1
from kassenwart._methods import METHODS
from tests.contract.client_server import ScriptedServer, forever

README = Path(__file__).parents[2] / "clients" / "python" / "README.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
async def server():
    server = ScriptedServer()
    payment = v1.Payment(name="terminals/ec1/payments/1", state=v1.Payment.UNKNOWN, message="Please wait")
    transaction = v1.Transaction(name="tse/tse/transactions/1", qr_code_data="V0;...")
    server.on("CreatePrintJob", v1.PrintJob(state=v1.PrintJob.HELD, hold_reason="The printer has no paper."))
    server.on("ListDevices", v1.ListDevicesResponse(devices=[v1.Device(id="receipt", state=v1.Device.READY)]))
    server.on("CreatePayment", payment)
    server.on("WatchPayment", [payment])
    server.on("ResolvePayment", payment)
    server.on("StartTransaction", transaction)
    server.on("FinishTransaction", transaction)
    server.on("OpenDrawer", v1.DrawerOpening())
    server.on("GetSystemInfo", v1.SystemInfo())
    server.on("StreamEvents", [v1.Event(id="1", type="kassenwart.payment.approved"), forever])
    server.on("ClaimDevice", v1.Lease(number=1))
    server.on("ReleaseDevice", empty_pb2.Empty())
    await server.start()
    yield server
    await server.stop()


async def test_the_examples_run(server, capsys):
    names = {"__name__": "readme", "v1": v1}
    async with kassenwart.Client(server.address) as client:
        names["client"] = client
        for example in EXAMPLES:
            source = example.replace("127.0.0.1:7381", server.address)
            result = eval(compile(source, README, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
            if inspect.iscoroutine(result):
                await result
        await names["main"]()
    printed = capsys.readouterr().out
    for words in ("HELD The printer has no paper.", "receipt READY", "Please wait", "V0;...", "1 kassenwart.payment"):
        assert words in printed
    assert len(EXAMPLES) == 7


def test_the_table_names_all_calls():
    rows = dict(re.findall(r"\| `client\.(\w+)` \| `([^`]+)` \|", README.read_text(encoding="utf-8")))
    client = kassenwart.Client()
    for attribute, calls in rows.items():
        public = [name for name, _ in inspect.getmembers(getattr(client, attribute), callable) if name[0] != "_"]
        assert sorted(calls.split()) == sorted(public)
    assert len(rows) == len({method.path.split("/")[1] for method in METHODS.values()})
