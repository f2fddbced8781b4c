from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Alignment(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ALIGNMENT_UNSPECIFIED: _ClassVar[Alignment]
    LEFT: _ClassVar[Alignment]
    CENTER: _ClassVar[Alignment]
    RIGHT: _ClassVar[Alignment]
ALIGNMENT_UNSPECIFIED: Alignment
LEFT: Alignment
CENTER: Alignment
RIGHT: Alignment

class Document(_message.Message):
    __slots__ = ("blocks",)
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    blocks: _containers.RepeatedCompositeFieldContainer[Block]
    def __init__(self, blocks: _Optional[_Iterable[_Union[Block, _Mapping]]] = ...) -> None: ...

class Block(_message.Message):
    __slots__ = ("text", "columns", "rule", "qr", "image", "barcode", "feed", "cut", "drawer")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    QR_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    FEED_FIELD_NUMBER: _ClassVar[int]
    CUT_FIELD_NUMBER: _ClassVar[int]
    DRAWER_FIELD_NUMBER: _ClassVar[int]
    text: TextBlock
    columns: ColumnsBlock
    rule: RuleBlock
    qr: QrBlock
    image: ImageBlock
    barcode: BarcodeBlock
    feed: FeedBlock
    cut: CutBlock
    drawer: DrawerBlock
    def __init__(self, text: _Optional[_Union[TextBlock, _Mapping]] = ..., columns: _Optional[_Union[ColumnsBlock, _Mapping]] = ..., rule: _Optional[_Union[RuleBlock, _Mapping]] = ..., qr: _Optional[_Union[QrBlock, _Mapping]] = ..., image: _Optional[_Union[ImageBlock, _Mapping]] = ..., barcode: _Optional[_Union[BarcodeBlock, _Mapping]] = ..., feed: _Optional[_Union[FeedBlock, _Mapping]] = ..., cut: _Optional[_Union[CutBlock, _Mapping]] = ..., drawer: _Optional[_Union[DrawerBlock, _Mapping]] = ...) -> None: ...

class TextBlock(_message.Message):
    __slots__ = ("text", "align", "bold", "underline", "invert", "width", "height")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ALIGN_FIELD_NUMBER: _ClassVar[int]
    BOLD_FIELD_NUMBER: _ClassVar[int]
    UNDERLINE_FIELD_NUMBER: _ClassVar[int]
    INVERT_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    text: str
    align: Alignment
    bold: bool
    underline: bool
    invert: bool
    width: int
    height: int
    def __init__(self, text: _Optional[str] = ..., align: _Optional[_Union[Alignment, str]] = ..., bold: _Optional[bool] = ..., underline: _Optional[bool] = ..., invert: _Optional[bool] = ..., width: _Optional[int] = ..., height: _Optional[int] = ...) -> None: ...

class ColumnsBlock(_message.Message):
    __slots__ = ("columns", "bold")
    class Column(_message.Message):
        __slots__ = ("text", "width", "align")
        TEXT_FIELD_NUMBER: _ClassVar[int]
        WIDTH_FIELD_NUMBER: _ClassVar[int]
        ALIGN_FIELD_NUMBER: _ClassVar[int]
        text: str
        width: int
        align: Alignment
        def __init__(self, text: _Optional[str] = ..., width: _Optional[int] = ..., align: _Optional[_Union[Alignment, str]] = ...) -> None: ...
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    BOLD_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedCompositeFieldContainer[ColumnsBlock.Column]
    bold: bool
    def __init__(self, columns: _Optional[_Iterable[_Union[ColumnsBlock.Column, _Mapping]]] = ..., bold: _Optional[bool] = ...) -> None: ...

class RuleBlock(_message.Message):
    __slots__ = ("character",)
    CHARACTER_FIELD_NUMBER: _ClassVar[int]
    character: str
    def __init__(self, character: _Optional[str] = ...) -> None: ...

class QrBlock(_message.Message):
    __slots__ = ("data", "size", "correction", "align")
    class Correction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        CORRECTION_UNSPECIFIED: _ClassVar[QrBlock.Correction]
        L: _ClassVar[QrBlock.Correction]
        M: _ClassVar[QrBlock.Correction]
        Q: _ClassVar[QrBlock.Correction]
        H: _ClassVar[QrBlock.Correction]
    CORRECTION_UNSPECIFIED: QrBlock.Correction
    L: QrBlock.Correction
    M: QrBlock.Correction
    Q: QrBlock.Correction
    H: QrBlock.Correction
    DATA_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    CORRECTION_FIELD_NUMBER: _ClassVar[int]
    ALIGN_FIELD_NUMBER: _ClassVar[int]
    data: str
    size: int
    correction: QrBlock.Correction
    align: Alignment
    def __init__(self, data: _Optional[str] = ..., size: _Optional[int] = ..., correction: _Optional[_Union[QrBlock.Correction, str]] = ..., align: _Optional[_Union[Alignment, str]] = ...) -> None: ...

class ImageBlock(_message.Message):
    __slots__ = ("png", "align", "width")
    PNG_FIELD_NUMBER: _ClassVar[int]
    ALIGN_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    png: bytes
    align: Alignment
    width: int
    def __init__(self, png: _Optional[bytes] = ..., align: _Optional[_Union[Alignment, str]] = ..., width: _Optional[int] = ...) -> None: ...

class BarcodeBlock(_message.Message):
    __slots__ = ("data", "symbology", "height", "text", "align")
    class Symbology(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SYMBOLOGY_UNSPECIFIED: _ClassVar[BarcodeBlock.Symbology]
        CODE128: _ClassVar[BarcodeBlock.Symbology]
        EAN13: _ClassVar[BarcodeBlock.Symbology]
        EAN8: _ClassVar[BarcodeBlock.Symbology]
        CODE39: _ClassVar[BarcodeBlock.Symbology]
    SYMBOLOGY_UNSPECIFIED: BarcodeBlock.Symbology
    CODE128: BarcodeBlock.Symbology
    EAN13: BarcodeBlock.Symbology
    EAN8: BarcodeBlock.Symbology
    CODE39: BarcodeBlock.Symbology
    DATA_FIELD_NUMBER: _ClassVar[int]
    SYMBOLOGY_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ALIGN_FIELD_NUMBER: _ClassVar[int]
    data: str
    symbology: BarcodeBlock.Symbology
    height: int
    text: bool
    align: Alignment
    def __init__(self, data: _Optional[str] = ..., symbology: _Optional[_Union[BarcodeBlock.Symbology, str]] = ..., height: _Optional[int] = ..., text: _Optional[bool] = ..., align: _Optional[_Union[Alignment, str]] = ...) -> None: ...

class FeedBlock(_message.Message):
    __slots__ = ("lines",)
    LINES_FIELD_NUMBER: _ClassVar[int]
    lines: int
    def __init__(self, lines: _Optional[int] = ...) -> None: ...

class CutBlock(_message.Message):
    __slots__ = ("full",)
    FULL_FIELD_NUMBER: _ClassVar[int]
    full: bool
    def __init__(self, full: _Optional[bool] = ...) -> None: ...

class DrawerBlock(_message.Message):
    __slots__ = ("pin",)
    PIN_FIELD_NUMBER: _ClassVar[int]
    pin: int
    def __init__(self, pin: _Optional[int] = ...) -> None: ...
