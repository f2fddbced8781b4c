"""Bad surroundings: a full disk, a damaged database, a taken port, callers who hang up in the middle."""

import asyncio
import os
import sqlite3

import aiohttp
import pytest

from drivers.zvt.simulator import Faults as ZvtFaults
from gateway.storage import SCHEMA_VERSION
from kassenwart import Client
from tests.support import Daemon, Devices, Shop
from tests.support.shop import until

SLIP = {"document": {"blocks": [{"text": {"text": "Bon"}}, {"cut": {}}]}}


def small_disk(place, mib):
    """A command prefix that runs the daemon with a file system of its own at `place`; it goes with the daemon."""
    place.mkdir(parents=True)
    spaces = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "-Ur", "--mount")
    script = f'mount -t tmpfs -o size={mib}m small "$0" && cp -a "$1/." "$0" && exec "$@"'.replace('"$@"', '"${@:2}"')
    return (*spaces, "--propagation", "private", "bash", "-c", script, str(place), str(place.parent / "seed"))


class Rest:
    """REST calls to a daemon process."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.session = aiohttp.ClientSession()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc):
        await self.session.close()

    async def __call__(self, verb, path, body=None):
        async with self.session.request(
            verb, self.daemon.rest + path, json=body, headers=self.daemon.headers()
        ) as answer:
            return answer.status, await answer.json(content_type=None)


async def _ready(rest, *names):
    async def there():
        found = {one["id"]: one["state"] for one in (await rest("GET", "/v1/devices"))[1]["devices"]}
        return all(found[name] == "READY" for name in names)

    await until(there, 10)


async def test_a_full_disk(tmp_path):
    """Reads go on, new work is refused, a running payment ends honestly, and all goes on once there is room."""
    async with Devices(tmp_path) as devices:
        state = tmp_path / "disk"
        daemon = Daemon(tmp_path, devices.config(state=state), command=small_disk(state, 4))
        daemon.make_token(tmp_path / "seed")
        devices.terminal.faults = ZvtFaults(cardholder=0.5)
        async with daemon, Rest(daemon) as rest, Client(daemon.grpc, token=daemon.token, retry_time=0) as client:
            await _ready(rest, "receipt", "ec1", "tse")
            status, before = await rest("POST", "/v1/printers/receipt/jobs", {**SLIP, "wait": "10s"})
            assert before["state"] == "PRINTED"
            _, running = await rest("POST", "/v1/terminals/ec1/payments", {"amountMinor": "700", "requestId": "p"})
            await until(lambda: devices.journals["ec1"].of("payment_started"))
            ballast = _fill(daemon)

            status, problem = await rest("POST", "/v1/printers/receipt/jobs", SLIP)
            assert (status, problem["reason"], problem["code"]) == (507, "DISK_FULL", "RESOURCE_EXHAUSTED")
            with pytest.raises(Exception, match="disk is full") as caught:
                await client.printers.print("receipt", "Bon")
            assert caught.value.code == "RESOURCE_EXHAUSTED"
            for path in ("/v1/devices", f"/v1/{before['name']}", "/v1/system", f"/v1/{running['name']}"):
                assert (await rest("GET", path))[0] == 200

            journal = devices.journals["ec1"]
            await until(lambda: journal.of("booked") or journal.of("reversed") or journal.of("aborted"))
            told = (await rest("GET", f"/v1/{running['name']}"))[1]["state"]
            assert told in {"PENDING", "IN_PROGRESS", "UNKNOWN"}, "a verdict that is not on disk must not be told"

            ballast.unlink()

            async def ended():
                return (await rest("GET", f"/v1/{running['name']}"))[1]["state"] in {"APPROVED", "ABORTED"}

            await until(ended, 10)
            _, paid = await rest("GET", f"/v1/{running['name']}")
            assert (paid["state"] == "APPROVED") == bool(devices.booked())
            status, after = await rest("POST", "/v1/printers/receipt/jobs", {**SLIP, "wait": "10s"})
            assert after["state"] == "PRINTED"
            assert len(devices.slips()) == 2
            assert daemon.process.returncode is None
        assert await daemon.stop() == 0


def _fill(daemon):
    """Fill the daemon's disk to the last byte; returns the file to delete."""
    ballast = type(daemon.folder)(f"/proc/{daemon.process.pid}/root{daemon.folder}/disk/ballast")
    with ballast.open("wb", buffering=0) as file:
        for size in (65_536, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                pass
    return ballast


async def test_a_nearly_full_disk_keeps_its_reserve(tmp_path):
    """New work is refused while there is still room to end what runs."""
    async with Shop(tmp_path, reserve=1_000_000) as shop:
        status, problem, headers = await shop.call("POST", "/v1/printers/receipt/jobs", SLIP, role="pos")
        assert (status, problem["reason"]) == (507, "DISK_FULL")
        assert int(headers["Retry-After"]) > 0
        info = await shop.ok("GET", "/v1/system")
        assert any("disk" in warning for warning in info["warnings"])
        # What brings work to its end is not new work: it gets as far as finding that there is none.
        amounts = {"receipt": {"vatGeneral": 500, "payments": [{"amountMinor": 500}]}}
        for path, body in (("terminals/ec1/payments/x:cancel", {}), ("tse/tse/transactions/x:finish", amounts)):
            status, problem, _ = await shop.call("POST", f"/v1/{path}", body, role="pos")
            assert (status, problem["reason"]) == (404, "NOT_FOUND")
        assert not shop.devices.slips()


async def _refusal(daemon, within=15):
    """Start a daemon that cannot; its exit code and what it said."""
    await daemon.launch()
    async with asyncio.timeout(within):
        code = await daemon.wait()
    said = "\n".join(daemon.log)
    assert "Traceback" not in said
    return code, said


async def test_a_damaged_database_is_left_alone(tmp_path):
    async with Devices(tmp_path) as devices:
        daemon = Daemon(tmp_path, devices.config())
        async with daemon:
            pass
        path = tmp_path / "state" / "kassenwart.db"
        data = bytearray(path.read_bytes())
        data[4096 : 4096 * 3] = os.urandom(4096 * 2)
        path.write_bytes(data)
        code, said = await _refusal(daemon)
        assert code == 1
        assert "damaged" in said
        assert "backup" in said
        assert path.read_bytes() == bytes(data)
        path.write_bytes(b"no database at all, but long enough to look like one. " * 100)
        code, said = await _refusal(daemon)
        assert (code, "damaged" in said) == (1, True)


async def test_a_newer_database_is_left_alone(tmp_path):
    async with Devices(tmp_path) as devices:
        daemon = Daemon(tmp_path, devices.config())
        async with daemon:
            pass
        path = tmp_path / "state" / "kassenwart.db"
        with sqlite3.connect(path) as connection:
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        connection.close()
        before = path.read_bytes()
        code, said = await _refusal(daemon)
        assert code == 1
        assert "newer" in said
        assert path.read_bytes() == before


@pytest.mark.parametrize("face", ["rest", "grpc"])
async def test_a_port_that_is_taken(tmp_path, face):
    async with Devices(tmp_path) as devices:
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        text = devices.config().replace(f'{face} = "127.0.0.1:0"', f'{face} = "127.0.0.1:{port}"')
        code, said = await _refusal(Daemon(tmp_path, text))
        server.close()
        await server.wait_closed()
        assert code == 1
        assert "cannot listen" in said
        assert str(port) in said


async def test_a_second_daemon_on_the_same_state(tmp_path):
    async with Devices(tmp_path) as devices, Daemon(tmp_path, devices.config()) as first:
        code, said = await _refusal(Daemon(tmp_path, devices.config()))
        assert code == 1
        assert "Another Kassenwart" in said
        assert first.process.returncode is None


async def test_an_unknown_key_in_the_configuration(tmp_path):
    async with Devices(tmp_path) as devices:
        text = devices.config().replace('driver = "zvt"', 'driver = "zvt"\npasword = "000000"')
        code, said = await _refusal(Daemon(tmp_path, text))
        assert code == 2
        for part in (str(tmp_path / "kassenwart.toml"), "devices.ec1", "pasword", "password"):
            assert part in said
        text = devices.config().replace("reserve_mib", "reserve_mb")
        code, said = await _refusal(Daemon(tmp_path, text))
        assert code == 2
        for part in ("[storage]", "reserve_mb", "reserve_mib", "keep_events_days"):
            assert part in said


async def test_a_state_directory_that_cannot_be_written(tmp_path):
    async with Devices(tmp_path) as devices:
        state = tmp_path / "state"
        state.mkdir()
        spaces = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "-Ur", "--mount")
        script = 'mount -t tmpfs -o ro small "$0" && exec "$@"'
        command = (*spaces, "--propagation", "private", "bash", "-c", script, str(state))
        code, said = await _refusal(Daemon(tmp_path, devices.config(), command=command))
        assert code == 1
        assert str(state) in said
        assert "writable" in said


HALVES = {
    "half a request line": b"POST /v1/term",
    "half a head": b"POST /v1/terminals/ec1/payments HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le",
    "half a body": b"POST /v1/terminals/ec1/payments HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
    b'Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"amountMinor": "5", "requ',
    "half a chunk": b"POST /v1/terminals/ec1/payments HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
    b'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{"amountMinor": "5"',
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
}
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")
#: HEADERS (stream 1) of a POST to CreatePayment, literal fields without index; DATA announces more than it brings.
FIELDS = (
    (b":method", b"POST"),
    (b":scheme", b"http"),
    (b":path", b"/kassenwart.v1.PaymentService/CreatePayment"),
    (b":authority", b"127.0.0.1"),
    (b"te", b"trailers"),
    (b"content-type", b"application/grpc"),
)


def _grpc_halves(token):
    fields = (*FIELDS, (b"authorization", b"Bearer " + token))
    block = b"".join(bytes([0, len(name)]) + name + _text(value) for name, value in fields)
    headers = len(block).to_bytes(3, "big") + bytes.fromhex("010400000001") + block
    message = b"\0" + (200).to_bytes(4, "big") + b"\x0a\x03ec1\x10\x05"
    data = len(message).to_bytes(3, "big") + bytes.fromhex("000000000001") + message
    return {
        "half a preface": PREFACE[:10],
        "half a head": PREFACE + headers[:40],
        "half a message": PREFACE + headers + data,
        "half a frame": PREFACE + headers + data[:12],
    }


def _text(value):
    assert len(value) < 127 + 128
    length = bytes([len(value)]) if len(value) < 127 else bytes([127, len(value) - 127])
    return length + value


@pytest.mark.parametrize("manner", ["closes", "resets"])
async def test_callers_who_hang_up_in_the_middle(tmp_path, manner):
    """Nothing half is taken for whole, and the daemon serves on."""
    async with Shop(tmp_path) as shop:
        await shop.ready()
        token = shop.tokens["pos"].encode()
        rest, rpc = int(shop.rest.rpartition(":")[2]), int(shop.grpc.rpartition(":")[2])
        sent = [(rest, data.replace(b"%s", token)) for data in HALVES.values()]
        sent += [(rpc, data) for data in _grpc_halves(token).values()]
        for port, data in sent:
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(data)
            await writer.drain()
            await asyncio.sleep(0.02)
            if manner == "resets":
                writer.transport.abort()
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)
        paid = await shop.ok("POST", "/v1/terminals/ec1/payments", {"amountMinor": "700", "wait": "10s"}, role="pos")
        assert paid["state"] == "APPROVED"
        async with shop.client() as client:
            assert (await client.payments.get(paid["name"])).amount_minor == 700
        assert shop.devices.booked() == [700]
        assert len((await shop.ok("GET", "/v1/terminals/ec1/payments"))["payments"]) == 1
