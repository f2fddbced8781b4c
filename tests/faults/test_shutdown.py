"""How the daemon ends, and what it tells the service manager."""

import asyncio
import socket
import time

import aiohttp
import pytest

from drivers.zvt.simulator import Faults as ZvtFaults
from kassenwart import Client, KassenwartError
from kassenwart.documents import cut
from kassenwart.v1 import Device, Payment
from tests.support import Daemon, Devices
from tests.support.shop import until

NOISE = 4.0  # seconds; it takes less than two, but machines under test are noisy


async def _clean(daemon):
    async with Client(daemon.grpc, token=daemon.token) as client:
        return (await client.system.info()).last_shutdown_clean


async def _state(client, name):
    return (await client.devices.get(name)).state == Device.READY


async def test_sigterm_ends_open_streams_and_waiting_calls_soon(tmp_path):
    async with Devices(tmp_path) as devices:
        devices.printer.set_paper_out(True)
        daemon = Daemon(tmp_path, devices.config())
        daemon.make_token(tmp_path / "state")
        await daemon.start()
        headers = daemon.headers()
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            Client(daemon.grpc, token=daemon.token, retry_time=0) as client,
        ):
            await until(lambda: _state(client, "ec1"), 10)
            streams = [await session.get(daemon.rest + "/v1/events") for _ in range(5)]
            events = client.events.stream(resume_after="0")
            await anext(events)
            job = {"document": {"blocks": [{"text": {"text": "Bon"}}, {"cut": {}}]}, "wait": "60s"}
            post = session.post(daemon.rest + "/v1/printers/receipt/jobs", json=job)
            waiting = [
                asyncio.ensure_future(post),
                asyncio.ensure_future(client.printers.print("receipt", ["Bon", cut()], wait=60)),
            ]

            async def queued():
                return (await client.printers.status("receipt")).queue_length == 2

            await until(queued)
            begin = time.monotonic()
            assert await daemon.stop(within=10) == 0
            assert time.monotonic() - begin < NOISE
            ends = [await stream.content.read() for stream in streams]
            assert all(b"SHUTDOWN" in end for end in ends)
            await asyncio.gather(*waiting, return_exceptions=True)
            await events.aclose()
        assert not [line for line in daemon.log if "Traceback" in line or "ERROR" in line]

        devices.printer.set_paper_out(False)  # what waited was kept
        async with daemon:
            await until(lambda: len(devices.slips()) == 2, 10)
            assert await _clean(daemon)
            await daemon.kill()
            await daemon.start()
            assert not await _clean(daemon)


async def test_the_service_manager_is_told(tmp_path, monkeypatch):
    """READY, WATCHDOG and STOPPING reach a real socket; a payment is brought to its end before the daemon goes."""
    monkeypatch.chdir(tmp_path)
    said = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("notify")
        manager.setblocking(False)

        async def listen():
            loop = asyncio.get_running_loop()
            while True:
                said.append((await loop.sock_recv(manager, 4096)).decode())

        listener = asyncio.create_task(listen())
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "2000000"}
        async with Devices(tmp_path) as devices:
            devices.terminal.faults = ZvtFaults(cardholder=0.8)
            daemon = Daemon(tmp_path, devices.config(), environment=environment)
            daemon.make_token(tmp_path / "state")
            await daemon.start()
            await until(lambda: any("READY=1" in text for text in said))
            await until(lambda: sum("WATCHDOG=1" in text for text in said) >= 2, 10)
            async with Client(daemon.grpc, token=daemon.token, retry_time=0) as client:
                await until(lambda: _state(client, "ec1"), 10)
                payment = await client.payments.pay("ec1", 500)
                await until(lambda: devices.journals["ec1"].of("payment_started"))
                daemon.process.terminate()
                await until(lambda: any("STOPPING=1" in text for text in said))
                with pytest.raises(KassenwartError) as caught:
                    await client.payments.pay("ec1", 600)
                assert (caught.value.code, caught.value.reason) == ("UNAVAILABLE", "SHUTDOWN")
            assert await daemon.stop(within=10) == 0
            assert any("EXTEND_TIMEOUT_USEC=" in text for text in said)
            assert devices.booked() == [500]
            async with daemon, Client(daemon.grpc, token=daemon.token) as client:
                assert (await client.payments.get(payment)).state == Payment.APPROVED
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)
    order = [text for text in said if text.startswith(("READY", "STOPPING"))]
    assert order[0].startswith("READY=1")
    assert order[1].startswith("STOPPING=1")
