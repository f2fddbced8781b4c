import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kassenwart.v1 import policy_pb2 as _policy_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetSystemInfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SystemInfo(_message.Message):
    __slots__ = ("name", "version", "python_version", "os", "hostname", "start_time", "uptime", "current_time", "demonstration", "storage", "instance", "last_shutdown_clean", "warnings")
    class Storage(_message.Message):
        __slots__ = ("schema_version", "database_bytes", "free_bytes", "total_bytes", "last_event")
        SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
        DATABASE_BYTES_FIELD_NUMBER: _ClassVar[int]
        FREE_BYTES_FIELD_NUMBER: _ClassVar[int]
        TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
        LAST_EVENT_FIELD_NUMBER: _ClassVar[int]
        schema_version: int
        database_bytes: int
        free_bytes: int
        total_bytes: int
        last_event: int
        def __init__(self, schema_version: _Optional[int] = ..., database_bytes: _Optional[int] = ..., free_bytes: _Optional[int] = ..., total_bytes: _Optional[int] = ..., last_event: _Optional[int] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PYTHON_VERSION_FIELD_NUMBER: _ClassVar[int]
    OS_FIELD_NUMBER: _ClassVar[int]
    HOSTNAME_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    UPTIME_FIELD_NUMBER: _ClassVar[int]
    CURRENT_TIME_FIELD_NUMBER: _ClassVar[int]
    DEMONSTRATION_FIELD_NUMBER: _ClassVar[int]
    STORAGE_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    LAST_SHUTDOWN_CLEAN_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    python_version: str
    os: str
    hostname: str
    start_time: _timestamp_pb2.Timestamp
    uptime: _duration_pb2.Duration
    current_time: _timestamp_pb2.Timestamp
    demonstration: bool
    storage: SystemInfo.Storage
    instance: str
    last_shutdown_clean: bool
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., python_version: _Optional[str] = ..., os: _Optional[str] = ..., hostname: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., uptime: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., current_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., demonstration: _Optional[bool] = ..., storage: _Optional[_Union[SystemInfo.Storage, _Mapping]] = ..., instance: _Optional[str] = ..., last_shutdown_clean: _Optional[bool] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...
