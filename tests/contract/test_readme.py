"""What the README and the curl script tell people to paste works."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import pytest

from tests.support import Shop

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def shop(tmp_path):
    async with Shop(tmp_path) as shop:
        await shop.ready()
        (tmp_path / ".run").mkdir()
        (tmp_path / ".run/token").write_text(shop.tokens["technician"] + "\n")
        yield shop


async def sh(shop, *command):
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=shop.folder,
        env={**os.environ, "KASSENWART_URL": shop.rest},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


async def script(shop, *arguments):
    return json.loads(await sh(shop, "sh", str(ROOT / "clients/curl/kassenwart.sh"), *arguments))


async def test_the_curl_script(shop):
    assert "devices" in await sh(shop, "sh", str(ROOT / "clients/curl/kassenwart.sh"))
    assert {one["id"] for one in (await script(shop, "devices"))["devices"]} >= {"receipt", "ec1"}
    assert (await script(shop, "test", "receipt"))["ok"]
    assert (await script(shop, "print", "receipt", 'Grüße "für" \\ 5 €'))["state"] == "PRINTED"
    assert 'Grüße "für" \\ 5 €' in shop.devices.slips()[0]
    assert (await script(shop, "status", "receipt"))["paper"] == "OK"
    paid = await script(shop, "pay", "ec1", "500")
    assert paid["state"] == "APPROVED"
    assert (await script(shop, "resolve", paid["name"]))["state"] == "APPROVED"
    assert (await script(shop, "open", "drawer", "change"))["state"] == "PULSED"
    assert (await script(shop, "tse", "tse"))["development"]
    assert (await script(shop, "calls"))["calls"] == []
    assert (await script(shop, "system"))["demonstration"]
    assert shop.devices.booked() == [500]


async def test_the_tour_with_curl(shop):
    readme = (ROOT / "README.md").read_text()
    tour = readme.split("## A tour with curl")[1].split("## A tour with gRPC")[0]
    commands = [part for part in re.findall(r"(?:^    .*\n)+", tour, re.MULTILINE) if "curl" in part]
    # curl before 7.82 has no --json; the stream would not end by itself.
    text = "".join(commands).replace("--json", "-H 'Content-Type: application/json' -d").replace("curl -sN", "true")
    begin = f'set -e\nT="Authorization: Bearer $(cat .run/token)"; U={shop.rest}\n'
    output = await sh(shop, "sh", "-c", begin + text)
    assert '"state":"PRINTED"' in output
    assert '"state":"APPROVED"' in output
    assert '"state":"PULSED"' in output
    assert (shop.folder / "preview.png").read_bytes().startswith(b"\x89PNG")
    assert "Espresso" in shop.devices.slips()[0]


async def test_the_tour_in_python(shop):
    [code] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    code = code.replace("127.0.0.1:7381", shop.grpc).replace(".run/token", str(shop.folder / ".run/token"))
    output = await sh(
        shop, sys.executable, "-W", "ignore::ResourceWarning", "-c",
        f"import sys; sys.path[:0] = [{str(ROOT / 'clients/python/src')!r}]\n{code}",
    )  # fmt: skip
    assert output.split() == ["PRINTED"]
    assert shop.devices.booked() == [280]
