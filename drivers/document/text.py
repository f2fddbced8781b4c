"""The plain text preview: what a slip says, one line of text for each printed line."""

from drivers.document.blocks import Alignment
from drivers.document.lines import LINE_PITCH, Bars, CutMark, Gap, Item, Line, Picture, QrCode, Slip, shift


def render_text(slip: Slip) -> str:
    """The slip as text; what is not text stands in square brackets, a cut is a dashed line."""
    columns = slip.paper.columns
    lines = [line.rstrip() for item in slip.items for line in _item(item, columns)]
    return "".join(f"{line}\n" for line in lines)


def _item(item: Item, columns: int) -> list[str]:
    match item:
        case Line():
            return [_line(item, columns)]
        case Gap():
            return [""] * (item.height // LINE_PITCH)
        case Picture():
            return [_aligned(f"[picture {item.width} x {item.height}]", item.align, columns)]
        case QrCode():
            return [_aligned(f"[QR {item.data}]", item.align, columns)]
        case Bars():
            return [_aligned(f"[{item.symbology.name} {item.data}]", item.align, columns)]
        case CutMark():
            return [("- " * columns)[:columns]]
        case _:  # a drawer pulse leaves no trace on paper
            return []


def _line(line: Line, columns: int) -> str:
    """Wide characters are not spread, so a line may be shorter than on paper, but stands where it does there."""
    width = sum(len(run.text) * run.style.width for run in line.runs)
    return " " * shift(columns, width, line.align) + "".join(run.text for run in line.runs)


def _aligned(text: str, align: Alignment, columns: int) -> str:
    return " " * shift(columns, len(text), align) + text
