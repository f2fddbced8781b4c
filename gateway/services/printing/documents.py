"""Documents of the contract into those of the drivers, and jobs into bytes."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from drivers import document as doc
from gateway.api import ApiError, invalid
from gateway.config import DeviceSpec
from kassenwart.v1 import Block, Document

_NOT_VALID: Final = doc.Text(
    "TSE-SIMULATOR, NICHT ZERTIFIZIERT\nKEIN GÜLTIGER BELEG / NOT A VALID RECEIPT",
    align=doc.Alignment.CENTER,
    bold=True,
)

#: How a job's source is kept: one letter for its kind, then its bytes.
DOCUMENT: Final = b"D"
RAW: Final = b"R"


def to_driver(document: Document, *, demonstration: bool) -> doc.Document:
    """The driver's document. Raises INVALID_ARGUMENT with the place.

    In demonstration mode every receipt (a document with a TSE's QR code) says above the code that it is not valid.
    """
    if not document.blocks:
        raise invalid("/document/blocks", "is empty: there is nothing to print")
    blocks = []
    for index, block in enumerate(document.blocks):
        kind = block.WhichOneof("block")
        if kind is None:
            names = ", ".join(field.name for field in Block.DESCRIPTOR.fields)
            raise invalid(f"/document/blocks/{index}", f"must hold one of {names}")
        if demonstration and kind == "qr" and block.qr.data.startswith("V0;"):
            blocks.append(_NOT_VALID)
        blocks.append(_BLOCKS[kind](getattr(block, kind)))
    found = doc.Document(tuple(blocks))
    try:
        doc.validate(found)
    except doc.DocumentError as error:
        raise document_error(error) from error
    return found


def document_error(error: doc.DocumentError) -> ApiError:
    """What the caller is told of a document that cannot be printed."""
    return invalid(f"/document/{error.pointer}", error.message)


def has_pictures(document: Document) -> bool:
    """True when encoding takes long enough to belong on a thread."""
    return any(block.WhichOneof("block") == "image" for block in document.blocks)


def encode(source: bytes, spec: DeviceSpec, *, copies: int, duplicate: bool, demonstration: bool) -> bytes:
    """The bytes for a printer. `duplicate` marks a reprint and leaves out drawer pulses. Raises INVALID_ARGUMENT."""
    from drivers import escpos  # noqa: PLC0415 - python-escpos takes half a second to import

    profile = escpos.PrinterProfile(**profile_options(spec))
    if source[:1] == RAW:
        mark = escpos.encode(escpos.duplicate_mark(doc.Document()), profile) if duplicate else b""
        return (mark + source[1:]) * copies
    document = to_driver(Document.FromString(source[1:]), demonstration=demonstration)
    if duplicate:
        blocks = tuple(block for block in document.blocks if not isinstance(block, doc.DrawerPulse))
        document = escpos.duplicate_mark(doc.Document(blocks))
    try:
        return escpos.encode(document, profile, copies=copies)
    except doc.DocumentError as error:
        raise document_error(error) from error


def profile_options(spec: DeviceSpec) -> dict[str, Any]:
    """The printer's profile from its options."""
    options: dict[str, Any] = {}
    if "columns" in spec.options:
        options["columns"] = int(spec.options["columns"])
    if "codepage" in spec.options:
        options["encoding"], options["code_page"] = _CODE_PAGES[spec.options["codepage"]]
    return options


async def warm_up() -> None:
    """Import the encoder on a thread, so that the first receipt does not wait for it."""

    def work() -> None:
        from drivers import escpos  # noqa: PLC0415

        escpos.warm_up()

    await asyncio.to_thread(work)


_CODE_PAGES: Final = {"CP437": ("cp437", 0), "CP858": ("cp858", 19), "CP1252": ("cp1252", 16)}


def _fields(block: Any) -> dict[str, Any]:
    return {field.name: getattr(block, field.name) for field in block.DESCRIPTOR.fields}


def _with(kind: type[Any], **enums: Callable[[int], Any]) -> Callable[[Any], Any]:
    """A conversion field by field; enums become the driver's, which have the same numbers."""

    def convert(block: Any) -> Any:
        fields = _fields(block)
        for name, enum in enums.items():
            fields[name] = _enum(enum, fields[name], name)
        return kind(**fields)

    return convert


def _enum(enum: Callable[[int], Any], value: int, name: str) -> Any:
    try:
        return enum(value)
    except ValueError as error:
        raise invalid("/document", f"{value} is no {name}") from error


def _columns(block: Any) -> doc.Columns:
    convert = _with(doc.Column, align=doc.Alignment)
    return doc.Columns(tuple(convert(column) for column in block.columns), block.bold)


_BLOCKS: Final[dict[str, Callable[[Any], Any]]] = {
    "text": _with(doc.Text, align=doc.Alignment),
    "columns": _columns,
    "rule": _with(doc.Rule),
    "qr": _with(doc.Qr, align=doc.Alignment, correction=doc.Correction),
    "image": _with(doc.Image, align=doc.Alignment),
    "barcode": _with(doc.Barcode, align=doc.Alignment, symbology=doc.Symbology),
    "feed": _with(doc.Feed),
    "cut": _with(doc.Cut),
    "drawer": _with(doc.DrawerPulse),
}
