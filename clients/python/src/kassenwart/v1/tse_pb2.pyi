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

class Tse(_message.Message):
    __slots__ = ("name", "serial_number", "key_hash", "public_key", "certificate", "certificate_expire_time", "signature_algorithm", "time_format", "description", "development", "signatures_created", "signatures_remaining", "self_test_passed", "time_valid", "clients", "open_transactions")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SERIAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    KEY_HASH_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    TIME_FORMAT_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    DEVELOPMENT_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_CREATED_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_REMAINING_FIELD_NUMBER: _ClassVar[int]
    SELF_TEST_PASSED_FIELD_NUMBER: _ClassVar[int]
    TIME_VALID_FIELD_NUMBER: _ClassVar[int]
    CLIENTS_FIELD_NUMBER: _ClassVar[int]
    OPEN_TRANSACTIONS_FIELD_NUMBER: _ClassVar[int]
    name: str
    serial_number: str
    key_hash: str
    public_key: bytes
    certificate: str
    certificate_expire_time: _timestamp_pb2.Timestamp
    signature_algorithm: str
    time_format: str
    description: str
    development: bool
    signatures_created: int
    signatures_remaining: int
    self_test_passed: bool
    time_valid: bool
    clients: _containers.RepeatedScalarFieldContainer[str]
    open_transactions: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, name: _Optional[str] = ..., serial_number: _Optional[str] = ..., key_hash: _Optional[str] = ..., public_key: _Optional[bytes] = ..., certificate: _Optional[str] = ..., certificate_expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., signature_algorithm: _Optional[str] = ..., time_format: _Optional[str] = ..., description: _Optional[str] = ..., development: _Optional[bool] = ..., signatures_created: _Optional[int] = ..., signatures_remaining: _Optional[int] = ..., self_test_passed: _Optional[bool] = ..., time_valid: _Optional[bool] = ..., clients: _Optional[_Iterable[str]] = ..., open_transactions: _Optional[_Iterable[int]] = ...) -> None: ...

class Transaction(_message.Message):
    __slots__ = ("name", "state", "number", "client_id", "process_type", "process_data", "start_time", "end_time", "signature_counter", "signature", "qr_code_data", "tse_serial_number", "development", "failure", "principal", "create_time", "reference")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Transaction.State]
        STARTING: _ClassVar[Transaction.State]
        OPEN: _ClassVar[Transaction.State]
        FINISHING: _ClassVar[Transaction.State]
        FINISHED: _ClassVar[Transaction.State]
        CANCELLED: _ClassVar[Transaction.State]
        FAILED: _ClassVar[Transaction.State]
        UNKNOWN: _ClassVar[Transaction.State]
    STATE_UNSPECIFIED: Transaction.State
    STARTING: Transaction.State
    OPEN: Transaction.State
    FINISHING: Transaction.State
    FINISHED: Transaction.State
    CANCELLED: Transaction.State
    FAILED: Transaction.State
    UNKNOWN: Transaction.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_TYPE_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DATA_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_COUNTER_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    QR_CODE_DATA_FIELD_NUMBER: _ClassVar[int]
    TSE_SERIAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    DEVELOPMENT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    state: Transaction.State
    number: int
    client_id: str
    process_type: str
    process_data: bytes
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    signature_counter: int
    signature: bytes
    qr_code_data: str
    tse_serial_number: str
    development: bool
    failure: str
    principal: str
    create_time: _timestamp_pb2.Timestamp
    reference: str
    def __init__(self, name: _Optional[str] = ..., state: _Optional[_Union[Transaction.State, str]] = ..., number: _Optional[int] = ..., client_id: _Optional[str] = ..., process_type: _Optional[str] = ..., process_data: _Optional[bytes] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., signature_counter: _Optional[int] = ..., signature: _Optional[bytes] = ..., qr_code_data: _Optional[str] = ..., tse_serial_number: _Optional[str] = ..., development: _Optional[bool] = ..., failure: _Optional[str] = ..., principal: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reference: _Optional[str] = ...) -> None: ...

class ReceiptAmounts(_message.Message):
    __slots__ = ("type", "vat_general", "vat_reduced", "vat_average_3", "vat_average_1", "vat_none", "payments")
    class PaymentAmount(_message.Message):
        __slots__ = ("cash", "amount_minor", "currency_code")
        CASH_FIELD_NUMBER: _ClassVar[int]
        AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
        CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
        cash: bool
        amount_minor: int
        currency_code: str
        def __init__(self, cash: _Optional[bool] = ..., amount_minor: _Optional[int] = ..., currency_code: _Optional[str] = ...) -> None: ...
    TYPE_FIELD_NUMBER: _ClassVar[int]
    VAT_GENERAL_FIELD_NUMBER: _ClassVar[int]
    VAT_REDUCED_FIELD_NUMBER: _ClassVar[int]
    VAT_AVERAGE_3_FIELD_NUMBER: _ClassVar[int]
    VAT_AVERAGE_1_FIELD_NUMBER: _ClassVar[int]
    VAT_NONE_FIELD_NUMBER: _ClassVar[int]
    PAYMENTS_FIELD_NUMBER: _ClassVar[int]
    type: str
    vat_general: int
    vat_reduced: int
    vat_average_3: int
    vat_average_1: int
    vat_none: int
    payments: _containers.RepeatedCompositeFieldContainer[ReceiptAmounts.PaymentAmount]
    def __init__(self, type: _Optional[str] = ..., vat_general: _Optional[int] = ..., vat_reduced: _Optional[int] = ..., vat_average_3: _Optional[int] = ..., vat_average_1: _Optional[int] = ..., vat_none: _Optional[int] = ..., payments: _Optional[_Iterable[_Union[ReceiptAmounts.PaymentAmount, _Mapping]]] = ...) -> None: ...

class GetTseRequest(_message.Message):
    __slots__ = ("tse",)
    TSE_FIELD_NUMBER: _ClassVar[int]
    tse: str
    def __init__(self, tse: _Optional[str] = ...) -> None: ...

class StartTransactionRequest(_message.Message):
    __slots__ = ("tse", "client_id", "reference", "request_id")
    TSE_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    tse: str
    client_id: str
    reference: str
    request_id: str
    def __init__(self, tse: _Optional[str] = ..., client_id: _Optional[str] = ..., reference: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdateTransactionRequest(_message.Message):
    __slots__ = ("tse", "transaction", "process_type", "process_data")
    TSE_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    PROCESS_TYPE_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DATA_FIELD_NUMBER: _ClassVar[int]
    tse: str
    transaction: str
    process_type: str
    process_data: bytes
    def __init__(self, tse: _Optional[str] = ..., transaction: _Optional[str] = ..., process_type: _Optional[str] = ..., process_data: _Optional[bytes] = ...) -> None: ...

class FinishTransactionRequest(_message.Message):
    __slots__ = ("tse", "transaction", "receipt", "process_type", "process_data", "request_id")
    TSE_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    PROCESS_TYPE_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DATA_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    tse: str
    transaction: str
    receipt: ReceiptAmounts
    process_type: str
    process_data: bytes
    request_id: str
    def __init__(self, tse: _Optional[str] = ..., transaction: _Optional[str] = ..., receipt: _Optional[_Union[ReceiptAmounts, _Mapping]] = ..., process_type: _Optional[str] = ..., process_data: _Optional[bytes] = ..., request_id: _Optional[str] = ...) -> None: ...

class CancelTransactionRequest(_message.Message):
    __slots__ = ("tse", "transaction")
    TSE_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    tse: str
    transaction: str
    def __init__(self, tse: _Optional[str] = ..., transaction: _Optional[str] = ...) -> None: ...

class GetTransactionRequest(_message.Message):
    __slots__ = ("tse", "transaction")
    TSE_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    tse: str
    transaction: str
    def __init__(self, tse: _Optional[str] = ..., transaction: _Optional[str] = ...) -> None: ...

class ListTransactionsRequest(_message.Message):
    __slots__ = ("tse", "page_size", "page_token", "filter")
    TSE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    tse: str
    page_size: int
    page_token: str
    filter: str
    def __init__(self, tse: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., filter: _Optional[str] = ...) -> None: ...

class ListTransactionsResponse(_message.Message):
    __slots__ = ("transactions", "next_page_token")
    TRANSACTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    transactions: _containers.RepeatedCompositeFieldContainer[Transaction]
    next_page_token: str
    def __init__(self, transactions: _Optional[_Iterable[_Union[Transaction, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
