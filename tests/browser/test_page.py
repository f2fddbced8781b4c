"""The technician's page in a real browser, with the devices' own journals as witnesses."""

import sqlite3
from contextlib import closing

import pytest
import zxingcpp
from PIL import Image

from kassenwart.v1 import Call, Device, DrawerOpening, Payment, PrinterStatus, PrintJob, Transaction
from tests.support import Shop
from tests.support.shop import until

SLOW = 9000_02  # an amount for which the simulated cardholder takes ten seconds
HOSTILE = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>'


@pytest.fixture
async def shop(tmp_path):
    async with Shop(tmp_path) as found:
        await found.ready()
        yield found


async def enter(browser, shop, url="", language="en"):
    """Open the page with a token in the fragment, and wait until it is live."""
    await browser.language(language)
    await browser.open(f"{url or shop.rest}/#token={shop.tokens['technician']}")
    await browser.see("#connection", "live")


async def test_signing_in_and_out(shop, browser):
    await browser.language("de-DE")
    await browser.open(shop.rest + "/")
    await browser.type("#token", "kw_wrong\n")
    await browser.see("[role=alert]", "Dieses Token gilt hier nicht")
    assert "TOKEN_INVALID" in await browser.text("[role=alert]")
    assert [entry["source"] for entry in await browser.console()] == ["network"]  # the 401, nothing else

    await browser.type("#token", shop.tokens["technician"] + "\n")
    await browser.see("#connection", "live")
    await browser.see("[data-device=receipt]", "bereit")
    await browser.click("#sign-out")
    await browser.find("#token")
    assert await browser.script("return sessionStorage.length") == 0
    assert await browser.text("[data-device]") == ""
    assert await browser.console() == []


async def test_a_token_for_monitoring_is_told_what_it_lacks(shop, browser):
    await browser.language("en")
    await browser.open(f"{shop.rest}/#token={shop.tokens['metrics']}")
    await browser.see("#connection", "no events")
    await browser.see("#connection", "metrics")


async def test_devices_and_what_they_say_of_themselves(shop, browser):
    claim = {"holder": "Till 2"}
    await shop.ok("POST", "/v1/devices/ec1:claim", claim)
    await shop.devices.fritz.ring("03023125123")
    await enter(browser, shop)
    assert await browser.script("return location.href") == shop.rest + "/"  # the token is out of the address bar
    for device, words in {
        "receipt": ("Printer", "ready", f"127.0.0.1:{shop.devices.ports['receipt']}", "enough", "closed"),
        "drawer": ("Cash drawer", "ready"),
        "ec1": ("Card terminal", "ready", "Till 2"),
        "tse": ("Development aid", "SIMULATOR", "Certificate ends", "Signatures left"),
        "fritz": ("Caller ID", "030 23125123", "ringing"),
    }.items():
        for word in words:
            await browser.see(f"[data-device={device}]", word)
    await browser.see(".system", "Demonstration")
    await browser.click("[data-device=ec1] [data-key='test:ec1']")
    await browser.see("[data-device=ec1] [role=status]", "Test passed: ec1 answers and is ready.")
    assert await browser.console() == []
    assert all(url.startswith((shop.rest, f"blob:{shop.rest}", "about:")) for url in await browser.requests())


async def test_devices_come_and_go(shop, browser):
    await enter(browser, shop)
    drawer = {"id": "drawer2", "driver": "printer-drawer", "options": {"printer": "receipt", "pin": "5"}}
    await shop.ok("POST", "/v1/devices", drawer)
    await browser.see("[data-device=drawer2] .state", "ready")
    await browser.script("window.card = document.querySelector('[data-device=receipt]')")
    await shop.ok("PATCH", "/v1/devices/drawer2", {"enabled": False})
    await browser.see("[data-device=drawer2] .state", "switched off")
    await shop.ok("DELETE", "/v1/devices/drawer2")
    await until(lambda: browser.script("return document.querySelector('[data-device=drawer2]') === null"))
    assert await browser.script("return window.card === document.querySelector('[data-device=receipt]')")
    assert await browser.console() == []


async def test_a_test_print_shows_a_preview_and_prints_once(shop, browser):
    await enter(browser, shop)
    await browser.click("[data-key='testPrint:receipt']")
    await browser.find("dialog img")
    await until(lambda: browser.script("return document.querySelector('dialog img').naturalWidth > 300"))
    assert shop.devices.journals["receipt"].of("slip") == []
    await browser.script(
        "const button = document.querySelector('dialog button.primary'); button.click(); button.click();"
    )
    await browser.see("[data-device=receipt] [role=status]", "Test print: printed")
    await browser.see("[data-device=receipt] .records", "confirmed by the printer")
    assert len([url for url in await browser.requests() if url.endswith("/jobs")]) == 1
    [slip] = shop.devices.slips()
    assert "ÄÖÜ äöü ß" in slip
    assert "€" in slip
    [code] = zxingcpp.read_barcodes(Image.open(shop.devices.folder / "slips" / "0001.png"))
    assert code.text.startswith("Kassenwart receipt")

    await browser.click("[data-device=receipt] .records li:first-child button")
    await browser.see("[data-device=receipt] [role=status]", "Reprint: printed")
    assert len(shop.devices.slips()) == 2
    assert await browser.console() == []


async def test_a_job_that_waits_for_paper_can_be_cancelled(shop, browser):
    await enter(browser, shop)
    shop.devices.printer.paper_out = True
    job = {"document": {"blocks": [{"text": {"text": "x"}}, {"cut": {}}]}, "reference": "No 7", "requestId": "j"}
    await browser.click("[data-key='test:receipt']")
    await browser.see("[data-device=receipt] .notes", "Test not passed: The printer is out of paper")
    await browser.see("[data-device=receipt] .state", "needs attention")
    await shop.ok("POST", "/v1/printers/receipt/jobs", job)
    await browser.see("[data-device=receipt] .records", "waits for the printer")
    await browser.see(".system", "receipt: The printer is out of paper")
    await browser.click("[data-device=receipt] .records button")
    await browser.see("[data-device=receipt] .records", "cancelled")
    shop.devices.printer.paper_out = False
    await browser.see("[data-device=receipt] .state", "ready", within=20)
    assert shop.devices.slips() == []


async def test_opening_the_drawer_asks_why_and_kicks_once(shop, browser):
    await enter(browser, shop, language="de")
    await browser.click("[data-key='open:drawer']")
    await browser.click("dialog button[type=submit]")  # without a reason
    assert shop.devices.journals["receipt"].of("drawer_kick") == []
    await browser.type("#reason", "Wechselgeld für Kasse 2")
    await browser.script(
        "const form = document.querySelector('dialog form'); form.requestSubmit(); form.requestSubmit();"
    )
    await browser.see("[data-device=drawer] .records", "Wechselgeld für Kasse 2 · von technician")
    await browser.see("[data-device=drawer] [role=status]", "geöffnet")
    assert len(shop.devices.journals["receipt"].of("drawer_kick")) == 1
    assert len([url for url in await browser.requests() if url.endswith(":open")]) == 1


async def test_a_lost_answer_is_told_and_nothing_is_repeated(shop, browser, line):
    async with line(shop.rest) as wire:
        await enter(browser, shop, wire.url)
        await browser.click("[data-key='open:drawer']")
        wire.deaf = True
        await browser.type("#reason", "deaf\n")
        await wire.carried.wait()
        wire.deaf = False
        await browser.see("[data-device=drawer] .records", "deaf")  # the event tells, whatever became of the answer
        kicks = shop.devices.journals["receipt"].of("drawer_kick")
        assert len(kicks) == 1
        page = await shop.ok("GET", "/v1/drawers/drawer/openings")
        assert [one["reason"] for one in page["openings"]] == ["deaf"]


async def test_what_the_api_refuses_is_shown_in_full(shop, browser):
    await shop.ok("POST", "/v1/devices/drawer:claim", {"holder": "Till 2"}, role="pos")
    _, problem, _ = await shop.call("POST", "/v1/drawers/drawer:open", {"reason": "x", "requestId": "x"})
    await enter(browser, shop)
    await browser.click("[data-key='open:drawer']")
    await browser.type("#reason", "change\n")
    await browser.see("[data-device=drawer] [role=alert]", problem["detail"].partition(" for up to")[0])
    await browser.see("[data-device=drawer] [role=alert]", problem["reason"])
    assert shop.devices.journals["receipt"].of("drawer_kick") == []


async def test_no_answer_is_told_with_what_to_do(shop, browser, line):
    async with line(shop.rest) as wire:
        await enter(browser, shop, wire.url)
        await browser.see("[data-device=drawer] .list", "Nothing yet")
        wire.cut()
        await browser.see("#connection", "interrupted")
        await browser.click("[data-key='open:drawer']")
        await browser.type("#reason", "cut off\n")
        await browser.see("[data-device=drawer] [role=alert]", "No answer from Kassenwart")
        await browser.see("[data-device=drawer] [role=alert]", "look at the device first")
        assert shop.devices.journals["receipt"].of("drawer_kick") == []


async def test_payments_run_live(shop, browser):
    await enter(browser, shop, language="de")
    await browser.see("[data-device=ec1] .list", "Noch nichts")
    body = {"amountMinor": "123456", "reference": "Bon 9", "requestId": "p", "wait": "10s"}
    await shop.ok("POST", "/v1/terminals/ec1/payments", body, role="pos")
    await browser.see("[data-device=ec1] .records", "1.234,56\N{NO-BREAK SPACE}€")
    await browser.see("[data-device=ec1] .records", "bezahlt")
    await browser.see(".log", "Zahlung · ec1")
    assert "Bon 9" in await browser.text("[data-event='kassenwart.payment.approved']")
    assert await browser.console() == []


async def test_a_running_payment_is_cancelled(shop, browser):
    await enter(browser, shop)
    await browser.see("[data-device=ec1] .list", "Nothing yet")
    await shop.ok("POST", "/v1/terminals/ec1/payments", {"amountMinor": SLOW, "requestId": "p"}, role="pos")
    # Each message draws the record anew, and a click on a button that is just being replaced is lost.
    await browser.see("[data-device=ec1] .records", "Please present the card")
    await browser.click("[data-device=ec1] .records button.danger")
    await browser.see("[data-device=ec1] .records", "aborted")
    assert shop.devices.booked() == []
    assert await browser.script("return document.querySelectorAll('[data-device=ec1] .records button').length") == 0


async def test_an_unresolved_payment_can_be_asked_for(shop, browser):
    await enter(browser, shop)
    await browser.see("[data-device=ec1] .list", "Nothing yet")
    await shop.ok("POST", "/v1/terminals/ec1/payments", {"amountMinor": SLOW, "requestId": "p"}, role="pos")
    await browser.see("[data-device=ec1] .records", "running on the terminal")
    await shop.devices.terminal.stop()
    await browser.see("[data-device=ec1] .records", "unresolved")
    await browser.see("[data-device=ec1] .state", "offline")
    await shop.devices.terminal.start("127.0.0.1", shop.devices.ports["ec1"])
    await browser.click("[data-device=ec1] .records button.primary")
    await browser.see("[data-device=ec1] .records", "aborted")
    await browser.see("[data-device=ec1] [role=status]", "€9,000.02: aborted")
    assert shop.devices.booked() == []


async def test_the_stream_resumes_after_a_break_without_gap_or_repeat(shop, browser, line):
    async with line(shop.rest) as wire:
        await enter(browser, shop, wire.url)
        await browser.see("[data-device=drawer] .list", "Nothing yet")
        wire.cut()
        await browser.see("#connection", "interrupted")
        await shop.ok("POST", "/v1/drawers/drawer:open", {"reason": "meanwhile", "requestId": "m"})
        await shop.stop()
        await shop.start()  # on another port, as the line does not care
        await shop.ready()
        wire.target = int(shop.rest.rpartition(":")[2])
        await browser.click("#connection button")
        await browser.see("#connection", "live", within=40)
        await browser.see("[data-device=drawer] .records", "meanwhile")
        await browser.see("[data-device=drawer] .state", "ready")
        rows = await browser.script("return document.querySelectorAll('[data-event$=pulsed]').length")
        assert rows == 1


async def test_a_journal_without_its_beginning_is_followed_from_where_it_is(shop, browser):
    for number in range(15):
        job = {"document": {"blocks": [{"text": {"text": "x"}}]}, "requestId": f"{number}", "wait": "5s"}
        await shop.ok("POST", "/v1/printers/receipt/jobs", job)
    with closing(sqlite3.connect(shop.folder / "state" / "kassenwart.db")) as database:
        database.execute("DELETE FROM events")
        database.commit()
    await enter(browser, shop)
    await shop.ok("POST", "/v1/drawers/drawer:open", {"reason": "afterwards", "requestId": "a"})
    await browser.see(".log", "afterwards")


async def test_the_language_is_switched_and_kept(shop, browser):
    await enter(browser, shop, language="de-AT")
    await browser.see("[data-device=receipt]", "bereit")
    assert await browser.script("return document.documentElement.lang") == "de"
    await browser.script(
        "const choice = document.querySelector('#language'); choice.value = 'en';"
        "choice.dispatchEvent(new Event('change'));"
    )
    await browser.see("[data-device=receipt]", "ready")
    await browser.see(".events", "Events")
    assert "bereit" not in await browser.text("main")
    await enter(browser, shop, language="de-AT")
    await browser.see("[data-device=receipt]", "ready")
    assert await browser.console() == []


async def test_what_strangers_write_stays_text(shop, browser):
    await enter(browser, shop)
    await browser.see("[data-device=receipt] .list", "Nothing yet")
    document = {"blocks": [{"text": {"text": HOSTILE}}, {"cut": {}}]}
    await shop.ok("POST", "/v1/devices/tse:claim", {"holder": HOSTILE})
    job = {"document": document, "reference": HOSTILE, "requestId": "x", "wait": "10s"}
    await shop.ok("POST", "/v1/printers/receipt/jobs", job)
    await shop.ok("POST", "/v1/drawers/drawer:open", {"reason": HOSTILE, "requestId": "x"})
    await shop.ok("POST", "/v1/terminals/ec1/payments", {"amountMinor": 1, "reference": HOSTILE, "requestId": "x"})
    await browser.see("[data-device=receipt] .records", HOSTILE)
    await browser.see("[data-device=drawer] .records", HOSTILE)
    await browser.see("[data-device=ec1] .records", HOSTILE)
    await browser.see(".log", HOSTILE)
    await enter(browser, shop)
    await browser.see("[data-device=tse] .about", HOSTILE)
    await browser.see("[data-device=receipt] .records", HOSTILE)
    assert await browser.script("return [window.hit, document.querySelectorAll('main img, main script').length]") == [
        None,
        0,
    ]
    assert await browser.console() == []
    # And were the page to slip one day, the browser itself refuses.
    assert "TrustedHTML" in await browser.script(
        "try { document.body.innerHTML = '<b>'; return ''; } catch (error) { return String(error); }"
    )


async def test_every_state_has_a_word_in_both_languages(shop, browser):
    await browser.open(shop.rest + "/")
    texts = await browser.module("return (await import('/static/texts.js')).TEXTS;")
    german, english = texts["de"], texts["en"]
    assert set(german) == set(english)
    for prefix, enum in {
        "device": Device.State,
        "kind": Device.Kind,
        "print_job": PrintJob.State,
        "evidence": PrintJob.Evidence,
        "paper": PrinterStatus.Paper,
        "payment": Payment.State,
        "drawer_opening": DrawerOpening.State,
        "transaction": Transaction.State,
        "call": Call.State,
        "direction": Call.Direction,
    }.items():
        for name, number in enum.items():
            assert not number or f"{prefix}.{name}" in german, f"no word for {prefix}.{name}"


async def test_events_are_read_in_whatever_pieces_they_come(shop, browser):
    await browser.open(shop.rest + "/")
    found = await browser.module(
        """
        const { SseParser } = await import('/static/events.js');
        const text = 'retry: 3000\\n\\nid: 7\\nevent: a\\ndata: {"x":\\ndata: 1}\\n\\n'
          + ': alive\\n\\r\\nid:8\\r\\ndata:two\\r\\n\\r\\n';
        const whole = new SseParser().feed(text);
        const parser = new SseParser();
        const pieces = [...text].flatMap((sign) => parser.feed(sign));
        return [whole, pieces];
        """
    )
    expected = [{"id": "7", "event": "a", "data": '{"x":\n1}'}, {"id": "8", "event": "", "data": "two"}]
    assert found == [expected, expected]
