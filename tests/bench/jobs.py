"""The two jobs that are measured: 1 KB of raw bytes, and a receipt of 20 lines with a QR code."""

import base64
import json
from collections.abc import Callable
from typing import Final

from google.protobuf import json_format

from kassenwart.v1 import CreatePrintJobRequest
from tests.bench.sink import begin_mark, end_mark

PRINTER: Final = "receipt"
RAW_BYTES: Final = 1024
QR: Final = (
    "V0;KASSE-1;Kassenbeleg-V1;Beleg^11.90_0.00_0.00_0.00_0.00^11.90:Bar;1;2;2026-11-20T09:30:00.000Z;" + "A" * 88
)
LINES: Final = [f"{number:2} x Kaesekuchen mit Sahne{number * 1.37:22.2f}" for number in range(1, 19)]
_MARK: Final = 9_999_999  # stands in the templates where each job's own number goes


def raw(number: int) -> bytes:
    """1 KB for the printer as it is."""
    begin, end = begin_mark(number), end_mark(number)
    return begin + b"x" * (RAW_BYTES - len(begin) - len(end) - 1) + end + b"\n"


def document(number: int) -> list[dict[str, object]]:
    """The blocks of the receipt: 20 lines, a QR code, a cut; the marks stand in the first and behind the last."""
    lines = [begin_mark(number).decode(), *LINES, "Vielen Dank"]
    text = [{"text": {"text": line}} for line in lines]
    return [*text, {"qr": {"data": QR}}, {"text": {"text": end_mark(number).decode()}}, {"cut": {}}]


def _requests(kind: str) -> dict[str, object]:
    body: dict[str, object] = {"requestId": f"bench-{_MARK}"}
    if kind == "raw":
        return {**body, "raw": base64.b64encode(raw(_MARK)).decode()}
    return {**body, "document": {"blocks": document(_MARK)}}


def rest_body(kind: str) -> Callable[[int], bytes]:
    """Makes the JSON of one job by its number, with little work."""
    template = json.dumps(_requests(kind)).encode()
    if kind == "raw":
        pattern = base64.b64encode(raw(_MARK))
        return lambda number: template.replace(str(_MARK).encode(), b"%07d" % number).replace(
            pattern, base64.b64encode(raw(number))
        )
    return lambda number: template.replace(str(_MARK).encode(), b"%07d" % number)


def grpc_body(kind: str) -> Callable[[int], bytes]:
    """Makes the serialised message of one job by its number, with little work."""
    message = json_format.ParseDict(_requests(kind), CreatePrintJobRequest(printer=PRINTER))
    template = message.SerializeToString()
    return lambda number: template.replace(str(_MARK).encode(), b"%07d" % number)
