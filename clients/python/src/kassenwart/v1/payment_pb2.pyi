import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kassenwart.v1 import policy_pb2 as _policy_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Payment(_message.Message):
    __slots__ = ("name", "kind", "state", "amount_minor", "currency_code", "reference", "principal", "create_time", "finish_time", "message", "message_de", "result_code", "card", "trace_number", "receipt_number", "terminal_id", "authorisation", "terminal_time", "receipts")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[Payment.Kind]
        SALE: _ClassVar[Payment.Kind]
    KIND_UNSPECIFIED: Payment.Kind
    SALE: Payment.Kind
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Payment.State]
        PENDING: _ClassVar[Payment.State]
        IN_PROGRESS: _ClassVar[Payment.State]
        APPROVED: _ClassVar[Payment.State]
        DECLINED: _ClassVar[Payment.State]
        ABORTED: _ClassVar[Payment.State]
        REVERSED: _ClassVar[Payment.State]
        UNKNOWN: _ClassVar[Payment.State]
    STATE_UNSPECIFIED: Payment.State
    PENDING: Payment.State
    IN_PROGRESS: Payment.State
    APPROVED: Payment.State
    DECLINED: Payment.State
    ABORTED: Payment.State
    REVERSED: Payment.State
    UNKNOWN: Payment.State
    class Card(_message.Message):
        __slots__ = ("name", "type", "masked_number")
        NAME_FIELD_NUMBER: _ClassVar[int]
        TYPE_FIELD_NUMBER: _ClassVar[int]
        MASKED_NUMBER_FIELD_NUMBER: _ClassVar[int]
        name: str
        type: int
        masked_number: str
        def __init__(self, name: _Optional[str] = ..., type: _Optional[int] = ..., masked_number: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    FINISH_TIME_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_DE_FIELD_NUMBER: _ClassVar[int]
    RESULT_CODE_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    TRACE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    TERMINAL_ID_FIELD_NUMBER: _ClassVar[int]
    AUTHORISATION_FIELD_NUMBER: _ClassVar[int]
    TERMINAL_TIME_FIELD_NUMBER: _ClassVar[int]
    RECEIPTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    kind: Payment.Kind
    state: Payment.State
    amount_minor: int
    currency_code: str
    reference: str
    principal: str
    create_time: _timestamp_pb2.Timestamp
    finish_time: _timestamp_pb2.Timestamp
    message: str
    message_de: str
    result_code: int
    card: Payment.Card
    trace_number: str
    receipt_number: str
    terminal_id: str
    authorisation: str
    terminal_time: str
    receipts: _containers.RepeatedCompositeFieldContainer[TerminalReceipt]
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[_Union[Payment.Kind, str]] = ..., state: _Optional[_Union[Payment.State, str]] = ..., amount_minor: _Optional[int] = ..., currency_code: _Optional[str] = ..., reference: _Optional[str] = ..., principal: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., finish_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., message: _Optional[str] = ..., message_de: _Optional[str] = ..., result_code: _Optional[int] = ..., card: _Optional[_Union[Payment.Card, _Mapping]] = ..., trace_number: _Optional[str] = ..., receipt_number: _Optional[str] = ..., terminal_id: _Optional[str] = ..., authorisation: _Optional[str] = ..., terminal_time: _Optional[str] = ..., receipts: _Optional[_Iterable[_Union[TerminalReceipt, _Mapping]]] = ...) -> None: ...

class TerminalReceipt(_message.Message):
    __slots__ = ("kind", "lines")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[TerminalReceipt.Kind]
        MERCHANT: _ClassVar[TerminalReceipt.Kind]
        CUSTOMER: _ClassVar[TerminalReceipt.Kind]
        ADMINISTRATION: _ClassVar[TerminalReceipt.Kind]
    KIND_UNSPECIFIED: TerminalReceipt.Kind
    MERCHANT: TerminalReceipt.Kind
    CUSTOMER: TerminalReceipt.Kind
    ADMINISTRATION: TerminalReceipt.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    kind: TerminalReceipt.Kind
    lines: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, kind: _Optional[_Union[TerminalReceipt.Kind, str]] = ..., lines: _Optional[_Iterable[str]] = ...) -> None: ...

class CreatePaymentRequest(_message.Message):
    __slots__ = ("terminal", "amount_minor", "currency_code", "kind", "reference", "request_id", "wait", "lease_number")
    TERMINAL_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    LEASE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    terminal: str
    amount_minor: int
    currency_code: str
    kind: Payment.Kind
    reference: str
    request_id: str
    wait: _duration_pb2.Duration
    lease_number: int
    def __init__(self, terminal: _Optional[str] = ..., amount_minor: _Optional[int] = ..., currency_code: _Optional[str] = ..., kind: _Optional[_Union[Payment.Kind, str]] = ..., reference: _Optional[str] = ..., request_id: _Optional[str] = ..., wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., lease_number: _Optional[int] = ...) -> None: ...

class GetPaymentRequest(_message.Message):
    __slots__ = ("terminal", "payment")
    TERMINAL_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_FIELD_NUMBER: _ClassVar[int]
    terminal: str
    payment: str
    def __init__(self, terminal: _Optional[str] = ..., payment: _Optional[str] = ...) -> None: ...

class ListPaymentsRequest(_message.Message):
    __slots__ = ("terminal", "page_size", "page_token", "filter")
    TERMINAL_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    terminal: str
    page_size: int
    page_token: str
    filter: str
    def __init__(self, terminal: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., filter: _Optional[str] = ...) -> None: ...

class ListPaymentsResponse(_message.Message):
    __slots__ = ("payments", "next_page_token")
    PAYMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    payments: _containers.RepeatedCompositeFieldContainer[Payment]
    next_page_token: str
    def __init__(self, payments: _Optional[_Iterable[_Union[Payment, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchPaymentRequest(_message.Message):
    __slots__ = ("terminal", "payment")
    TERMINAL_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_FIELD_NUMBER: _ClassVar[int]
    terminal: str
    payment: str
    def __init__(self, terminal: _Optional[str] = ..., payment: _Optional[str] = ...) -> None: ...

class CancelPaymentRequest(_message.Message):
    __slots__ = ("terminal", "payment")
    TERMINAL_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_FIELD_NUMBER: _ClassVar[int]
    terminal: str
    payment: str
    def __init__(self, terminal: _Optional[str] = ..., payment: _Optional[str] = ...) -> None: ...

class ResolvePaymentRequest(_message.Message):
    __slots__ = ("terminal", "payment")
    TERMINAL_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_FIELD_NUMBER: _ClassVar[int]
    terminal: str
    payment: str
    def __init__(self, terminal: _Optional[str] = ..., payment: _Optional[str] = ...) -> None: ...
