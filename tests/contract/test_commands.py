"""The command line: what it prints, its exit codes, and the daemon as systemd sees it."""

import asyncio
import shutil
import socket
import sqlite3
import sys
from pathlib import Path

import aiohttp
import pytest

from gateway import __version__
from gateway.cli import main
from gateway.config import EXAMPLE
from tests.support import Daemon, Devices

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "kassenwart.toml"
    path.write_text(
        '[server]\nrest = "127.0.0.1:0"\ngrpc = "127.0.0.1:0"\n'
        f'[storage]\ndirectory = "{tmp_path}/state"\nreserve_mib = 0\n'
    )
    return path


def test_config_example_and_check(tmp_path, capsys):
    assert main(["config", "example"]) == 0
    text = capsys.readouterr().out
    assert text == EXAMPLE
    path = tmp_path / "a.toml"
    path.write_text(text)
    assert main(["config", "check", "--config", str(path)]) == 0
    assert "4 devices: receipt, drawer, ec1, fritz" in capsys.readouterr().out
    path.write_text("[server]\nrest = 1")
    assert main(["config", "check", "--config", str(path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"kassenwart: {path}: [server] rest:")
    path.write_text("[devices.x]\ndriver = 'y'")
    assert main(["config", "check", "--config", str(path)]) == 2
    assert "[devices.x] driver" in capsys.readouterr().err


def test_version(capsys):
    assert main(["version"]) == 0
    assert capsys.readouterr().out == f"kassenwart {__version__}\n"
    with pytest.raises(SystemExit):
        main(["bake"])


def test_tokens(config, capsys, tmp_path):
    base = ["--config", str(config)]
    assert main(["token", "create", "--role", "pos", "--name", "till 1", *base]) == 0
    token = capsys.readouterr().out.strip()
    assert token.startswith("kw_")
    assert main(["token", "list", *base]) == 0
    listed = capsys.readouterr().out
    assert "till 1" in listed
    assert "pos" in listed
    assert "valid" in listed
    assert token not in listed
    assert main(["token", "revoke", "till 1", *base]) == 0
    assert capsys.readouterr().out == "1 revoked\n"
    assert main(["token", "revoke", "till 1", *base]) == 1
    assert "no valid token" in capsys.readouterr().err
    assert main(["token", "list", *base]) == 0
    assert "revoked" in capsys.readouterr().out
    assert main(["token", "create", "--role", "pos", "--name", "a\nb", *base]) == 1
    assert "--name" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["token", "create", "--role", "king", "--name", "a", *base])


def test_tokens_of_a_store_that_cannot_be_used(config, capsys, tmp_path):
    base = ["--config", str(config)]
    assert main(["token", "list", "--config", str(tmp_path / "none")]) == 1
    assert "cannot be read" in capsys.readouterr().err
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "kassenwart.db").write_bytes(b"no store" * 1000)
    assert main(["token", "list", *base]) == 1
    assert "is damaged" in capsys.readouterr().err
    shutil.rmtree(tmp_path / "state")
    (tmp_path / "state").write_text("")
    assert main(["token", "list", *base]) == 1
    assert "cannot be used" in capsys.readouterr().err
    (tmp_path / "state").unlink()
    (tmp_path / "state" / "kassenwart.db").mkdir(parents=True)
    assert main(["token", "list", *base]) == 1
    assert "cannot be used" in capsys.readouterr().err


async def test_the_daemon_as_a_service(tmp_path):
    """Ready is told when it serves, the watchdog is fed, stopping is told, and the end is clean."""
    async with Devices(tmp_path) as devices:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(tmp_path / "notify"))
            manager.setblocking(False)
            told = []

            async def listen():
                while True:
                    told.append((await asyncio.get_running_loop().sock_recv(manager, 1000)).decode())

            listener = asyncio.create_task(listen())
            environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "2000000", "WATCHDOG_PID": ""}
            daemon = Daemon(tmp_path, devices.config(), environment=environment)
            daemon.make_token(tmp_path / "state")
            async with daemon:
                async with aiohttp.ClientSession() as http:
                    async with http.get(f"{daemon.rest}/v1/system", headers=daemon.headers()) as answer:
                        info = await answer.json()
                    assert info["lastShutdownClean"] is True
                    async with asyncio.timeout(10):
                        while not any("WATCHDOG=1" in text for text in told):
                            await asyncio.sleep(0.05)
                assert told[0].startswith("READY=1")
                assert await daemon.stop() == 0
            async with asyncio.timeout(5):
                while not any("STOPPING=1" in text for text in told):
                    await asyncio.sleep(0.01)
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)


async def test_a_kill_is_noticed_at_the_next_start(tmp_path):
    async with Devices(tmp_path) as devices:
        daemon = Daemon(tmp_path, devices.config())
        daemon.make_token(tmp_path / "state")
        async with aiohttp.ClientSession() as http:
            await daemon.start()
            await daemon.kill()
            async with daemon, http.get(f"{daemon.rest}/v1/system", headers=daemon.headers()) as answer:
                info = await answer.json()
        assert info["lastShutdownClean"] is False
        assert any("clean shutdown" in warning for warning in info["warnings"])


async def run(*arguments):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.cli", *arguments),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(20):
        _, errors = await process.communicate()
    return process.returncode, errors.decode()


async def test_a_daemon_that_cannot_run_says_why(config, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT}/clients/python/src")
    code, errors = await run("run", "--config", str(tmp_path / "none"))
    assert (code, errors.count("\n")) == (2, 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for face in ("rest", "grpc"):
            text = config.read_text().replace(f'{face} = "127.0.0.1:0"', f'{face} = "127.0.0.1:{port}"')
            (tmp_path / "taken.toml").write_text(text)
            code, errors = await run("run", "--config", str(tmp_path / "taken.toml"))
            assert code == 1
            assert f"127.0.0.1:{port}" in errors
            assert "Traceback" not in errors
    connection = sqlite3.connect(tmp_path / "state" / "kassenwart.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    code, errors = await run("run", "--config", str(config))
    assert code == 1
    assert "newer Kassenwart" in errors
    assert "Traceback" not in errors
