"""The rules that both faces share: tokens, roles, request ids, waiting, deadlines, callers that go away."""

import asyncio
import json

import grpc
import pytest
from google.protobuf import duration_pb2

from gateway.cli.token import change
from gateway.contract import methods
from gateway.storage.tokens import revoke_token
from kassenwart.v1 import CreatePaymentRequest, OpenDrawerRequest, Payment
from tests.support import Shop
from tests.support.shop import until

BY_NAME = {method.name: method for method in methods()}
#: Written down here once more, so that a role given away by mistake is seen.
METRICS_MAY = {"ListDevices", "GetDevice", "GetPrinterStatus", "GetTse", "GetSystemInfo"}
TECHNICIANS_ONLY = {"CreateDevice", "UpdateDevice", "DeleteDevice"}


@pytest.fixture
async def shop(tmp_path):
    async with Shop(tmp_path) as shop:
        yield shop


class Grpc:
    """Calls by method and message, without generated stubs."""

    def __init__(self, shop):
        self._shop = shop

    async def __aenter__(self):
        self.channel = grpc.aio.insecure_channel(self._shop.grpc)
        return self

    async def __aexit__(self, *exc):
        await self.channel.close()

    def call(self, method, request, *, role="technician", timeout=10, **metadata):
        sent = [(name.replace("_", "-"), value) for name, value in metadata.items()]
        if role is not None:
            sent.append(("authorization", f"Bearer {self._shop.tokens[role]}"))
        make = self.channel.unary_stream if method.server_streaming else self.channel.unary_unary
        stub = make(
            method.full_name,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=method.response.FromString,
        )
        return stub(request, metadata=sent, timeout=timeout)

    async def code(self, method, request, **kwargs):
        """The status of a call; of a stream, that of its first moment."""
        call = self.call(method, request, **kwargs)
        try:
            if method.server_streaming:
                async for _ in call:
                    call.cancel()
                    return grpc.StatusCode.OK
            else:
                await call
        except grpc.aio.AioRpcError as error:
            return error.code()
        return grpc.StatusCode.OK


# --- who calls, and may they -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "kw_abc",
        "Bearer wrong",
        "Bearer a b",
        f"Bearer {'x' * 300}",
        "Bearer ä",
    ],
)
async def test_tokens_that_are_none(shop, header):
    headers = {} if header is None else {"Authorization": header}
    status, problem, sent = await shop.call("GET", "/v1/system", role=None, **headers)
    assert (status, problem["code"], problem["reason"]) == (401, "UNAUTHENTICATED", "TOKEN_INVALID")
    assert sent["WWW-Authenticate"].startswith("Bearer")
    if header is not None and not header.isascii():
        return  # gRPC itself refuses to send it
    async with Grpc(shop) as client:
        metadata = {} if header is None else {"authorization": header}
        code = await client.code(BY_NAME["GetSystemInfo"], BY_NAME["GetSystemInfo"].request(), role=None, **metadata)
        assert code is grpc.StatusCode.UNAUTHENTICATED


async def test_the_scheme_is_written_in_any_case(shop):
    for scheme in ("bearer", "BEARER", "Bearer"):
        token = f"{scheme} {shop.tokens['pos']}"
        assert (await shop.call("GET", "/v1/system", role=None, Authorization=token))[0] == 200


async def test_a_revoked_token_ends_within_seconds(shop):
    assert (await shop.call("GET", "/v1/system", role="pos"))[0] == 200
    change(shop.folder / "state", lambda unit: revoke_token(unit, "pos"))

    async def refused():
        return (await shop.call("GET", "/v1/system", role="pos"))[0] == 401

    await until(refused, within=5)
    assert (await shop.call("GET", "/v1/system", role="technician"))[0] == 200


@pytest.mark.parametrize("role", ["pos", "technician", "metrics", None])
async def test_every_method_asks_for_its_roles(shop, role):
    """An empty request is enough: who may, gets past the question."""
    refusal = grpc.StatusCode.UNAUTHENTICATED if role is None else grpc.StatusCode.PERMISSION_DENIED
    assert len(BY_NAME) == len(methods())
    assert set(BY_NAME) >= METRICS_MAY | TECHNICIANS_ONLY
    async with Grpc(shop) as client:
        for method in methods():
            allowed = {
                "pos": method.name not in TECHNICIANS_ONLY,
                "technician": True,
                "metrics": method.name in METRICS_MAY,
                None: False,
            }[role]
            code = await client.code(method, method.request(), role=role, timeout=0.2 if method.server_streaming else 5)
            assert (code is not refusal) == allowed, method.full_name
            assert code is not grpc.StatusCode.INTERNAL, method.full_name
            assert code is not grpc.StatusCode.UNKNOWN, method.full_name


async def test_what_a_wrong_role_is_told(shop):
    status, problem, _ = await shop.call("DELETE", "/v1/devices/receipt", role="pos")
    assert (status, problem["reason"]) == (403, "ROLE_MISSING")
    assert "technician" in problem["detail"]
    assert (await shop.call("GET", "/v1/devices/receipt", role="pos"))[0] == 200


# --- request ids -----------------------------------------------------------------------------------------------------


async def test_a_repeat_answers_with_the_first_ones_resource_as_it_is_now(shop):
    await shop.ready("ec1")
    body = {"amountMinor": 100, "requestId": "r1"}
    path = "/v1/terminals/ec1/payments"
    status, first, headers = await shop.call("POST", path, body, role="pos")
    assert (status, "Idempotency-Replayed" in headers) == (200, False)
    await shop.ok("POST", path, {**body, "wait": "10s"}, role="pos")
    for again, kwargs in (
        (body, {}),
        ({"amountMinor": "100"}, {"Idempotency_Key": "r1"}),
        (body, {"Idempotency_Key": "r1"}),
        ({**body, "wait": "5s"}, {}),
    ):
        status, answer, headers = await shop.call("POST", path, again, role="pos", **kwargs)
        assert (status, headers["Idempotency-Replayed"]) == (200, "true")
        assert (answer["name"], answer["state"]) == (first["name"], "APPROVED")
    assert shop.devices.booked() == [100]


async def test_request_ids_are_misused(shop):
    await shop.ready("ec1")
    path, body = "/v1/terminals/ec1/payments", {"amountMinor": 100, "requestId": "r1", "wait": "10s"}
    first = await shop.ok("POST", path, body, role="pos")
    status, problem, _ = await shop.call("POST", path, {**body, "amountMinor": 101}, role="pos")
    assert (status, problem["code"], problem["reason"]) == (422, "FAILED_PRECONDITION", "REQUEST_ID_REUSED")
    assert problem["metadata"]["resource"] == first["name"]
    status, problem, _ = await shop.call("POST", path, body, role="pos", Idempotency_Key="r2")
    assert (status, problem["errors"][0]["pointer"]) == (400, "/requestId")
    status, problem, _ = await shop.call("POST", path, {"amountMinor": 1}, role="pos", Idempotency_Key="x" * 65)
    assert status == 400
    async with Grpc(shop) as client:
        request = CreatePaymentRequest(terminal="ec1", amount_minor=101, request_id="r1")
        assert await client.code(BY_NAME["CreatePayment"], request, role="pos") is grpc.StatusCode.FAILED_PRECONDITION
    assert shop.devices.booked() == [100]
    # Another principal's ids are its own, and so are another method's.
    await shop.ok("POST", path, {**body, "amountMinor": 102}, role="technician")
    assert shop.devices.booked() == [100, 102]
    await shop.ready("receipt")
    await shop.ok("POST", "/v1/drawers/drawer:open", {"requestId": "r1"}, role="pos")


async def test_a_repeat_over_the_other_face_and_after_a_restart(shop):
    await shop.ready("receipt")
    first = await shop.ok("POST", "/v1/drawers/drawer:open", {"reason": "a", "requestId": "r1"}, role="pos")
    async with Grpc(shop) as client:
        call = client.call(
            BY_NAME["OpenDrawer"], OpenDrawerRequest(drawer="drawer", reason="a"), role="pos", idempotency_key="r1"
        )
        assert (await call).name == first["name"]
        assert ("idempotency-replayed", "true") in list(await call.trailing_metadata())
    await shop.stop()
    await shop.start()
    status, again, headers = await shop.call(
        "POST", "/v1/drawers/drawer:open", {"reason": "a", "requestId": "r1"}, role="pos"
    )
    assert (status, headers["Idempotency-Replayed"], again) == (200, "true", first)
    assert len(shop.devices.journals["receipt"].of("drawer_kick")) == 1


async def test_concurrent_twins_move_money_and_coil_once(shop):
    await shop.ready("ec1", "receipt", "tse")
    for path, body in (
        ("/v1/terminals/ec1/payments", {"amountMinor": 100, "requestId": "t", "wait": "10s"}),
        ("/v1/drawers/drawer:open", {"requestId": "t"}),
        ("/v1/tse/tse/transactions", {"requestId": "t"}),
    ):
        answers = await asyncio.gather(*(shop.call("POST", path, body, role="pos") for _ in range(8)))
        assert {status for status, _, _ in answers} == {200}
        assert len({answer["name"] for _, answer, _ in answers}) == 1
        assert sorted("Idempotency-Replayed" in headers for _, _, headers in answers) == [False] + [True] * 7
    assert shop.devices.booked() == [100]
    assert len(shop.devices.journals["receipt"].of("drawer_kick")) == 1
    assert len(shop.devices.journals["tse"].of("started")) == 1


# --- waiting and deadlines -------------------------------------------------------------------------------------------


async def finished(shop, name, state):
    async def there():
        return (await shop.ok("GET", f"/v1/{name}"))["state"] == state

    await until(there, within=20)


async def test_wait_ends_with_the_outcome_or_with_its_time(shop):
    await shop.ready("ec1")
    path = "/v1/terminals/ec1/payments"
    early = await shop.ok("POST", path, {"amountMinor": 99, "wait": "0.05s"}, role="pos")
    assert early["state"] in {"PENDING", "IN_PROGRESS"}
    await finished(shop, early["name"], "APPROVED")
    late = await shop.ok("POST", path, {"amountMinor": 100, "wait": "10s"}, role="pos")
    assert late["state"] == "APPROVED"
    once = await shop.ok("POST", path, {"amountMinor": 100, "wait": "0s"}, role="pos")
    assert once["state"] == "PENDING"
    await finished(shop, once["name"], "APPROVED")


async def test_a_deadline_ends_the_waiting_and_not_the_work(shop):
    await shop.ready("ec1")
    path = "/v1/terminals/ec1/payments"
    body = {"amountMinor": 200, "wait": "30s", "requestId": "d1"}
    status, problem, _ = await shop.call("POST", path, body, role="pos", Grpc_Timeout="50m")
    assert (status, problem["code"], problem["outcome"]) == (504, "DEADLINE_EXCEEDED", "unknown")
    again = await shop.ok("POST", path, body, role="pos")
    assert again["state"] == "APPROVED"
    request = CreatePaymentRequest(terminal="ec1", amount_minor=201, request_id="d2")
    request.wait.CopyFrom(duration_pb2.Duration(seconds=30))
    async with Grpc(shop) as client:
        code = await client.code(BY_NAME["CreatePayment"], request, role="pos", timeout=0.05)
        assert code is grpc.StatusCode.DEADLINE_EXCEEDED
        answer = await client.call(BY_NAME["CreatePayment"], request, role="pos", timeout=20)
        assert answer.state == Payment.APPROVED
    assert shop.devices.booked() == [200, 201]


async def test_a_client_that_hangs_up_leaves_the_work_running(shop):
    await shop.ready("ec1", "tse")
    shop.devices.tse.faults["slow"] = 0.3
    host, port = shop.rest.removeprefix("http://").split(":")
    for path, body in (
        ("/v1/tse/tse/transactions", {"requestId": "h1"}),
        ("/v1/terminals/ec1/payments", {"amountMinor": 100, "requestId": "h1", "wait": "10s"}),
    ):
        _, writer = await asyncio.open_connection(host, int(port))
        data = json.dumps(body).encode()
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {shop.tokens['pos']}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n".encode()
            + data
        )
        await writer.drain()
        collection = path.rpartition("/")[2]

        async def begun(path=path, collection=collection):
            return bool((await shop.ok("GET", path))[collection])

        await until(begun)
        writer.transport.abort()
        [made] = (await shop.ok("GET", path))[collection]
        await finished(shop, made["name"], "OPEN" if collection == "transactions" else "APPROVED")
    async with Grpc(shop) as client:
        call = client.call(BY_NAME["StartTransaction"], BY_NAME["StartTransaction"].request(tse="tse"), role="pos")

        async def two():
            return len((await shop.ok("GET", "/v1/tse/tse/transactions"))["transactions"]) == 2

        await until(two)
        call.cancel()
    [made, _] = (await shop.ok("GET", "/v1/tse/tse/transactions"))["transactions"]
    await finished(shop, made["name"], "OPEN")


async def test_new_work_is_refused_while_the_disk_is_nearly_full(tmp_path):
    async with Shop(tmp_path, reserve=1_000_000) as shop:
        for verb, path, body in (
            ("POST", "/v1/drawers/drawer:open", {}),
            ("POST", "/v1/terminals/ec1/payments", {"amountMinor": 1}),
            ("POST", "/v1/devices/ec1:claim", {"holder": "a"}),
        ):
            status, problem, headers = await shop.call(verb, path, body)
            assert (status, problem["reason"], problem["outcome"]) == (507, "DISK_FULL", "not_started")
            assert int(headers["Retry-After"]) > 0
        assert (await shop.call("POST", "/v1/devices/ec1:test", {}))[0] == 200
        info = await shop.ok("GET", "/v1/system")
        assert any("disk" in warning for warning in info["warnings"])
    assert shop.devices.journals["receipt"].of("drawer_kick") == []
