import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import empty_pb2 as _empty_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kassenwart.v1 import policy_pb2 as _policy_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Device(_message.Message):
    __slots__ = ("name", "id", "kind", "driver", "address", "state", "reason", "since", "lease", "identity", "options", "enabled", "development")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[Device.Kind]
        PRINTER: _ClassVar[Device.Kind]
        DRAWER: _ClassVar[Device.Kind]
        TERMINAL: _ClassVar[Device.Kind]
        TSE: _ClassVar[Device.Kind]
        CALLER_ID: _ClassVar[Device.Kind]
    KIND_UNSPECIFIED: Device.Kind
    PRINTER: Device.Kind
    DRAWER: Device.Kind
    TERMINAL: Device.Kind
    TSE: Device.Kind
    CALLER_ID: Device.Kind
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Device.State]
        CONNECTING: _ClassVar[Device.State]
        READY: _ClassVar[Device.State]
        DEGRADED: _ClassVar[Device.State]
        OFFLINE: _ClassVar[Device.State]
        DISABLED: _ClassVar[Device.State]
    STATE_UNSPECIFIED: Device.State
    CONNECTING: Device.State
    READY: Device.State
    DEGRADED: Device.State
    OFFLINE: Device.State
    DISABLED: Device.State
    class OptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class Identity(_message.Message):
        __slots__ = ("vendor", "model", "serial", "firmware")
        VENDOR_FIELD_NUMBER: _ClassVar[int]
        MODEL_FIELD_NUMBER: _ClassVar[int]
        SERIAL_FIELD_NUMBER: _ClassVar[int]
        FIRMWARE_FIELD_NUMBER: _ClassVar[int]
        vendor: str
        model: str
        serial: str
        firmware: str
        def __init__(self, vendor: _Optional[str] = ..., model: _Optional[str] = ..., serial: _Optional[str] = ..., firmware: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    DRIVER_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    DEVELOPMENT_FIELD_NUMBER: _ClassVar[int]
    name: str
    id: str
    kind: Device.Kind
    driver: str
    address: str
    state: Device.State
    reason: str
    since: _timestamp_pb2.Timestamp
    lease: Lease
    identity: Device.Identity
    options: _containers.ScalarMap[str, str]
    enabled: bool
    development: bool
    def __init__(self, name: _Optional[str] = ..., id: _Optional[str] = ..., kind: _Optional[_Union[Device.Kind, str]] = ..., driver: _Optional[str] = ..., address: _Optional[str] = ..., state: _Optional[_Union[Device.State, str]] = ..., reason: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., lease: _Optional[_Union[Lease, _Mapping]] = ..., identity: _Optional[_Union[Device.Identity, _Mapping]] = ..., options: _Optional[_Mapping[str, str]] = ..., enabled: _Optional[bool] = ..., development: _Optional[bool] = ...) -> None: ...

class Lease(_message.Message):
    __slots__ = ("name", "holder", "principal", "number", "expire_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    holder: str
    principal: str
    number: int
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., holder: _Optional[str] = ..., principal: _Optional[str] = ..., number: _Optional[int] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListDevicesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "filter")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    filter: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., filter: _Optional[str] = ...) -> None: ...

class ListDevicesResponse(_message.Message):
    __slots__ = ("devices", "next_page_token")
    DEVICES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    devices: _containers.RepeatedCompositeFieldContainer[Device]
    next_page_token: str
    def __init__(self, devices: _Optional[_Iterable[_Union[Device, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetDeviceRequest(_message.Message):
    __slots__ = ("device",)
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    device: str
    def __init__(self, device: _Optional[str] = ...) -> None: ...

class CreateDeviceRequest(_message.Message):
    __slots__ = ("id", "driver", "address", "options", "enabled", "validate_only")
    class OptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    DRIVER_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    id: str
    driver: str
    address: str
    options: _containers.ScalarMap[str, str]
    enabled: bool
    validate_only: bool
    def __init__(self, id: _Optional[str] = ..., driver: _Optional[str] = ..., address: _Optional[str] = ..., options: _Optional[_Mapping[str, str]] = ..., enabled: _Optional[bool] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class UpdateDeviceRequest(_message.Message):
    __slots__ = ("device", "driver", "address", "options", "enabled", "validate_only")
    class OptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    DRIVER_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    device: str
    driver: str
    address: str
    options: _containers.ScalarMap[str, str]
    enabled: bool
    validate_only: bool
    def __init__(self, device: _Optional[str] = ..., driver: _Optional[str] = ..., address: _Optional[str] = ..., options: _Optional[_Mapping[str, str]] = ..., enabled: _Optional[bool] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class DeleteDeviceRequest(_message.Message):
    __slots__ = ("device",)
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    device: str
    def __init__(self, device: _Optional[str] = ...) -> None: ...

class TestDeviceRequest(_message.Message):
    __slots__ = ("device",)
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    device: str
    def __init__(self, device: _Optional[str] = ...) -> None: ...

class TestDeviceResponse(_message.Message):
    __slots__ = ("ok", "message", "hints", "device")
    OK_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    HINTS_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    ok: bool
    message: str
    hints: _containers.RepeatedScalarFieldContainer[str]
    device: Device
    def __init__(self, ok: _Optional[bool] = ..., message: _Optional[str] = ..., hints: _Optional[_Iterable[str]] = ..., device: _Optional[_Union[Device, _Mapping]] = ...) -> None: ...

class ClaimDeviceRequest(_message.Message):
    __slots__ = ("device", "holder", "ttl")
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    device: str
    holder: str
    ttl: _duration_pb2.Duration
    def __init__(self, device: _Optional[str] = ..., holder: _Optional[str] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class GetLeaseRequest(_message.Message):
    __slots__ = ("device",)
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    device: str
    def __init__(self, device: _Optional[str] = ...) -> None: ...

class ReleaseDeviceRequest(_message.Message):
    __slots__ = ("device", "number")
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    device: str
    number: int
    def __init__(self, device: _Optional[str] = ..., number: _Optional[int] = ...) -> None: ...
