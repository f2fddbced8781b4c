"""The table of methods, made from the descriptors of `kassenwart.v1`: the one place where the API is written."""

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, TypeAlias

from google.api import annotations_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message

from kassenwart.v1 import policy_pb2  # registers the method option that carries roles

# Importing the modules puts their services into the default pool.
from kassenwart.v1 import (  # noqa: F401 isort: skip
    caller_pb2,
    device_pb2,
    drawer_pb2,
    event_pb2,
    payment_pb2,
    printing_pb2,
    system_pb2,
    tse_pb2,
)

if TYPE_CHECKING:
    from google._upb import _message  # what the descriptors of a pool truly are

AnyMessage: TypeAlias = "Descriptor | _message.Descriptor"
AnyField: TypeAlias = "FieldDescriptor | _message.FieldDescriptor"

SERVICES = (
    "DeviceService",
    "PrinterService",
    "DrawerService",
    "PaymentService",
    "TseService",
    "CallerService",
    "EventService",
    "SystemService",
)
PACKAGE = "kassenwart.v1"


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the contract with everything that the faces and the dispatch chain need to know of it."""

    service: str
    name: str
    request: type[Message]
    response: type[Message]
    server_streaming: bool
    verb: str
    path: str
    body: str
    roles: frozenset[int]
    read_only: bool
    ends_work: bool
    descriptor: MethodDescriptor

    @property
    def full_name(self) -> str:
        """As on the gRPC wire: `/kassenwart.v1.PrinterService/CreatePrintJob`."""
        return f"/{PACKAGE}.{self.service}/{self.name}"

    @property
    def takes_request_id(self) -> bool:
        """True when a repeat with the same id must be harmless."""
        return "request_id" in self.request.DESCRIPTOR.fields_by_name

    @property
    def takes_wait(self) -> bool:
        """True when the caller may wait for the outcome."""
        return "wait" in self.request.DESCRIPTOR.fields_by_name


def _method(service: str, descriptor: MethodDescriptor) -> Method:
    options = descriptor.GetOptions()
    rule = options.Extensions[annotations_pb2.http]
    verb = rule.WhichOneof("pattern")
    policy: policy_pb2.MethodPolicy = options.Extensions[policy_pb2.policy]  # type: ignore[index]
    roles = set(policy.roles)
    if policy_pb2.POS in roles:
        roles.add(policy_pb2.TECHNICIAN)
    if policy_pb2.METRICS in roles:
        roles.add(policy_pb2.TECHNICIAN)
    return Method(
        service=service,
        name=descriptor.name,
        request=message_factory.GetMessageClass(descriptor.input_type),
        response=message_factory.GetMessageClass(descriptor.output_type),
        server_streaming=descriptor.server_streaming,
        verb=verb.upper(),
        path=getattr(rule, verb),
        body=rule.body,
        roles=frozenset(roles),
        read_only=policy.read_only,
        ends_work=policy.ends_work,
        descriptor=descriptor,
    )


@lru_cache(maxsize=1)
def methods() -> tuple[Method, ...]:
    """All methods of the contract, in the order of their services."""
    pool = descriptor_pool.Default()
    found = []
    for service in SERVICES:
        descriptor = pool.FindServiceByName(f"{PACKAGE}.{service}")
        found += [_method(service, method) for method in descriptor.methods]
    return tuple(found)


@lru_cache(maxsize=1)
def comments() -> dict[str, str]:
    """The comments of the .proto files by full name (`kassenwart.v1.PrintJob.state`); kept in kassenwart.pb."""
    data = resources.files(__name__).joinpath("kassenwart.pb").read_bytes()
    found: dict[str, str] = {}
    for file in descriptor_pb2.FileDescriptorSet.FromString(data).file:
        for location in file.source_code_info.location:
            if name := _element(file, list(location.path)):
                lines = location.leading_comments.splitlines()
                found[name] = " ".join(" ".join(line for line in lines if "buf:lint:" not in line).split())
    return found


def _element(file: descriptor_pb2.FileDescriptorProto, path: list[int]) -> str:
    """The full name of the element at a source-info path (pairs of field number and index)."""
    element: Message = file
    names = [file.package]
    while len(path) >= 2:
        number, index, *path = path
        field = element.DESCRIPTOR.fields_by_number[number]
        value = getattr(element, field.name)
        if not field.is_repeated or field.message_type is None:
            return ""
        element = value[index]
        names.append(element.name)  # type: ignore[attr-defined]
    return "" if path else ".".join(names)
