import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.api import httpbody_pb2 as _httpbody_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kassenwart.v1 import document_pb2 as _document_pb2
from kassenwart.v1 import policy_pb2 as _policy_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OnUncertain(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ON_UNCERTAIN_UNSPECIFIED: _ClassVar[OnUncertain]
    ASK: _ClassVar[OnUncertain]
    REPRINT: _ClassVar[OnUncertain]
    NEVER: _ClassVar[OnUncertain]
ON_UNCERTAIN_UNSPECIFIED: OnUncertain
ASK: OnUncertain
REPRINT: OnUncertain
NEVER: OnUncertain

class PrintJob(_message.Message):
    __slots__ = ("name", "state", "hold_reason", "evidence", "failure", "principal", "create_time", "finish_time", "expire_time", "priority", "copies", "on_uncertain", "reprint_of", "reference", "size_bytes")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[PrintJob.State]
        QUEUED: _ClassVar[PrintJob.State]
        HELD: _ClassVar[PrintJob.State]
        SENDING: _ClassVar[PrintJob.State]
        CONFIRMING: _ClassVar[PrintJob.State]
        PRINTED: _ClassVar[PrintJob.State]
        UNCERTAIN: _ClassVar[PrintJob.State]
        FAILED: _ClassVar[PrintJob.State]
        CANCELLED: _ClassVar[PrintJob.State]
        EXPIRED: _ClassVar[PrintJob.State]
    STATE_UNSPECIFIED: PrintJob.State
    QUEUED: PrintJob.State
    HELD: PrintJob.State
    SENDING: PrintJob.State
    CONFIRMING: PrintJob.State
    PRINTED: PrintJob.State
    UNCERTAIN: PrintJob.State
    FAILED: PrintJob.State
    CANCELLED: PrintJob.State
    EXPIRED: PrintJob.State
    class Evidence(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        EVIDENCE_UNSPECIFIED: _ClassVar[PrintJob.Evidence]
        NONE: _ClassVar[PrintJob.Evidence]
        STATUS: _ClassVar[PrintJob.Evidence]
        BARRIER: _ClassVar[PrintJob.Evidence]
        PROCESS_ID: _ClassVar[PrintJob.Evidence]
        EPOS: _ClassVar[PrintJob.Evidence]
    EVIDENCE_UNSPECIFIED: PrintJob.Evidence
    NONE: PrintJob.Evidence
    STATUS: PrintJob.Evidence
    BARRIER: PrintJob.Evidence
    PROCESS_ID: PrintJob.Evidence
    EPOS: PrintJob.Evidence
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    HOLD_REASON_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    FINISH_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    COPIES_FIELD_NUMBER: _ClassVar[int]
    ON_UNCERTAIN_FIELD_NUMBER: _ClassVar[int]
    REPRINT_OF_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    name: str
    state: PrintJob.State
    hold_reason: str
    evidence: PrintJob.Evidence
    failure: str
    principal: str
    create_time: _timestamp_pb2.Timestamp
    finish_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    priority: int
    copies: int
    on_uncertain: OnUncertain
    reprint_of: str
    reference: str
    size_bytes: int
    def __init__(self, name: _Optional[str] = ..., state: _Optional[_Union[PrintJob.State, str]] = ..., hold_reason: _Optional[str] = ..., evidence: _Optional[_Union[PrintJob.Evidence, str]] = ..., failure: _Optional[str] = ..., principal: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., finish_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., priority: _Optional[int] = ..., copies: _Optional[int] = ..., on_uncertain: _Optional[_Union[OnUncertain, str]] = ..., reprint_of: _Optional[str] = ..., reference: _Optional[str] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class CreatePrintJobRequest(_message.Message):
    __slots__ = ("printer", "document", "raw", "copies", "priority", "expire_time", "on_uncertain", "reference", "request_id", "wait", "lease_number")
    PRINTER_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    RAW_FIELD_NUMBER: _ClassVar[int]
    COPIES_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    ON_UNCERTAIN_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    LEASE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    printer: str
    document: _document_pb2.Document
    raw: bytes
    copies: int
    priority: int
    expire_time: _timestamp_pb2.Timestamp
    on_uncertain: OnUncertain
    reference: str
    request_id: str
    wait: _duration_pb2.Duration
    lease_number: int
    def __init__(self, printer: _Optional[str] = ..., document: _Optional[_Union[_document_pb2.Document, _Mapping]] = ..., raw: _Optional[bytes] = ..., copies: _Optional[int] = ..., priority: _Optional[int] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., on_uncertain: _Optional[_Union[OnUncertain, str]] = ..., reference: _Optional[str] = ..., request_id: _Optional[str] = ..., wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., lease_number: _Optional[int] = ...) -> None: ...

class GetPrintJobRequest(_message.Message):
    __slots__ = ("printer", "job")
    PRINTER_FIELD_NUMBER: _ClassVar[int]
    JOB_FIELD_NUMBER: _ClassVar[int]
    printer: str
    job: str
    def __init__(self, printer: _Optional[str] = ..., job: _Optional[str] = ...) -> None: ...

class ListPrintJobsRequest(_message.Message):
    __slots__ = ("printer", "page_size", "page_token", "filter")
    PRINTER_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    printer: str
    page_size: int
    page_token: str
    filter: str
    def __init__(self, printer: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., filter: _Optional[str] = ...) -> None: ...

class ListPrintJobsResponse(_message.Message):
    __slots__ = ("jobs", "next_page_token")
    JOBS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[PrintJob]
    next_page_token: str
    def __init__(self, jobs: _Optional[_Iterable[_Union[PrintJob, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchPrintJobRequest(_message.Message):
    __slots__ = ("printer", "job")
    PRINTER_FIELD_NUMBER: _ClassVar[int]
    JOB_FIELD_NUMBER: _ClassVar[int]
    printer: str
    job: str
    def __init__(self, printer: _Optional[str] = ..., job: _Optional[str] = ...) -> None: ...

class CancelPrintJobRequest(_message.Message):
    __slots__ = ("printer", "job")
    PRINTER_FIELD_NUMBER: _ClassVar[int]
    JOB_FIELD_NUMBER: _ClassVar[int]
    printer: str
    job: str
    def __init__(self, printer: _Optional[str] = ..., job: _Optional[str] = ...) -> None: ...

class ReprintPrintJobRequest(_message.Message):
    __slots__ = ("printer", "job", "request_id", "wait")
    PRINTER_FIELD_NUMBER: _ClassVar[int]
    JOB_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    printer: str
    job: str
    request_id: str
    wait: _duration_pb2.Duration
    def __init__(self, printer: _Optional[str] = ..., job: _Optional[str] = ..., request_id: _Optional[str] = ..., wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class GetPrinterStatusRequest(_message.Message):
    __slots__ = ("printer",)
    PRINTER_FIELD_NUMBER: _ClassVar[int]
    printer: str
    def __init__(self, printer: _Optional[str] = ...) -> None: ...

class PrinterStatus(_message.Message):
    __slots__ = ("name", "answers", "online", "paper", "cover_open", "error", "drawer_pin_high", "read_time", "queue_length")
    class Paper(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        PAPER_UNSPECIFIED: _ClassVar[PrinterStatus.Paper]
        OK: _ClassVar[PrinterStatus.Paper]
        NEAR_END: _ClassVar[PrinterStatus.Paper]
        OUT: _ClassVar[PrinterStatus.Paper]
    PAPER_UNSPECIFIED: PrinterStatus.Paper
    OK: PrinterStatus.Paper
    NEAR_END: PrinterStatus.Paper
    OUT: PrinterStatus.Paper
    NAME_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    ONLINE_FIELD_NUMBER: _ClassVar[int]
    PAPER_FIELD_NUMBER: _ClassVar[int]
    COVER_OPEN_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    DRAWER_PIN_HIGH_FIELD_NUMBER: _ClassVar[int]
    READ_TIME_FIELD_NUMBER: _ClassVar[int]
    QUEUE_LENGTH_FIELD_NUMBER: _ClassVar[int]
    name: str
    answers: bool
    online: bool
    paper: PrinterStatus.Paper
    cover_open: bool
    error: str
    drawer_pin_high: bool
    read_time: _timestamp_pb2.Timestamp
    queue_length: int
    def __init__(self, name: _Optional[str] = ..., answers: _Optional[bool] = ..., online: _Optional[bool] = ..., paper: _Optional[_Union[PrinterStatus.Paper, str]] = ..., cover_open: _Optional[bool] = ..., error: _Optional[str] = ..., drawer_pin_high: _Optional[bool] = ..., read_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., queue_length: _Optional[int] = ...) -> None: ...

class RenderDocumentRequest(_message.Message):
    __slots__ = ("document", "format", "columns")
    class Format(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        FORMAT_UNSPECIFIED: _ClassVar[RenderDocumentRequest.Format]
        PNG: _ClassVar[RenderDocumentRequest.Format]
        TEXT: _ClassVar[RenderDocumentRequest.Format]
    FORMAT_UNSPECIFIED: RenderDocumentRequest.Format
    PNG: RenderDocumentRequest.Format
    TEXT: RenderDocumentRequest.Format
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    document: _document_pb2.Document
    format: RenderDocumentRequest.Format
    columns: int
    def __init__(self, document: _Optional[_Union[_document_pb2.Document, _Mapping]] = ..., format: _Optional[_Union[RenderDocumentRequest.Format, str]] = ..., columns: _Optional[int] = ...) -> None: ...
