"""python-escpos behind a fence: its `Dummy` printer as a byte encoder, imported quickly and quietly.

Left to itself the import parses 400 KB of YAML (1 s), leaves a folder in /tmp each time, calls `logging.basicConfig`
and may print. Here its capabilities come from a pickle made with `json` in a folder of our own (0700, gone afterwards).
"""

import contextlib
import functools
import importlib.util
import io
import json
import logging
import os
import pickle
import platform
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

_PICKLE_DIR = "ESCPOS_CAPABILITIES_PICKLE_DIR"


class Recorder(Protocol):
    """What the encoder uses of python-escpos' `Dummy`, and the two things it keeps to itself."""

    @property
    def output(self) -> bytes:
        """All bytes so far."""
        ...

    def raw(self, data: bytes) -> None:
        """Add bytes as they are."""
        ...

    def set(self, **style: Any) -> None:
        """Add style commands; only the arguments given are sent."""
        ...

    def qr(self, content: str, ec: int, size: int, model: int, *, native: bool) -> None:
        """Add a native QR code (GS ( k)."""
        ...

    def hardware_barcode(self, data: str, kind: str, height: int, width: int, position: str) -> None:
        """Add a native barcode (GS k, function B)."""
        ...


def recorder() -> Recorder:
    """A fresh recorder (35 µs); the first call imports python-escpos."""
    with _importing:  # it changes what belongs to the whole process, and two threads may want the first one at once
        kind = _recorder_class()
    made: Recorder = kind()
    return made


_importing = threading.Lock()


@functools.cache
def _recorder_class() -> type[Any]:
    with _quiet_import():
        from escpos.printer import Dummy  # noqa: PLC0415 - see above

    class _Recorder(Dummy):  # type: ignore[misc]
        def raw(self, data: bytes) -> None:
            self._output_list.append(data)

        def hardware_barcode(self, data: str, kind: str, height: int, width: int, position: str) -> None:
            # `barcode()` itself prints to stdout, and would fall back to a picture without telling.
            self._hw_barcode(data, kind, height, width, position, align_ct=False, function_type="B", check=False)

    return _Recorder


@contextlib.contextmanager
def _quiet_import() -> Iterator[None]:
    before = os.environ.get(_PICKLE_DIR)
    temporary, handlers = tempfile.tempdir, logging.root.handlers[:]
    with tempfile.TemporaryDirectory(prefix="kassenwart-") as folder, contextlib.redirect_stdout(io.StringIO()):
        _pickle_capabilities(Path(folder))
        os.environ[_PICKLE_DIR] = tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = temporary
            if before is None:
                del os.environ[_PICKLE_DIR]
            else:
                os.environ[_PICKLE_DIR] = before
            logging.root.handlers[:] = handlers


def _pickle_capabilities(folder: Path) -> None:
    """Put the pickle where python-escpos looks for it; without one it would only be slow."""
    spec = importlib.util.find_spec("escpos")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("python-escpos is not installed: it encodes what printers print")
    source = Path(spec.submodule_search_locations[0]) / "capabilities.json"
    with contextlib.suppress(OSError, ValueError):
        data = json.loads(source.read_text(encoding="utf-8"))
        (folder / f"{platform.python_version()}.capabilities.pickle").write_bytes(pickle.dumps(data))
