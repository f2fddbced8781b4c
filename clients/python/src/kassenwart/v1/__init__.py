"""The messages and enums of the contract. Made by proto/generate.py."""

from kassenwart.v1.caller_pb2 import Call
from kassenwart.v1.caller_pb2 import GetCallRequest
from kassenwart.v1.caller_pb2 import ListCallsRequest
from kassenwart.v1.caller_pb2 import ListCallsResponse
from kassenwart.v1.caller_pb2 import WatchCallsRequest
from kassenwart.v1.device_pb2 import ClaimDeviceRequest
from kassenwart.v1.device_pb2 import CreateDeviceRequest
from kassenwart.v1.device_pb2 import DeleteDeviceRequest
from kassenwart.v1.device_pb2 import Device
from kassenwart.v1.device_pb2 import GetDeviceRequest
from kassenwart.v1.device_pb2 import GetLeaseRequest
from kassenwart.v1.device_pb2 import Lease
from kassenwart.v1.device_pb2 import ListDevicesRequest
from kassenwart.v1.device_pb2 import ListDevicesResponse
from kassenwart.v1.device_pb2 import ReleaseDeviceRequest
from kassenwart.v1.device_pb2 import TestDeviceRequest
from kassenwart.v1.device_pb2 import TestDeviceResponse
from kassenwart.v1.device_pb2 import UpdateDeviceRequest
from kassenwart.v1.document_pb2 import Alignment
from kassenwart.v1.document_pb2 import BarcodeBlock
from kassenwart.v1.document_pb2 import Block
from kassenwart.v1.document_pb2 import ColumnsBlock
from kassenwart.v1.document_pb2 import CutBlock
from kassenwart.v1.document_pb2 import Document
from kassenwart.v1.document_pb2 import DrawerBlock
from kassenwart.v1.document_pb2 import FeedBlock
from kassenwart.v1.document_pb2 import ImageBlock
from kassenwart.v1.document_pb2 import QrBlock
from kassenwart.v1.document_pb2 import RuleBlock
from kassenwart.v1.document_pb2 import TextBlock
from kassenwart.v1.drawer_pb2 import Drawer
from kassenwart.v1.drawer_pb2 import DrawerOpening
from kassenwart.v1.drawer_pb2 import GetDrawerOpeningRequest
from kassenwart.v1.drawer_pb2 import GetDrawerRequest
from kassenwart.v1.drawer_pb2 import ListDrawerOpeningsRequest
from kassenwart.v1.drawer_pb2 import ListDrawerOpeningsResponse
from kassenwart.v1.drawer_pb2 import OpenDrawerRequest
from kassenwart.v1.event_pb2 import Event
from kassenwart.v1.event_pb2 import StreamEventsRequest
from kassenwart.v1.payment_pb2 import CancelPaymentRequest
from kassenwart.v1.payment_pb2 import CreatePaymentRequest
from kassenwart.v1.payment_pb2 import GetPaymentRequest
from kassenwart.v1.payment_pb2 import ListPaymentsRequest
from kassenwart.v1.payment_pb2 import ListPaymentsResponse
from kassenwart.v1.payment_pb2 import Payment
from kassenwart.v1.payment_pb2 import ResolvePaymentRequest
from kassenwart.v1.payment_pb2 import TerminalReceipt
from kassenwart.v1.payment_pb2 import WatchPaymentRequest
from kassenwart.v1.policy_pb2 import MethodPolicy
from kassenwart.v1.policy_pb2 import Role
from kassenwart.v1.printing_pb2 import CancelPrintJobRequest
from kassenwart.v1.printing_pb2 import CreatePrintJobRequest
from kassenwart.v1.printing_pb2 import GetPrintJobRequest
from kassenwart.v1.printing_pb2 import GetPrinterStatusRequest
from kassenwart.v1.printing_pb2 import ListPrintJobsRequest
from kassenwart.v1.printing_pb2 import ListPrintJobsResponse
from kassenwart.v1.printing_pb2 import OnUncertain
from kassenwart.v1.printing_pb2 import PrintJob
from kassenwart.v1.printing_pb2 import PrinterStatus
from kassenwart.v1.printing_pb2 import RenderDocumentRequest
from kassenwart.v1.printing_pb2 import ReprintPrintJobRequest
from kassenwart.v1.printing_pb2 import WatchPrintJobRequest
from kassenwart.v1.system_pb2 import GetSystemInfoRequest
from kassenwart.v1.system_pb2 import SystemInfo
from kassenwart.v1.tse_pb2 import CancelTransactionRequest
from kassenwart.v1.tse_pb2 import FinishTransactionRequest
from kassenwart.v1.tse_pb2 import GetTransactionRequest
from kassenwart.v1.tse_pb2 import GetTseRequest
from kassenwart.v1.tse_pb2 import ListTransactionsRequest
from kassenwart.v1.tse_pb2 import ListTransactionsResponse
from kassenwart.v1.tse_pb2 import ReceiptAmounts
from kassenwart.v1.tse_pb2 import StartTransactionRequest
from kassenwart.v1.tse_pb2 import Transaction
from kassenwart.v1.tse_pb2 import Tse
from kassenwart.v1.tse_pb2 import UpdateTransactionRequest

__all__ = [
    "Alignment",
    "BarcodeBlock",
    "Block",
    "Call",
    "CancelPaymentRequest",
    "CancelPrintJobRequest",
    "CancelTransactionRequest",
    "ClaimDeviceRequest",
    "ColumnsBlock",
    "CreateDeviceRequest",
    "CreatePaymentRequest",
    "CreatePrintJobRequest",
    "CutBlock",
    "DeleteDeviceRequest",
    "Device",
    "Document",
    "Drawer",
    "DrawerBlock",
    "DrawerOpening",
    "Event",
    "FeedBlock",
    "FinishTransactionRequest",
    "GetCallRequest",
    "GetDeviceRequest",
    "GetDrawerOpeningRequest",
    "GetDrawerRequest",
    "GetLeaseRequest",
    "GetPaymentRequest",
    "GetPrintJobRequest",
    "GetPrinterStatusRequest",
    "GetSystemInfoRequest",
    "GetTransactionRequest",
    "GetTseRequest",
    "ImageBlock",
    "Lease",
    "ListCallsRequest",
    "ListCallsResponse",
    "ListDevicesRequest",
    "ListDevicesResponse",
    "ListDrawerOpeningsRequest",
    "ListDrawerOpeningsResponse",
    "ListPaymentsRequest",
    "ListPaymentsResponse",
    "ListPrintJobsRequest",
    "ListPrintJobsResponse",
    "ListTransactionsRequest",
    "ListTransactionsResponse",
    "MethodPolicy",
    "OnUncertain",
    "OpenDrawerRequest",
    "Payment",
    "PrintJob",
    "PrinterStatus",
    "QrBlock",
    "ReceiptAmounts",
    "ReleaseDeviceRequest",
    "RenderDocumentRequest",
    "ReprintPrintJobRequest",
    "ResolvePaymentRequest",
    "Role",
    "RuleBlock",
    "StartTransactionRequest",
    "StreamEventsRequest",
    "SystemInfo",
    "TerminalReceipt",
    "TestDeviceRequest",
    "TestDeviceResponse",
    "TextBlock",
    "Transaction",
    "Tse",
    "UpdateDeviceRequest",
    "UpdateTransactionRequest",
    "WatchCallsRequest",
    "WatchPaymentRequest",
    "WatchPrintJobRequest",
]
