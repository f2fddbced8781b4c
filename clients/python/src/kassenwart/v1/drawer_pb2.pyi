import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kassenwart.v1 import policy_pb2 as _policy_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Drawer(_message.Message):
    __slots__ = ("name", "printer", "pin", "sense_high", "last_opening")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PRINTER_FIELD_NUMBER: _ClassVar[int]
    PIN_FIELD_NUMBER: _ClassVar[int]
    SENSE_HIGH_FIELD_NUMBER: _ClassVar[int]
    LAST_OPENING_FIELD_NUMBER: _ClassVar[int]
    name: str
    printer: str
    pin: int
    sense_high: bool
    last_opening: DrawerOpening
    def __init__(self, name: _Optional[str] = ..., printer: _Optional[str] = ..., pin: _Optional[int] = ..., sense_high: _Optional[bool] = ..., last_opening: _Optional[_Union[DrawerOpening, _Mapping]] = ...) -> None: ...

class DrawerOpening(_message.Message):
    __slots__ = ("name", "state", "reason", "principal", "create_time", "failure")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[DrawerOpening.State]
        PENDING: _ClassVar[DrawerOpening.State]
        PULSED: _ClassVar[DrawerOpening.State]
        FAILED: _ClassVar[DrawerOpening.State]
        UNCERTAIN: _ClassVar[DrawerOpening.State]
    STATE_UNSPECIFIED: DrawerOpening.State
    PENDING: DrawerOpening.State
    PULSED: DrawerOpening.State
    FAILED: DrawerOpening.State
    UNCERTAIN: DrawerOpening.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    name: str
    state: DrawerOpening.State
    reason: str
    principal: str
    create_time: _timestamp_pb2.Timestamp
    failure: str
    def __init__(self, name: _Optional[str] = ..., state: _Optional[_Union[DrawerOpening.State, str]] = ..., reason: _Optional[str] = ..., principal: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., failure: _Optional[str] = ...) -> None: ...

class OpenDrawerRequest(_message.Message):
    __slots__ = ("drawer", "reason", "request_id", "lease_number")
    DRAWER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    drawer: str
    reason: str
    request_id: str
    lease_number: int
    def __init__(self, drawer: _Optional[str] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ..., lease_number: _Optional[int] = ...) -> None: ...

class GetDrawerRequest(_message.Message):
    __slots__ = ("drawer",)
    DRAWER_FIELD_NUMBER: _ClassVar[int]
    drawer: str
    def __init__(self, drawer: _Optional[str] = ...) -> None: ...

class GetDrawerOpeningRequest(_message.Message):
    __slots__ = ("drawer", "opening")
    DRAWER_FIELD_NUMBER: _ClassVar[int]
    OPENING_FIELD_NUMBER: _ClassVar[int]
    drawer: str
    opening: str
    def __init__(self, drawer: _Optional[str] = ..., opening: _Optional[str] = ...) -> None: ...

class ListDrawerOpeningsRequest(_message.Message):
    __slots__ = ("drawer", "page_size", "page_token", "filter")
    DRAWER_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    drawer: str
    page_size: int
    page_token: str
    filter: str
    def __init__(self, drawer: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., filter: _Optional[str] = ...) -> None: ...

class ListDrawerOpeningsResponse(_message.Message):
    __slots__ = ("openings", "next_page_token")
    OPENINGS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    openings: _containers.RepeatedCompositeFieldContainer[DrawerOpening]
    next_page_token: str
    def __init__(self, openings: _Optional[_Iterable[_Union[DrawerOpening, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
