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

class Call(_message.Message):
    __slots__ = ("name", "device", "direction", "state", "number", "display", "reason", "display_name", "raw_number", "own_number", "line", "create_time", "end_time", "duration_seconds")
    class Direction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        DIRECTION_UNSPECIFIED: _ClassVar[Call.Direction]
        INCOMING: _ClassVar[Call.Direction]
        OUTGOING: _ClassVar[Call.Direction]
    DIRECTION_UNSPECIFIED: Call.Direction
    INCOMING: Call.Direction
    OUTGOING: Call.Direction
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Call.State]
        RINGING: _ClassVar[Call.State]
        DIALING: _ClassVar[Call.State]
        TALKING: _ClassVar[Call.State]
        ENDED: _ClassVar[Call.State]
        MISSED: _ClassVar[Call.State]
        MACHINE: _ClassVar[Call.State]
        UNKNOWN: _ClassVar[Call.State]
    STATE_UNSPECIFIED: Call.State
    RINGING: Call.State
    DIALING: Call.State
    TALKING: Call.State
    ENDED: Call.State
    MISSED: Call.State
    MACHINE: Call.State
    UNKNOWN: Call.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    RAW_NUMBER_FIELD_NUMBER: _ClassVar[int]
    OWN_NUMBER_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    name: str
    device: str
    direction: Call.Direction
    state: Call.State
    number: str
    display: str
    reason: str
    display_name: str
    raw_number: str
    own_number: str
    line: str
    create_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    duration_seconds: int
    def __init__(self, name: _Optional[str] = ..., device: _Optional[str] = ..., direction: _Optional[_Union[Call.Direction, str]] = ..., state: _Optional[_Union[Call.State, str]] = ..., number: _Optional[str] = ..., display: _Optional[str] = ..., reason: _Optional[str] = ..., display_name: _Optional[str] = ..., raw_number: _Optional[str] = ..., own_number: _Optional[str] = ..., line: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration_seconds: _Optional[int] = ...) -> None: ...

class ListCallsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "filter")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    filter: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., filter: _Optional[str] = ...) -> None: ...

class ListCallsResponse(_message.Message):
    __slots__ = ("calls", "next_page_token")
    CALLS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    calls: _containers.RepeatedCompositeFieldContainer[Call]
    next_page_token: str
    def __init__(self, calls: _Optional[_Iterable[_Union[Call, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetCallRequest(_message.Message):
    __slots__ = ("call",)
    CALL_FIELD_NUMBER: _ClassVar[int]
    call: str
    def __init__(self, call: _Optional[str] = ...) -> None: ...

class WatchCallsRequest(_message.Message):
    __slots__ = ("device",)
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    device: str
    def __init__(self, device: _Optional[str] = ...) -> None: ...
