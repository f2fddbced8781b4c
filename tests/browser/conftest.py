"""One headless Chromium for all browser tests of a worker, and a line to the shop that can be cut."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.support.shop import until

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--no-proxy-server",
    "--window-size=1280,900",
)


class Browser:
    """A browser tab. Calls of the driver block, so each runs on a thread."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    async def open(self, url: str) -> None:
        await asyncio.to_thread(self.driver.get, "about:blank")  # a new fragment alone would not load the page anew
        await asyncio.to_thread(self._forget)
        await asyncio.to_thread(self.driver.get, url)

    async def language(self, code: str) -> None:
        """What the browser says its user reads; for the next page."""
        agent = await self.script("return navigator.userAgent")
        settings = {"userAgent": agent, "acceptLanguage": code}
        await asyncio.to_thread(self.driver.execute_cdp_cmd, "Network.setUserAgentOverride", settings)

    async def script(self, text: str, *arguments: Any) -> Any:
        return await asyncio.to_thread(self.driver.execute_script, text, *arguments)

    async def module(self, text: str) -> Any:
        """Run the body of an asynchronous function and return what it returns."""
        run = "const done = arguments[0]; (async () => {" + text + "})().then(done, (error) => done(String(error)));"
        return await asyncio.to_thread(self.driver.execute_async_script, run)

    async def find(self, css: str) -> WebElement:
        """The element, as soon as it is there and visible."""
        found: list[WebElement] = []

        def there() -> bool:
            try:
                found[:] = [one for one in self.driver.find_elements(By.CSS_SELECTOR, css) if one.is_displayed()]
            except StaleElementReferenceException:
                return False
            return bool(found)

        await until(lambda: asyncio.to_thread(there), 10)
        return found[0]

    async def click(self, css: str) -> None:
        await asyncio.to_thread((await self.find(css)).click)

    async def type(self, css: str, text: str) -> None:
        await asyncio.to_thread((await self.find(css)).send_keys, text)

    async def text(self, css: str) -> str:
        """The visible text of all elements; empty when there is none."""
        return await self.script(
            "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText).join('\\n')", css
        )

    async def see(self, css: str, text: str, within: float = 10.0) -> None:
        """Wait until the elements show this text."""

        async def shown() -> bool:
            return text in await self.text(css)

        try:
            await until(shown, within)
        except AssertionError:
            raise AssertionError(f"{css} does not show {text!r} but: {await self.text(css)}") from None

    async def console(self) -> list[dict[str, Any]]:
        """What the browser complained of since the page was opened: errors, refused requests, CSP violations."""
        return await asyncio.to_thread(self.driver.get_log, "browser")

    async def requests(self) -> list[str]:
        """The addresses that were asked since the page was opened."""
        entries = [
            json.loads(one["message"])["message"] for one in await asyncio.to_thread(self.driver.get_log, "performance")
        ]
        return [
            entry["params"]["request"]["url"] for entry in entries if entry["method"] == "Network.requestWillBeSent"
        ]

    def _forget(self) -> None:
        self.driver.get_log("browser")
        self.driver.get_log("performance")


class Line:
    """A TCP line to a shop: it can be cut, joined again, and made to swallow answers."""

    def __init__(self) -> None:
        self.target = 0  # port; 0 hangs up on everybody
        self.deaf = False
        self.port = 0
        self.carried = asyncio.Event()  # a request has gone out while deaf
        self._ends: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        self.target = 0
        for end in tuple(self._ends):
            end.transport.abort()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.target:
            writer.transport.abort()
            return
        try:
            inward, outward = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, outward}
        self._ends |= ends
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, outward, answers=False))
                group.create_task(self._pump(inward, writer, answers=True))
        finally:
            self._ends -= ends
            for end in ends:
                end.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool) -> None:
        try:
            while data := await source.read(65536):
                if self.deaf and answers:
                    break
                sink.write(data)
                await sink.drain()
                if self.deaf:
                    self.carried.set()
        except OSError:
            pass
        sink.transport.abort()


@asynccontextmanager
async def line_to(url: str) -> AsyncIterator[Line]:
    """A line to the port of an address."""
    line = Line()
    line.target = int(url.rpartition(":")[2])
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(line.carry(reader, writer), name="line")
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        line.cut()
        while tasks:
            await asyncio.wait(tuple(tasks))
        await server.wait_closed()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory) -> Iterator[webdriver.Chrome]:
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.fail(
            "Browser tests need Chromium: apt-get install chromium chromium-driver (.ci/run does)", pytrace=False
        )
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*_FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # Both paths are given, so that Selenium never looks for a browser elsewhere.
    found = webdriver.Chrome(options=options, service=Service(executable_path=driver))
    found.set_script_timeout(20)
    yield found
    found.quit()


@pytest.fixture
def browser(chromium) -> Browser:
    return Browser(chromium)


@pytest.fixture
def line():
    return line_to
