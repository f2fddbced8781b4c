"""The paper tray of the simulator: printed items gathered into slips, each put out as PNG and text."""

import hashlib
from pathlib import Path

from drivers.document.lines import CutMark, Item, Line, Paper, Slip
from drivers.document.text import render_text
from drivers.escpos._tokens import Command, Token
from drivers.simulation import Journal

_QUESTIONS = frozenset({b"\x1dr", b"\x1dI", b"\x10\x04"})


class Tray:
    """Numbers slips onward from those already in `out`; without `out` they are only journaled."""

    def __init__(self, journal: Journal, out: Path | None, columns: int) -> None:
        self._journal = journal
        self._out = out
        self._paper = Paper(columns)
        self._items: list[Item] = []
        self._hash = hashlib.sha256()
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
        taken = [int(path.stem) for path in (out.glob("*.png") if out else ()) if path.stem.isdecimal()]
        self._number = max(taken, default=0)

    def read(self, token: Token) -> None:
        """A token that the printer executes: it counts for the slip's checksum, unless it only asks something."""
        if isinstance(token, Command) and token.name in _QUESTIONS:
            return
        if not self._items and isinstance(token, Command) and token.name == b"\x1b@":
            self._hash = hashlib.sha256()
        self._hash.update(token.raw)

    def print(self, item: Item) -> None:
        """An item comes out; a cut ends the slip."""
        self._items.append(item)
        if isinstance(item, CutMark):
            self._journal.write("cut", full=item.full)
            self.finish()

    def finish(self) -> None:
        """End the slip, if anything came out since the last one."""
        if not self._items:
            return
        slip, digest = Slip(tuple(self._items), self._paper), self._hash.hexdigest()
        self._items, self._hash = [], hashlib.sha256()
        self._number += 1
        name = f"{self._number:04}"
        text = render_text(slip)
        if self._out is not None:
            from drivers.document.raster import render_png  # noqa: PLC0415 - Pillow is slow to import

            (self._out / f"{name}.txt").write_text(text, encoding="utf-8")
            (self._out / f"{name}.png").write_bytes(render_png(slip))
        self._journal.write(
            "slip",
            slip=self._number,
            text=next((line.strip() for line in text.splitlines() if line.strip()), ""),
            lines=sum(isinstance(item, Line) for item in slip.items),
            cut=isinstance(slip.items[-1], CutMark),
            sha256=digest,
            png=f"{name}.png" if self._out is not None else "",
        )
