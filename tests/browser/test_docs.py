"""The description of the API in a real browser."""

import pytest

from gateway.contract import methods
from tests.support import Shop


@pytest.fixture
async def shop(tmp_path):
    async with Shop(tmp_path) as found:
        await found.ready()
        yield found


async def test_all_operations_are_shown_and_no_other_machine_is_asked(shop, browser):
    await browser.open(shop.rest + "/docs")
    await browser.see("#api", "/v1/devices")
    shown = await browser.script("return document.querySelectorAll('.opblock').length")
    assert shown == len(methods())
    assert await browser.console() == []
    asked = await browser.requests()
    assert f"{shop.rest}/openapi.json" in asked
    assert all(url.startswith((shop.rest + "/", "data:", "about:")) for url in asked), asked


async def test_a_call_is_tried_with_the_token_of_this_tab(shop, browser):
    await browser.language("en")
    await browser.open(f"{shop.rest}/#token={shop.tokens['pos']}")
    await browser.see("#connection", "live")
    await browser.click("nav a[href='/docs']")
    await browser.click("#operations-DeviceService-DeviceService_ListDevices button.opblock-summary-control")
    await browser.click("#operations-DeviceService-DeviceService_ListDevices .execute")
    await browser.see("#operations-DeviceService-DeviceService_ListDevices .live-responses-table", '"id": "receipt"')
    assert await browser.console() == []


async def test_a_token_entered_here_lasts_as_long_as_the_tab(shop, browser):
    await browser.open(shop.rest + "/docs")
    await browser.click(".auth-wrapper .authorize")
    await browser.type(".auth-container input", shop.tokens["pos"] + "\n")
    await browser.see(".auth-container", "Authorized")
    assert await browser.script("return [sessionStorage['kassenwart.token'], localStorage.length]") == [
        shop.tokens["pos"],
        0,
    ]
    await browser.click(".auth-container .auth-btn-wrapper button:first-child")  # log out
    await browser.see(".auth-container", "Authorize")
    assert await browser.script("return sessionStorage.length") == 0
