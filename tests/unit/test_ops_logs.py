"""Logs in three formats, and the words with systemd."""

import json
import logging
import os
import socket

import pytest

from gateway.config import LogConfig
from gateway.ops import logs
from gateway.ops.systemd import Notifier


@pytest.fixture
def root():
    """The root logger, put back afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("kassenwart")
    before = root.handlers[:], root.level, ours.level
    yield root
    root.handlers[:], root.level = before[0], before[1]
    ours.setLevel(before[2])


def lines(capsys):
    return capsys.readouterr().err.splitlines()


def test_text(root, capsys):
    logs.configure(LogConfig("info", "text"))
    log = logging.getLogger("kassenwart.x")
    log.info("first\nsecond \r third", extra={"ms": 3})
    log.debug("not told")
    logging.getLogger("aiohttp").info("not told")
    [line] = lines(capsys)
    assert "INFO" in line
    assert line.endswith("x: first\\nsecond \\r third ms=3")


def test_an_exception_is_one_line(root, capsys):
    logs.configure(LogConfig("debug", "text"))
    try:
        raise ValueError("bad\nnews")
    except ValueError:
        logging.getLogger("kassenwart.x").exception("oops")
    [line] = lines(capsys)
    assert "ValueError: bad\\nnews" in line


@pytest.mark.parametrize(
    ("level", "number"),
    [(logging.DEBUG, 7), (logging.INFO, 6), (logging.WARNING, 4), (logging.ERROR, 3), (logging.CRITICAL, 2)],
)
def test_priorities_for_the_journal(root, capsys, monkeypatch, level, number):
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    logs.configure(LogConfig("debug", "auto"))
    logging.getLogger("kassenwart.x").log(level, "y")
    assert lines(capsys) == [f"<{number}>x: y"]


def test_auto_is_text_elsewhere(root, capsys, monkeypatch):
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    logs.configure(LogConfig("info", "auto"))
    logging.getLogger("kassenwart.x").info("y")
    assert not lines(capsys)[0].startswith("<")


def test_json(root, capsys):
    logs.configure(LogConfig("info", "json"))
    try:
        raise ValueError("ä")
    except ValueError:
        logging.getLogger("kassenwart.x").warning("Grüße", extra={"face": "rest"}, exc_info=True)
    [line] = lines(capsys)
    entry = json.loads(line)
    assert (entry["level"], entry["logger"], entry["message"], entry["face"]) == (
        "warning",
        "kassenwart.x",
        "Grüße",
        "rest",
    )
    assert entry["time"].endswith("Z")
    assert "ValueError: ä" in entry["exception"]


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_is_told(tmp_path, monkeypatch, abstract):
    name = f"@kassenwart-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(f"\0{name[1:]}" if abstract else name)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        notifier = Notifier()
        assert notifier.present
        notifier.send(READY=1, STATUS="5 devices")
        assert server.recv(100) == b"READY=1\nSTATUS=5 devices"


def test_without_systemd_nothing_happens(monkeypatch, tmp_path):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notifier = Notifier()
    assert not notifier.present
    notifier.send(READY=1)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    Notifier().send(READY=1)  # a manager that went is no reason to fail


@pytest.mark.parametrize(
    ("limit", "process", "interval"),
    [("30000000", "", 15), ("30000000", "self", 15), ("30000000", "1", None), ("", "", None), ("x", "", None)],
)
def test_watchdog(monkeypatch, limit, process, interval):
    monkeypatch.setenv("WATCHDOG_USEC", limit)
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()) if process == "self" else process)
    assert Notifier().watchdog_interval == interval
