"""The gRPC face as foreign tools use it: reflection, health, rich errors, garbage; and the same answers as REST."""

import json

import grpc
import pytest
from google.protobuf import json_format, message_factory
from google.protobuf.descriptor_pool import DescriptorPool
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from drivers.errors import Outcome
from gateway.api import ApiError, Code, Violation
from gateway.contract import SERVICES, methods
from gateway.faces.grpc import to_status
from gateway.faces.rest.problems import problem
from tests.support import Shop

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture
async def shop(tmp_path):
    async with Shop(tmp_path) as shop:
        yield shop


@pytest.fixture
async def channel(shop):
    async with grpc.aio.insecure_channel(shop.grpc) as channel:
        yield channel


def metadata(shop, role="technician"):
    return [("authorization", f"Bearer {shop.tokens[role]}")]


class Reflection:
    """What grpcurl does: learn the services from the server, make messages of descriptors, call."""

    def __init__(self, shop, channel):
        self._shop = shop
        self._channel = channel
        self._stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        self.pool = DescriptorPool()
        self._known = set()

    async def ask(self, **fields):
        call = self._stub.ServerReflectionInfo(
            iter([reflection_pb2.ServerReflectionRequest(**fields)]), metadata=metadata(self._shop), timeout=10
        )
        return await anext(aiter(call))

    async def services(self):
        answer = await self.ask(list_services="")
        return {service.name for service in answer.list_services_response.service}

    async def load(self, symbol):
        from google.protobuf.descriptor_pb2 import FileDescriptorProto

        answer = await self.ask(file_containing_symbol=symbol)
        files = [FileDescriptorProto.FromString(data) for data in answer.file_descriptor_response.file_descriptor_proto]
        await self._add(files)

    async def _add(self, files):
        from google.protobuf.descriptor_pb2 import FileDescriptorProto

        for file in files:
            if file.name in self._known:
                continue
            self._known.add(file.name)
            for name in file.dependency:
                if name not in self._known:
                    answer = await self.ask(file_by_filename=name)
                    data = answer.file_descriptor_response.file_descriptor_proto
                    await self._add([FileDescriptorProto.FromString(item) for item in data])
            self.pool.Add(file)

    async def call(self, service, name, body, role="technician"):
        method = self.pool.FindServiceByName(service).methods_by_name[name]
        request = json_format.ParseDict(body, message_factory.GetMessageClass(method.input_type)())
        stub = self._channel.unary_unary(
            f"/{service}/{name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=message_factory.GetMessageClass(method.output_type).FromString,
        )
        answer = await stub(request, metadata=metadata(self._shop, role), timeout=20)
        return json_format.MessageToDict(answer, always_print_fields_with_no_presence=True)


async def test_a_sale_by_reflection_alone(shop, channel):
    await shop.ready()
    tool = Reflection(shop, channel)
    services = await tool.services()
    assert services >= {f"kassenwart.v1.{service}" for service in SERVICES}
    assert services >= {"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}
    for service in sorted(services):
        await tool.load(service)
    paid = await tool.call(
        "kassenwart.v1.PaymentService",
        "CreatePayment",
        {"terminal": "ec1", "amountMinor": "1190", "wait": "10s"},
        role="pos",
    )
    assert paid["state"] == "APPROVED"
    job = await tool.call(
        "kassenwart.v1.PrinterService",
        "CreatePrintJob",
        {"printer": "receipt", "document": {"blocks": [{"text": {"text": "Tag"}}, {"cut": {}}]}, "wait": "10s"},
    )
    assert job["state"] == "PRINTED"
    assert shop.devices.booked() == [1190]
    assert "Tag" in shop.devices.slips()[0]


async def test_reflection_knows_every_method_with_its_route(shop, channel):
    tool = Reflection(shop, channel)
    for service in SERVICES:
        await tool.load(f"kassenwart.v1.{service}")
    for method in methods():
        found = tool.pool.FindServiceByName(f"kassenwart.v1.{method.service}").methods_by_name[method.name]
        assert found.output_type.full_name == method.response.DESCRIPTOR.full_name
    answer = await tool.ask(file_containing_symbol="kassenwart.v1.Nothing")
    assert answer.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


@pytest.mark.parametrize("role", [None, "wrong"])
async def test_health_and_reflection_ask_for_a_token(shop, channel, role):
    sent = [] if role is None else [("authorization", "Bearer wrong")]
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), metadata=sent, timeout=5)
    assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED
    with pytest.raises(grpc.aio.AioRpcError) as error:
        async for _ in health_pb2_grpc.HealthStub(channel).Watch(
            health_pb2.HealthCheckRequest(), metadata=sent, timeout=5
        ):
            pass
    assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    with pytest.raises(grpc.aio.AioRpcError) as error:
        async for _ in reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(
            iter([request]), metadata=sent, timeout=5
        ):
            pass
    assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_health_of_the_process_the_services_and_the_devices(shop, channel):
    await shop.ready()
    stub = health_pb2_grpc.HealthStub(channel)

    async def check(name, role="metrics"):
        request = health_pb2.HealthCheckRequest(service=name)
        return (await stub.Check(request, metadata=metadata(shop, role), timeout=5)).status

    for name in ("", *(f"kassenwart.v1.{service}" for service in SERVICES), "devices/receipt", "devices/drawer"):
        assert await check(name) == SERVING, name
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await check("devices/none")
    assert error.value.code() is grpc.StatusCode.NOT_FOUND
    watch = stub.Watch(health_pb2.HealthCheckRequest(service="devices/ec1"), metadata=metadata(shop), timeout=20)
    watched = aiter(watch)
    assert (await anext(watched)).status == SERVING
    port = shop.devices.ports["ec1"]
    await shop.devices.terminal.stop()
    await shop.call("POST", "/v1/devices/ec1:test", {}, Grpc_Timeout="200m")  # looks at once
    assert (await anext(watched)).status == NOT_SERVING
    assert await check("") == SERVING  # one dead device is no dead daemon
    await shop.devices.terminal.start("127.0.0.1", port)
    assert (await anext(watched)).status == SERVING
    await shop.ok("DELETE", "/v1/devices/ec1")
    assert (await anext(watched)).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
    watch.cancel()


async def failed(shop, channel, name, data, role="technician"):
    """The rich status of a call that must fail."""
    method = next(method for method in methods() if method.name == name)
    make = channel.unary_stream if method.server_streaming else channel.unary_unary
    call = make(method.full_name)(data, metadata=metadata(shop, role), timeout=10)
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await (anext(aiter(call)) if method.server_streaming else call)
    status = rpc_status.from_call(error.value)
    found = {}
    for item in status.details:
        for kind in (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_details_pb2.RetryInfo):
            if item.Is(kind.DESCRIPTOR):
                found[kind.__name__] = kind.FromString(item.value)
    return error.value.code(), status.message, found


@pytest.mark.parametrize("data", [b"\xff\xff\xff", b"\x0a\xff\x01", b"GET / HTTP/1.1", b"\x0a\x02\xff\xfe", b"\x08"])
async def test_garbage_as_message(shop, channel, data):
    for name in ("CreatePayment", "StreamEvents"):
        code, _, details = await failed(shop, channel, name, data)
        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert details["ErrorInfo"].metadata["outcome"] == "not_started"
        assert details["BadRequest"].field_violations


async def test_messages_have_a_limit(shop, channel):
    code, _, details = await failed(shop, channel, "OpenDrawer", b"\x12" + b"\x80\x80\x60" + b"x" * (3 << 19))
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert details["ErrorInfo"].reason == "REQUEST_TOO_LARGE"


async def test_unknown_methods(shop, channel):
    for name in ("/kassenwart.v1.PaymentService/RobBank", "/kassenwart.v2.X/Y", "/x"):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await channel.unary_unary(name)(b"", metadata=metadata(shop), timeout=5)
        assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_rich_errors(shop, channel):
    by_name = {method.name: method.request for method in methods()}
    request = by_name["CreatePayment"](terminal="ec1", amount_minor=-1)
    code, message, details = await failed(shop, channel, "CreatePayment", request.SerializeToString())
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert details["BadRequest"].field_violations[0].field == "/amountMinor"
    assert details["BadRequest"].field_violations[0].description in message
    info = details["ErrorInfo"]
    assert (info.domain, info.reason, info.metadata["outcome"]) == ("kassenwart", "INVALID_ARGUMENT", "not_started")
    await shop.ready("receipt")
    await shop.ok("POST", "/v1/drawers/drawer:open", {})
    code, _, details = await failed(
        shop, channel, "OpenDrawer", by_name["OpenDrawer"](drawer="drawer").SerializeToString()
    )
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert 0 < details["RetryInfo"].retry_delay.ToMilliseconds() <= 1000
    await shop.ok("POST", "/v1/devices/ec1:claim", {"holder": "a"}, role="pos")
    request = by_name["ClaimDevice"](device="ec1", holder="b")
    code, _, details = await failed(shop, channel, "ClaimDevice", request.SerializeToString())
    assert (code, details["ErrorInfo"].reason) == (grpc.StatusCode.ABORTED, "DEVICE_HELD")


@pytest.mark.parametrize("code", [code for code in Code if code is not Code.OK])
def test_both_faces_tell_the_same_of_every_error(code):
    error = ApiError(
        code,
        "Grüße",
        reason="WHY",
        outcome=Outcome.FAILED,
        violations=(Violation("/a/0", "is wrong"),),
        retry_after=1.5,
        metadata={"resource": "x"},
    )
    status = to_status(error)
    document = problem(error, "c1")
    assert status.code.value[0] == int(code)
    assert status.details == document["detail"]
    assert document["code"] == status.code.name == code.name
    assert 400 <= document["status"] < 600
    assert document["title"]
    details = dict(status.trailing_metadata)["grpc-status-details-bin"]
    assert b"WHY" in details
    assert b"failed" in details
    assert b"/a/0" in details


async def test_both_faces_give_the_same_answers(shop, channel):
    await shop.ready()
    await shop.ok("POST", "/v1/terminals/ec1/payments", {"amountMinor": 100, "wait": "10s"})
    tool = Reflection(shop, channel)
    for service in SERVICES:
        await tool.load(f"kassenwart.v1.{service}")
    for service, name, body, path in (
        ("DeviceService", "ListDevices", {"pageSize": 2}, "/v1/devices?pageSize=2"),
        ("DeviceService", "GetDevice", {"device": "tse"}, "/v1/devices/tse"),
        ("TseService", "GetTse", {"tse": "tse"}, "/v1/tse/tse"),
        ("PaymentService", "ListPayments", {"terminal": "ec1"}, "/v1/terminals/ec1/payments"),
        ("DrawerService", "GetDrawer", {"drawer": "drawer"}, "/v1/drawers/drawer"),
        ("CallerService", "ListCalls", {}, "/v1/calls"),
    ):
        assert await tool.call(f"kassenwart.v1.{service}", name, body) == await shop.ok("GET", path), name
    for service, name, body, path in (
        ("DeviceService", "GetDevice", {"device": "none"}, "/v1/devices/none"),
        ("PaymentService", "ListPayments", {"terminal": "ec1", "filter": "x"}, "/v1/terminals/ec1/payments?filter=x"),
        ("PaymentService", "GetPayment", {"terminal": "ec1", "payment": "x"}, "/v1/terminals/ec1/payments/x"),
        ("DrawerService", "GetDrawer", {"drawer": "receipt"}, "/v1/drawers/receipt"),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await tool.call(f"kassenwart.v1.{service}", name, body)
        _, document, _ = await shop.call("GET", path)
        assert (error.value.code().name, error.value.details()) == (document["code"], document["detail"])
    assert json.dumps(document)


async def test_a_taken_port_is_told(shop):
    from gateway.config import Address
    from gateway.faces.grpc import GrpcFace

    face = GrpcFace(None)
    with pytest.raises(OSError, match="taken"):
        await face.start(Address("127.0.0.1", int(shop.grpc.rpartition(":")[2])))
    await face.stop(0)
