"""The ZVT driver against terminals that a script plays byte by byte: what real ones were seen doing, and worse."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from drivers.base import Identity, ReceiptKind, Verdict
from drivers.errors import DeviceTimeout, DriverError, Outcome, ProtocolError
from drivers.transport import connect_tcp
from drivers.zvt import Timers, ZvtTerminal

QUICK = Timers(connect=1, answer=0.4, payment=0.4, administration=0.4, after_abort=0.3, store=0.4, total=3)
OK, DONE = "800000", "060F00"
APPROVED = "040F13" + "2700" + "04000000001500" + "490978" + "870042" + "0B000017"


class Listener:
    def __init__(self):
        self.statuses, self.results = [], []

    def status(self, status):
        self.statuses.append(status)

    async def result(self, result):
        self.results.append(result)


async def read_apdu(reader):
    head = await reader.readexactly(3)
    if head[2] == 0xFF:
        head += await reader.readexactly(2)
        return (head + await reader.readexactly(int.from_bytes(head[3:5], "little"))).hex().upper()
    return (head + await reader.readexactly(head[2])).hex().upper()


@asynccontextmanager
async def scripted(*script, timers=QUICK, registration=(OK, DONE), status=(OK, "060F0100"), opened=True, **options):
    """A terminal that registers properly, and then plays: "<hex" sends, ">hex" expects an APDU beginning so,
    a number sleeps, "close" closes. Yields the terminal and the list of what went wrong with the script."""
    wrong = []

    async def play(reader, writer):
        async def expect(start):
            apdu = await read_apdu(reader)
            if not apdu.startswith(start):
                wrong.append(f"expected {start}, got {apdu}")

        async def send(data):
            writer.write(bytes.fromhex(data))
            await writer.drain()

        try:
            for command, answers in (("0600", registration), ("0501", status)):
                await expect(command)
                for answer in answers:
                    await send(answer)
                if len(answers) > 1:
                    await expect("800000")
            for step in script:
                if isinstance(step, float):
                    await asyncio.sleep(step)
                elif step == "close":
                    return
                elif step.startswith("<"):
                    await send(step[1:])
                else:
                    await expect(step[1:])
            await reader.read()
        except (OSError, asyncio.IncompleteReadError) as error:
            wrong.append(repr(error))
        finally:
            writer.close()

    tasks = set()

    async def connected(reader, writer):
        tasks.add(asyncio.current_task())
        await play(reader, writer)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    terminal = ZvtTerminal("127.0.0.1", port, timers=timers, **options)
    try:
        if opened:
            await terminal.open()
        yield terminal, wrong
    finally:
        await terminal.close()
        server.close()
        await asyncio.wait_for(asyncio.gather(*tasks), 3)


async def pay(terminal):
    listener = Listener()
    return await terminal.authorise(1500, "EUR", listener), listener


async def unknown(terminal):
    with pytest.raises(DriverError) as caught:
        await pay(terminal)
    assert caught.value.outcome is Outcome.UNKNOWN
    return caught.value


async def test_acknowledgement_and_messages_in_one_segment_and_receipt_before_result():
    block = "06D312" + "0610" + "1F070102" + "250A" + "0703486921" + "0700" + "090181"
    async with scripted(
        ">0601", f"<{OK}04FF010A", f">{OK}", f"<{block}", f">{OK}", f"<{APPROVED}", f">{OK}", f"<{DONE}", f">{OK}"
    ) as (terminal, wrong):
        result, listener = await pay(terminal)
        assert result.verdict is Verdict.APPROVED
        assert (result.receipt_number, result.trace_number) == ("0042", "000017")
        (receipt,) = result.receipts
        assert receipt.kind is ReceiptKind.CUSTOMER
        assert receipt.lines == ("Hi!",)
        assert listener.statuses[0].code == 0x0A
        assert listener.results[0].receipts == ()
    assert not wrong


@pytest.mark.parametrize(
    ("messages", "verdict", "code"),
    [
        (["061E016C"], Verdict.ABORTED, 0x6C),
        (["061E0105"], Verdict.DECLINED, 0x05),
        (["061E00"], Verdict.DECLINED, 0),
        (["040F022705", DONE], Verdict.DECLINED, 0x05),  # seen: a declined payment that ends with 06 0F
        (["040F022737", "040F022700", DONE], Verdict.APPROVED, 0),  # wrong PIN first, then the right one
        (["040F0427008A05", "060F022700"], Verdict.APPROVED, 0),
        (["061E02FF0600"], Verdict.DECLINED, 0xFF),
    ],
)
async def test_verdicts(messages, verdict, code):
    script = [step for message in messages for step in (f"<{message}", f">{OK}")]
    async with scripted(">0601", f"<{OK}", *script) as (terminal, wrong):
        result, listener = await pay(terminal)
        assert (result.verdict, result.result_code) == (verdict, code)
        assert bool(result.message) is (verdict is not Verdict.APPROVED)
        assert len(listener.results) == sum(message.startswith("040F") for message in messages)
    assert not wrong


@pytest.mark.parametrize(
    "messages",
    [
        [DONE],  # no result at all
        ["040F0429001234", DONE],  # a result without its code
        ["040F022700", "061E0105"],
        ["040F022700", "060F0227E0"],
    ],
)
async def test_contradictions_are_unknown(messages):
    script = [step for message in messages for step in (f"<{message}", f">{OK}")]
    async with scripted(">0601", f"<{OK}", *script) as (terminal, wrong):
        error = await unknown(terminal)
        assert isinstance(error, ProtocolError)
        assert error.hint
    assert not wrong


async def test_result_taken_back_but_ended_as_success_is_unknown():
    class Failing(Listener):
        async def result(self, result):
            raise OSError

    script = [">0601", f"<{OK}", "<040F022700", ">846600", f"<{DONE}", f">{OK}"]
    async with scripted(*script) as (terminal, wrong):
        with pytest.raises(ProtocolError) as caught:
            await terminal.authorise(1500, "EUR", Failing())
        assert caught.value.outcome is Outcome.UNKNOWN
    assert not wrong


async def test_messages_we_never_asked_for_are_refused_and_known_ones_taken():
    script = [">0601", f"<{OK}", "<060D00", ">848300", "<0401080C121212AA261120", f">{OK}", "<061E016C", f">{OK}"]
    async with scripted(*script) as (terminal, wrong):
        result, _ = await pay(terminal)
        assert result.verdict is Verdict.ABORTED
    assert not wrong


@pytest.mark.parametrize(
    "noise", ["DEADBEEF", "0FA1020001", "04FF00", "06D100", "800000", "FFFFFFFFFF", "06D3FFFFFF00"]
)
async def test_nonsense_is_unknown(noise):
    async with scripted(">0601", f"<{OK}{noise}") as (terminal, _):
        assert isinstance(await unknown(terminal), ProtocolError | DeviceTimeout)
        assert await asyncio.wait_for(terminal.wait_lost(), 1)


async def test_flood_is_cut_off():
    async with scripted(">0601", f"<{OK}" + "04FF0117" * 200) as (terminal, _):
        error = await unknown(terminal)
        assert "without waiting" in error.message


async def test_message_while_idle_stops_the_next_payment_before_it_begins():
    async with scripted("<04FF0117", 0.2) as (terminal, _):
        await asyncio.sleep(0.1)
        with pytest.raises(ProtocolError) as caught:
            await pay(terminal)
        assert caught.value.outcome is Outcome.NOT_STARTED


async def test_message_that_breaks_off_is_noticed_while_idle():
    async with scripted("<060F05", 1.0) as (terminal, _):
        assert "middle of a message" in await asyncio.wait_for(terminal.wait_lost(), 1)


@pytest.mark.parametrize("abort_answer", [OK, "848300"])
async def test_silent_terminal_is_asked_to_abort_then_given_up(abort_answer):
    async with scripted(">0601", f"<{OK}", ">06B000", f"<{abort_answer}") as (terminal, wrong):
        assert isinstance(await unknown(terminal), DeviceTimeout)
    assert not wrong


async def test_terminal_may_still_end_properly_when_asked_to_abort():
    script = [">0601", f"<{OK}", ">06B000", "<848300", "<040F022700", f">{OK}", f"<{DONE}", f">{OK}"]
    async with scripted(*script) as (terminal, wrong):
        assert (await pay(terminal))[0].verdict is Verdict.APPROVED
    assert not wrong


async def test_status_with_minutes_extends_the_patience():
    script = [">0601", f"<{OK}04FF021701", f">{OK}", 0.7, "<061E016C", f">{OK}"]
    async with scripted(*script) as (terminal, wrong):
        assert (await pay(terminal))[0].verdict is Verdict.ABORTED
    assert not wrong


async def test_endless_status_messages_come_to_an_end():
    timers = Timers(connect=1, answer=0.4, payment=0.4, administration=0.4, total=0.5)
    script = [">0601", f"<{OK}"] + ["<04FF0117", f">{OK}", 0.1] * 12
    async with scripted(*script, timers=timers) as (terminal, _):
        assert "no end" in (await unknown(terminal)).message


async def test_abort_answer_crosses_a_message():
    script = [">0601", f"<{OK}04FF010A", f">{OK}", ">06B000", f"<04FF010A{OK}061E016C", f">{OK}", f">{OK}"]
    async with scripted(*script) as (terminal, wrong):
        payment = asyncio.create_task(pay(terminal), name="payment")
        await asyncio.sleep(0.1)
        assert await terminal.abort() is True
        assert (await payment)[0].verdict is Verdict.ABORTED
    assert not wrong


@pytest.mark.parametrize(("late", "agreed"), [(["<848300"], False), ([], False)])
async def test_abort_whose_answer_comes_after_the_end_or_never(late, agreed):
    script = [">0601", f"<{OK}", ">06B000", "<040F022700", f">{OK}", f"<{DONE}", f">{OK}", 0.05, *late]
    async with scripted(*script) as (terminal, wrong):
        payment = asyncio.create_task(pay(terminal), name="payment")
        await asyncio.sleep(0.1)
        assert await terminal.abort() is agreed
        assert (await payment)[0].verdict is Verdict.APPROVED
        assert terminal._link.alive is bool(late)
    assert not wrong


async def test_abort_before_the_terminal_took_the_command():
    async with scripted(">0601", 1.0) as (terminal, _):
        payment = asyncio.create_task(pay(terminal), name="payment")
        await asyncio.sleep(0.05)
        assert await terminal.abort() is False
        with pytest.raises(DriverError):
            await payment


async def test_terminal_that_forgot_the_till_is_registered_again():
    async with scripted(">0601", "<846B00") as (terminal, _):
        with pytest.raises(DriverError) as caught:
            await pay(terminal)
        assert (caught.value.outcome, caught.value.reason) == (Outcome.NOT_STARTED, "TERMINAL_NOT_REGISTERED")
        assert await asyncio.wait_for(terminal.wait_lost(), 1)


async def test_refusal_with_data_and_positive_84():
    async with scripted(">0601", "<841E017D", ">0601", "<840000", "<061E0105", f">{OK}") as (terminal, wrong):
        with pytest.raises(DriverError) as caught:
            await pay(terminal)
        assert caught.value.outcome is Outcome.NOT_STARTED
        assert (await pay(terminal))[0].verdict is Verdict.DECLINED
    assert not wrong


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (["<848300"], "TERMINAL_REFUSED"),
        ([f"<{OK}", "<061E0183", f">{OK}"], None),
        ([f"<{OK}", "<040F022783", f">{OK}", "<061E0183", f">{OK}"], None),
        ([f"<{OK}", f"<{DONE}", f">{OK}"], "TERMINAL_REFUSED"),
        ([f"<{OK}", "<040F0429001234", f">{OK}", f"<{DONE}", f">{OK}"], "TERMINAL_REFUSED"),
        (["<849C00"], "TERMINAL_BUSY"),
        ([f"<{OK}", "<061E019C", f">{OK}"], "TERMINAL_BUSY"),
    ],
)
async def test_last_transaction_that_is_not_told(script, reason):
    async with scripted(">06200500000003" + "03", *script) as (terminal, wrong):
        if reason:
            with pytest.raises(DriverError) as caught:
                await terminal.last_transaction()
            assert (caught.value.outcome, caught.value.reason) == (Outcome.NOT_STARTED, reason)
        else:
            assert await terminal.last_transaction() is None
    assert not wrong


@pytest.mark.parametrize(
    ("script", "word"),
    [
        (["<849C00"], "busy"),
        ([f"<{OK}", "<061E01E0", f">{OK}"], "remotely"),
    ],
)
async def test_checks_that_fail_in_words(script, word):
    async with scripted(">0501", *script) as (terminal, _):
        health = await terminal.check()
        assert not health.ready
        assert word in health.reason


async def test_status_that_is_not_told_is_no_complaint():
    async with scripted(">0501", f"<{OK}", f"<{DONE}", f">{OK}") as (terminal, _):
        assert (await terminal.check()).ready


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (("849C00",), "TERMINAL_BUSY"),
        (("800000", "060F019C"), "TERMINAL_BUSY"),
        (("800000", "061E019C"), "TERMINAL_BUSY"),
        (("848300",), ""),
        (("800000", "061E0183"), ""),
    ],
)
async def test_status_at_opening(status, outcome):
    async with scripted(status=status, opened=False) as (terminal, _):
        if outcome:
            with pytest.raises(DriverError) as caught:
                await terminal.open()
            assert (caught.value.outcome, caught.value.reason) == (Outcome.NOT_STARTED, outcome)
        else:
            assert await terminal.open() == Identity()


@pytest.mark.parametrize("answers", [("800000", "061E0183"), ("849C00",)])
async def test_registration_that_fails(answers):
    async with scripted(registration=answers, opened=False) as (terminal, _):
        with pytest.raises(DriverError, match="refused the registration") as caught:
            await terminal.open()
        assert caught.value.outcome is Outcome.NOT_STARTED


async def test_jobs_during_a_status_enquiry_are_answered():
    script = [">0501", f"<{OK}", "<04FF010F", f">{OK}", "<06D103405859", f">{OK}", "<060F0100", f">{OK}"]
    async with scripted(*script) as (terminal, wrong):
        assert (await terminal.check()).ready
    assert not wrong


async def test_silent_check_ends_the_connection():
    async with scripted(">0501", 1.0) as (terminal, _):
        with pytest.raises(DeviceTimeout) as caught:
            await terminal.check()
        assert caught.value.outcome is Outcome.NOT_STARTED
        assert await asyncio.wait_for(terminal.wait_lost(), 1)


@pytest.mark.parametrize(
    ("registration", "options", "byte"),
    [
        (("800000", "060F00"), {}, "8E"),  # nothing agreed: CP437
        (("800000", "060F0706052703140101"), {}, "C4"),
        (("800000", "060F0706052703140101"), {"charset": 0xFF}, "8E"),
    ],
)
async def test_character_sets(registration, options, byte):
    script = [">0601", f"<{OK}", f"<06D10240{byte}", f">{OK}", "<061E016C", f">{OK}"]
    async with scripted(*script, registration=registration, **options) as (terminal, _):
        result, _listener = await pay(terminal)
        assert result.receipts[0].lines == ("Ä",)


async def test_own_transport():
    used = []
    async with scripted() as (terminal, _):
        port = int(terminal._link.peer.rpartition(":")[2])

        async def connect():
            used.append(True)
            return await connect_tcp("127.0.0.1", port)

        other = ZvtTerminal("unused", connect=connect, timers=QUICK)
        await other.open()
        await other.close()
    assert used == [True]
