"""The methods of the contract, read from its descriptors."""

from dataclasses import dataclass
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import FileDescriptor, MethodDescriptor
from google.protobuf.message import Message

from kassenwart.v1 import (
    caller_pb2,
    device_pb2,
    drawer_pb2,
    event_pb2,
    payment_pb2,
    policy_pb2,
    printing_pb2,
    system_pb2,
    tse_pb2,
)

_FILES: tuple[FileDescriptor, ...] = tuple(
    module.DESCRIPTOR
    for module in (
        caller_pb2,
        device_pb2,
        drawer_pb2,
        event_pb2,
        payment_pb2,
        printing_pb2,
        system_pb2,
        tse_pb2,
    )
)


@dataclass(frozen=True, slots=True)
class Method:
    """One method: its path on the wire and how it may be treated."""

    name: str
    path: str
    request: type[Message]
    answer: type[Message]
    streams: bool
    read_only: bool
    has_request_id: bool
    has_wait: bool

    @property
    def repeatable(self) -> bool:
        """True when the same call twice does no more than once."""
        return self.read_only or self.has_request_id


def _method(found: MethodDescriptor) -> Method:
    extensions: Any = found.GetOptions().Extensions  # protoc's stubs do not type extensions
    return Method(
        name=found.name,
        path=f"/{found.containing_service.full_name}/{found.name}",
        request=message_factory.GetMessageClass(found.input_type),
        answer=message_factory.GetMessageClass(found.output_type),
        streams=found.server_streaming,
        read_only=extensions[policy_pb2.policy].read_only,
        has_request_id="request_id" in found.input_type.fields_by_name,
        has_wait="wait" in found.input_type.fields_by_name,
    )


# By the class of their request: each method has one of its own.
METHODS: dict[type[Message], Method] = {
    method.request: method
    for file in _FILES
    for service in file.services_by_name.values()
    for method in map(_method, service.methods)
}
