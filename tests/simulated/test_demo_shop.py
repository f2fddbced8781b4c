"""The demonstration shop as a newcomer uses it: opened, sold in, its daemon killed, opened again, closed."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from drivers.tse import qr

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT}/clients/python/src"}


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


async def start(*arguments, **kwargs):
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.cli", *map(str, arguments)),
        env=ENVIRONMENT,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        **kwargs,
    )


async def opened(process):
    lines = []
    async with asyncio.timeout(30):
        while line := (await process.stdout.readline()).decode():
            lines.append(line)
            if "Ctrl-C closes the shop" in line:
                return "".join(lines)
    raise AssertionError("".join(lines))


@pytest.mark.timeout(120)
async def test_the_shop_opens_sells_survives_a_kill_and_closes(tmp_path):
    rest, grpc = free_port(), free_port()
    arguments = ("demo", "--dir", tmp_path / "shop", "--rest-port", rest, "--grpc-port", grpc)
    shop = await start(*arguments)
    try:
        told = await opened(shop)
        assert f"http://127.0.0.1:{rest}/" in told
        assert f"127.0.0.1:{grpc}" in told

        sale = await start(
            *("sale", "--address", f"127.0.0.1:{grpc}", "--token-file", tmp_path / "shop/token"),
            *("--png", tmp_path / "receipt.png", "--language", "en"),
        )
        output = (await sale.communicate())[0].decode()
        assert sale.returncode == 0, output
        assert "PRINTED (proof: BARRIER)" in output
        assert "The signature is genuine" in output
        [code] = zxingcpp.read_barcodes(Image.open(tmp_path / "receipt.png"))
        assert qr.verify(code.text).valid
        printed = tmp_path / "shop/devices/receipt/slips/0001.png"
        assert zxingcpp.read_barcodes(Image.open(printed))[0].text == code.text

        pids = {path.parent.name: path.read_text() for path in (tmp_path / "shop/devices").glob("*/pid")}
        os.kill(int((tmp_path / "shop/daemon.pid").read_text()), signal.SIGKILL)
        assert "the devices still stand" in (await shop.communicate())[0].decode()
        assert shop.returncode == 1

        shop = await start(*arguments)
        await opened(shop)
        assert pids == {path.parent.name: path.read_text() for path in (tmp_path / "shop/devices").glob("*/pid")}
        second = await start(*arguments)
        assert "already runs" in (await second.communicate())[0].decode()
        journal = (tmp_path / "shop/devices/ec1/journal.jsonl").read_text().splitlines()
        assert [event["event"] for event in map(json.loads, journal)].count("booked") == 1
    finally:
        began = time.monotonic()
        if shop.returncode is None:
            shop.send_signal(signal.SIGINT)
        await shop.communicate()
        stop = await start("demo", "--dir", tmp_path / "shop", "--stop")
        left = (await stop.communicate())[0].decode()
    assert time.monotonic() - began < 10
    assert shop.returncode == 0
    assert "nothing was running" in left
