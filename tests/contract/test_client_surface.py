"""Every method of the contract has a call of its own in the client, which sends exactly what it was given."""

import datetime as dt
import ipaddress
import os
import subprocess
import sys

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from google.api import httpbody_pb2
from google.protobuf import duration_pb2, empty_pb2, timestamp_pb2

import kassenwart
from kassenwart import Client, errors, v1
from kassenwart._methods import METHODS
from kassenwart.documents import document, text
from tests.contract.client_server import ScriptedServer

NOON = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)
DOCUMENT = document(text("Hallo"))
OPTIONS = {"baud": "9600"}
JOB, PAYMENT, TRANSACTION = "printers/receipt/jobs/J1", "terminals/ec1/payments/P1", "tse/tse/transactions/T1"
SECONDS = duration_pb2.Duration(seconds=5)


async def collect(stream):
    return [item async for item in stream]


# What is called, the request that must be sent, the answer of the server, what the caller gets (default: the answer).
SURFACE = [
    (lambda c: c.devices.get("ec1"), v1.GetDeviceRequest(device="ec1"), v1.Device(id="ec1")),
    (
        lambda c: c.devices.create("ec2", driver="zvt", address="10.0.0.9:20007", options=OPTIONS, validate_only=True),
        v1.CreateDeviceRequest(
            id="ec2", driver="zvt", address="10.0.0.9:20007", options=OPTIONS, enabled=True, validate_only=True
        ),
        v1.Device(id="ec2"),
    ),
    (lambda c: c.devices.update("ec1"), v1.UpdateDeviceRequest(device="ec1"), v1.Device(id="ec1")),
    (
        lambda c: c.devices.update("ec1", address="10.0.0.8:20007", options=OPTIONS, enabled=False),
        v1.UpdateDeviceRequest(device="ec1", address="10.0.0.8:20007", options=OPTIONS, enabled=False),
        v1.Device(id="ec1"),
    ),
    (lambda c: c.devices.delete("ec1"), v1.DeleteDeviceRequest(device="ec1"), empty_pb2.Empty(), None),
    (lambda c: c.devices.test("ec1"), v1.TestDeviceRequest(device="ec1"), v1.TestDeviceResponse(ok=True)),
    (
        lambda c: c.devices.claim("ec1", holder="till-1", ttl=5),
        v1.ClaimDeviceRequest(device="ec1", holder="till-1", ttl=SECONDS),
        v1.Lease(number=3),
    ),
    (lambda c: c.devices.held_by("ec1"), v1.GetLeaseRequest(device="ec1"), v1.Lease(number=3)),
    (lambda c: c.devices.release("ec1", 3), v1.ReleaseDeviceRequest(device="ec1", number=3), empty_pb2.Empty(), None),
    (
        lambda c: c.printers.print(
            "receipt",
            DOCUMENT,
            copies=2,
            priority=5,
            reference="R-17",
            on_uncertain=v1.OnUncertain.REPRINT,
            expire_time=NOON,
            lease_number=3,
            request_id="r",
            wait=5,
        ),
        v1.CreatePrintJobRequest(
            printer="receipt",
            document=DOCUMENT,
            copies=2,
            priority=5,
            reference="R-17",
            on_uncertain=v1.OnUncertain.REPRINT,
            expire_time=timestamp_pb2.Timestamp(seconds=int(NOON.timestamp())),
            lease_number=3,
            request_id="r",
            wait=SECONDS,
        ),
        v1.PrintJob(name=JOB),
    ),
    (
        lambda c: c.printers.print_raw("receipt", b"\x1b@", reference="x", lease_number=3, request_id="r", wait=5),
        v1.CreatePrintJobRequest(
            printer="receipt", raw=b"\x1b@", reference="x", lease_number=3, request_id="r", wait=SECONDS
        ),
        v1.PrintJob(name=JOB),
    ),
    (lambda c: c.printers.get(JOB), v1.GetPrintJobRequest(printer="receipt", job="J1"), v1.PrintJob(name=JOB)),
    (
        lambda c: c.printers.cancel(v1.PrintJob(name=JOB)),
        v1.CancelPrintJobRequest(printer="receipt", job="J1"),
        v1.PrintJob(name=JOB),
    ),
    (
        lambda c: c.printers.reprint(JOB, request_id="r", wait=5),
        v1.ReprintPrintJobRequest(printer="receipt", job="J1", request_id="r", wait=SECONDS),
        v1.PrintJob(name=JOB),
    ),
    (
        lambda c: c.printers.status("receipt"),
        v1.GetPrinterStatusRequest(printer="receipt"),
        v1.PrinterStatus(online=True),
    ),
    (
        lambda c: c.printers.render(DOCUMENT, "TEXT", columns=32),
        v1.RenderDocumentRequest(document=DOCUMENT, format=v1.RenderDocumentRequest.TEXT, columns=32),
        httpbody_pb2.HttpBody(content_type="text/plain", data=b"Hallo\n"),
        b"Hallo\n",
    ),
    (
        lambda c: c.drawers.open("drawer", reason="change", lease_number=3, request_id="r"),
        v1.OpenDrawerRequest(drawer="drawer", reason="change", lease_number=3, request_id="r"),
        v1.DrawerOpening(state=v1.DrawerOpening.PULSED),
    ),
    (lambda c: c.drawers.get("drawer"), v1.GetDrawerRequest(drawer="drawer"), v1.Drawer(pin=2)),
    (
        lambda c: c.drawers.get_opening("drawers/drawer/openings/O1"),
        v1.GetDrawerOpeningRequest(drawer="drawer", opening="O1"),
        v1.DrawerOpening(reason="change"),
    ),
    (
        lambda c: c.payments.pay("ec1", 1250, "EUR", reference="R-17", lease_number=3, request_id="r", wait=5),
        v1.CreatePaymentRequest(
            terminal="ec1",
            amount_minor=1250,
            currency_code="EUR",
            kind=v1.Payment.SALE,
            reference="R-17",
            lease_number=3,
            request_id="r",
            wait=SECONDS,
        ),
        v1.Payment(name=PAYMENT),
    ),
    (lambda c: c.payments.get(PAYMENT), v1.GetPaymentRequest(terminal="ec1", payment="P1"), v1.Payment(name=PAYMENT)),
    (
        lambda c: c.payments.cancel(v1.Payment(name=PAYMENT)),
        v1.CancelPaymentRequest(terminal="ec1", payment="P1"),
        v1.Payment(name=PAYMENT),
    ),
    (
        lambda c: c.payments.resolve(PAYMENT),
        v1.ResolvePaymentRequest(terminal="ec1", payment="P1"),
        v1.Payment(name=PAYMENT),
    ),
    (lambda c: c.tse.get("tse"), v1.GetTseRequest(tse="tse"), v1.Tse(serial_number="x")),
    (
        lambda c: c.tse.start("tse", client_id="K1", reference="R-17", request_id="r"),
        v1.StartTransactionRequest(tse="tse", client_id="K1", reference="R-17", request_id="r"),
        v1.Transaction(name=TRANSACTION),
    ),
    (
        lambda c: c.tse.update(TRANSACTION, "Bestellung-V1", b"1;Espresso;2.80"),
        v1.UpdateTransactionRequest(
            tse="tse", transaction="T1", process_type="Bestellung-V1", process_data=b"1;Espresso;2.80"
        ),
        v1.Transaction(name=TRANSACTION),
    ),
    (
        lambda c: c.tse.finish(TRANSACTION, v1.ReceiptAmounts(vat_general=280), request_id="r"),
        v1.FinishTransactionRequest(
            tse="tse", transaction="T1", receipt=v1.ReceiptAmounts(vat_general=280), request_id="r"
        ),
        v1.Transaction(name=TRANSACTION),
    ),
    (
        lambda c: c.tse.finish(TRANSACTION, process_type="SonstigerVorgang", process_data=b"x", request_id="r"),
        v1.FinishTransactionRequest(
            tse="tse", transaction="T1", process_type="SonstigerVorgang", process_data=b"x", request_id="r"
        ),
        v1.Transaction(name=TRANSACTION),
    ),
    (
        lambda c: c.tse.cancel(v1.Transaction(name=TRANSACTION)),
        v1.CancelTransactionRequest(tse="tse", transaction="T1"),
        v1.Transaction(name=TRANSACTION),
    ),
    (
        lambda c: c.tse.get_transaction(TRANSACTION),
        v1.GetTransactionRequest(tse="tse", transaction="T1"),
        v1.Transaction(name=TRANSACTION),
    ),
    (lambda c: c.calls.get("calls/C1"), v1.GetCallRequest(call="C1"), v1.Call(name="calls/C1")),
    (lambda c: c.system.info(), v1.GetSystemInfoRequest(), v1.SystemInfo(version="1")),
]

# What is called, the first request that must be sent, and how a page is made of its items.
LISTS = [
    (
        lambda c: c.devices.list(where="kind = PRINTER", page_size=2),
        v1.ListDevicesRequest(page_size=2, filter="kind = PRINTER"),
        lambda names, token: v1.ListDevicesResponse(devices=[v1.Device(name=n) for n in names], next_page_token=token),
    ),
    (
        lambda c: c.printers.list("receipt", where="state = UNCERTAIN", page_size=2),
        v1.ListPrintJobsRequest(printer="receipt", page_size=2, filter="state = UNCERTAIN"),
        lambda names, token: v1.ListPrintJobsResponse(jobs=[v1.PrintJob(name=n) for n in names], next_page_token=token),
    ),
    (
        lambda c: c.drawers.list_openings("drawer", where="state = UNCERTAIN", page_size=2),
        v1.ListDrawerOpeningsRequest(drawer="drawer", page_size=2, filter="state = UNCERTAIN"),
        lambda names, token: v1.ListDrawerOpeningsResponse(
            openings=[v1.DrawerOpening(name=n) for n in names], next_page_token=token
        ),
    ),
    (
        lambda c: c.payments.list("ec1", where="state = UNKNOWN", page_size=2),
        v1.ListPaymentsRequest(terminal="ec1", page_size=2, filter="state = UNKNOWN"),
        lambda names, token: v1.ListPaymentsResponse(
            payments=[v1.Payment(name=n) for n in names], next_page_token=token
        ),
    ),
    (
        lambda c: c.tse.list("tse", where="state = OPEN", page_size=2),
        v1.ListTransactionsRequest(tse="tse", page_size=2, filter="state = OPEN"),
        lambda names, token: v1.ListTransactionsResponse(
            transactions=[v1.Transaction(name=n) for n in names], next_page_token=token
        ),
    ),
    (
        lambda c: c.calls.list(where="state = MISSED", page_size=2),
        v1.ListCallsRequest(page_size=2, filter="state = MISSED"),
        lambda names, token: v1.ListCallsResponse(calls=[v1.Call(name=n) for n in names], next_page_token=token),
    ),
]

STREAMS = [
    (lambda c: c.printers.watch(JOB), v1.WatchPrintJobRequest(printer="receipt", job="J1"), v1.PrintJob(name=JOB)),
    (
        lambda c: c.payments.watch(PAYMENT),
        v1.WatchPaymentRequest(terminal="ec1", payment="P1"),
        v1.Payment(name=PAYMENT),
    ),
]

ENDLESS = {v1.WatchCallsRequest, v1.StreamEventsRequest}  # tested with the events


def name_of(case):
    return METHODS[type(case[1])].name


@pytest.fixture
async def server():
    server = ScriptedServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def client(server):
    async with Client(server.address) as client:
        yield client


def test_every_method_is_in_these_tables():
    tested = {type(case[1]) for case in (*SURFACE, *LISTS, *STREAMS)} | ENDLESS
    assert tested == set(METHODS)


@pytest.mark.parametrize("case", SURFACE, ids=name_of)
async def test_a_call_sends_what_it_was_given(server, client, case):
    call, request, answer, *result = case
    server.on(METHODS[type(request)].name, answer)
    assert await call(client) == (result[0] if result else answer)
    (seen,) = server.seen
    assert seen.request == request


@pytest.mark.parametrize("case", LISTS, ids=name_of)
async def test_a_list_reads_page_after_page(server, client, case):
    call, request, page = case
    method = METHODS[type(request)].name
    server.on(method, page(["a", "b"], "second"), page([], "third"), page(["c"], ""))
    assert [item.name for item in await collect(call(client))] == ["a", "b", "c"]
    assert server.seen[0].request == request
    assert [seen.request.page_token for seen in server.seen] == ["", "second", "third"]
    assert {seen.request.filter for seen in server.seen} == {request.filter}


@pytest.mark.parametrize("case", STREAMS, ids=name_of)
async def test_a_watch_asks_for_its_resource(server, client, case):
    call, request, answer = case
    server.on(METHODS[type(request)].name, [answer])
    assert await collect(call(client)) == [answer]
    assert server.seen[0].request == request


async def test_a_wrong_name_is_refused_before_anything_is_sent(server, client):
    with pytest.raises(ValueError, match=r"'J1' is not a name of the form printers/…/jobs/…"):
        await client.printers.get("J1")
    with pytest.raises(ValueError, match="terminals"):
        await client.payments.get(v1.Payment())
    with pytest.raises(ValueError, match="number"):
        await collect(client.events.stream(resume_after="yesterday"))
    assert not server.seen


def test_messages_alone_load_no_grpc():
    code = "import sys, kassenwart.v1, kassenwart.errors, kassenwart.documents; sys.exit('grpc' in sys.modules)"
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], env=path, check=False).returncode == 0


def test_the_package_has_no_other_names():
    with pytest.raises(AttributeError, match="nothing"):
        _ = kassenwart.nothing


@pytest.fixture
def certificate(tmp_path):
    """A self-signed certificate for 127.0.0.1: its path and the server's credentials."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kassenwart")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "root.pem"
    path.write_bytes(pem)
    return path, grpc.ssl_server_credentials([(secret, pem)])


async def test_the_connection_can_be_encrypted(certificate):
    path, credentials = certificate
    server = ScriptedServer()
    server.on("GetSystemInfo", v1.SystemInfo(version="1"))
    await server.start(credentials)
    try:
        async with Client(server.address, token="secret", root_certificate=path) as client:
            assert (await client.system.info()).version == "1"
        assert server.seen[0].metadata["authorization"] == "Bearer secret"
        async with Client(server.address, token="secret", retry_time=0) as client:
            with pytest.raises(errors.Unavailable):
                await client.system.info()
        assert len(server.seen) == 1
    finally:
        await server.stop()
