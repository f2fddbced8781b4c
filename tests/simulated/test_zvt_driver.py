"""The ZVT driver against the simulated terminal, whose journal is the witness of what was charged."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from drivers.base import ReceiptKind, Verdict
from drivers.errors import DeviceRefused, DeviceUnreachable, DriverError, Outcome
from drivers.simulation import Journal
from drivers.zvt import Timers, ZvtTerminal
from drivers.zvt.simulator import FAULTS, MAGIC_AMOUNTS, ZvtSimulator, parse_faults

QUICK = Timers(connect=1, answer=0.5, payment=1.0, administration=1.0, after_abort=0.5, store=0.4, total=5)


class Listener:
    """Keeps what it is told; `fail` makes storing fail, `hook` runs at a status."""

    def __init__(self, fail=None, hook=None):
        self.statuses, self.results, self.fail, self.hook = [], [], fail, hook

    def status(self, status):
        self.statuses.append(status)
        if self.hook:
            self.hook(status)

    async def result(self, result):
        self.results.append(result)
        if self.fail:
            raise self.fail


@asynccontextmanager
async def rig(*faults, timers=QUICK, state=None, journal=None, opened=True, answer=0.5, **options):
    journal = journal or Journal()
    quick = ["cardholder=0.05", *faults]
    simulator = ZvtSimulator(journal, faults=parse_faults(quick), state=state, answer=answer)
    port = await simulator.start("127.0.0.1", 0)
    terminal = ZvtTerminal("127.0.0.1", port, timers=timers, **options)
    try:
        if opened:
            await terminal.open()
        yield terminal, simulator, journal
    finally:
        await terminal.close()
        await simulator.stop()


async def settled(journal, *events):
    """Wait until one of these events is in the journal, and return their entries."""
    async with asyncio.timeout(3):
        while True:
            found = [entry for event in events for entry in journal.of(event)]
            if found:
                return found
            await asyncio.sleep(0.01)


async def test_open_registers_and_tells_who_it_is():
    async with rig(opened=False) as (terminal, _, journal):
        identity = await terminal.open()
        assert (identity.model, identity.serial, identity.firmware) == ("Kassenwart ZVT", "SIM00001", "1.0.0")
        assert journal.of("registered") == [journal.entries[1]]
        assert journal.of("registered")[0]["config"] == 0x8E


async def test_approved_payment_books_once_and_brings_both_receipts():
    async with rig() as (terminal, _, journal):
        listener = Listener()
        result = await terminal.authorise(1234, "EUR", listener)
        assert result.verdict is Verdict.APPROVED
        assert (result.amount_minor, result.currency_code, result.card_name) == (1234, "EUR", "girocard")
        assert result.masked_pan == "*" * 15 + "0014"
        assert result.message == ""
        (booked,) = journal.of("booked")
        assert booked["amount_minor"] == 1234
        assert (booked["receipt_number"], booked["trace_number"]) == (result.receipt_number, result.trace_number)
        merchant, customer = result.receipts
        assert (merchant.kind, customer.kind) == (ReceiptKind.MERCHANT, ReceiptKind.CUSTOMER)
        assert "Händlerbeleg" in merchant.lines[0]
        assert any("12,34" in line for line in customer.lines)
        assert [status.code for status in listener.statuses] == [0x0A, 0x04]
        assert listener.results[0].verdict is Verdict.APPROVED
        last = await terminal.last_transaction()
        assert last is not None
        assert (last.trace_number, last.verdict) == (result.trace_number, Verdict.APPROVED)
        assert (await terminal.check()).ready


async def test_result_is_stored_before_it_is_acknowledged():
    async with rig() as (terminal, _, journal):
        seen = []

        class Slow(Listener):
            async def result(self, result):
                await asyncio.sleep(0.1)
                seen.append(bool(journal.of("booked")))

        await terminal.authorise(500, "EUR", Slow())
        assert seen == [False]
        assert len(journal.of("booked")) == 1


@pytest.mark.parametrize("options", [{"offer_tlv": False}, {"printer_width": 24}, {"charset": 0xFF}])
async def test_receipts_come_with_and_without_tlv(options):
    async with rig(**options) as (terminal, _, _journal):
        result = await terminal.authorise(999, "EUR", Listener())
        assert [receipt.kind for receipt in result.receipts] == [ReceiptKind.MERCHANT, ReceiptKind.CUSTOMER]
        assert max(len(line) for line in result.receipts[0].lines) <= options.get("printer_width", 32)


@pytest.mark.parametrize("wire", ["split", "merge"])
async def test_segmentation_does_not_matter(wire):
    async with rig(wire) as (terminal, _, journal):
        result = await terminal.authorise(1010, "EUR", Listener())
        assert result.verdict is Verdict.APPROVED
        assert len(result.receipts) == 2
        assert len(journal.of("booked")) == 1


@pytest.mark.parametrize(("fault", "code"), [("decline", 0x05), ("decline=33", 0x33), ("decline=64", 0x64)])
async def test_declined(fault, code):
    async with rig(fault) as (terminal, _, journal):
        listener = Listener()
        result = await terminal.authorise(1500, "EUR", listener)
        assert (result.verdict, result.result_code) == (Verdict.DECLINED, code)
        assert result.message
        assert result.message_de
        assert listener.results[0].verdict is Verdict.DECLINED
        assert not journal.of("booked")
        assert (await terminal.last_transaction()).verdict is Verdict.DECLINED


async def test_cardholder_aborts():
    async with rig("cardholder-abort") as (terminal, _, journal):
        result = await terminal.authorise(1500, "EUR", Listener())
        assert result.verdict is Verdict.ABORTED
        assert not journal.of("booked")
        assert await terminal.last_transaction() is None


async def test_abort_while_the_card_is_awaited():
    async with rig("slow=5") as (terminal, _, journal):
        payment = asyncio.create_task(terminal.authorise(1500, "EUR", Listener()), name="payment")
        await settled(journal, "payment_started")
        assert await terminal.abort() is True
        assert (await payment).verdict is Verdict.ABORTED
        assert not journal.of("booked")
        assert journal.of("aborted")[0]["reason"] == "by the till"
        assert await terminal.abort() is False


async def test_abort_right_after_the_command_is_not_taken_for_its_acknowledgement():
    async with rig("slow=5") as (terminal, _, journal):
        payment = asyncio.create_task(terminal.authorise(1500, "EUR", Listener()), name="payment")
        await asyncio.sleep(0)
        answers = await asyncio.gather(terminal.abort(), terminal.abort())
        assert (await payment).verdict is Verdict.ABORTED
        assert answers == [True, True]
        assert not journal.of("booked")


async def test_abort_comes_too_late_once_the_bank_is_asked():
    async with rig() as (terminal, _simulator, journal):
        answers = []

        def at_bank(status):
            if status.code == 0x04:
                answers.append(asyncio.create_task(terminal.abort(), name="abort"))

        result = await terminal.authorise(1500, "EUR", Listener(hook=at_bank))
        assert result.verdict is Verdict.APPROVED
        assert await answers[0] is False
        assert len(journal.of("booked")) == 1
        assert (await terminal.authorise(1600, "EUR", Listener())).verdict is Verdict.APPROVED


async def test_result_that_cannot_be_stored_is_not_booked():
    async with rig() as (terminal, _, journal):
        result = await terminal.authorise(1500, "EUR", Listener(fail=OSError("disk full")))
        assert result.verdict is Verdict.ABORTED
        assert "taken back" in result.message
        assert not journal.of("booked")
        assert len(journal.of("reversed")) == 1
        assert (await terminal.authorise(1600, "EUR", Listener())).verdict is Verdict.APPROVED
        assert [entry["amount_minor"] for entry in journal.of("booked")] == [1600]


async def test_storing_that_hangs_is_not_booked():
    async with rig() as (terminal, _, journal):

        class Hanging(Listener):
            async def result(self, result):
                await asyncio.sleep(60)

        assert (await terminal.authorise(1500, "EUR", Hanging())).verdict is Verdict.ABORTED
        assert not journal.of("booked")


async def test_decline_that_cannot_be_stored_stays_a_decline():
    async with rig("decline") as (terminal, _, _journal):
        result = await terminal.authorise(1500, "EUR", Listener(fail=OSError("disk full")))
        assert result.verdict is Verdict.DECLINED


async def test_broken_status_listener_does_not_cost_the_payment():
    def broken(status):
        raise RuntimeError("screen is off")

    async with rig() as (terminal, _, _journal):
        assert (await terminal.authorise(1500, "EUR", Listener(hook=broken))).verdict is Verdict.APPROVED


DROPS = [
    ("drop-before-result", False),
    ("drop-after-result", False),
    ("drop-before-completion", True),
    ("drop-before-result=booked", True),
    ("drop-after-result=booked", True),
]


@pytest.mark.parametrize(("fault", "booked"), DROPS)
async def test_lost_connection_is_unknown_and_the_last_transaction_tells(fault, booked):
    async with rig() as (terminal, simulator, journal):
        before = await terminal.authorise(700, "EUR", Listener())
        simulator.faults = parse_faults(["cardholder=0.05", fault])
        with pytest.raises(DriverError) as caught:
            await terminal.authorise(1500, "EUR", Listener())
        assert caught.value.outcome is Outcome.UNKNOWN
        assert caught.value.hint
        await settled(journal, "reversed") if not booked else None
        assert await asyncio.wait_for(terminal.wait_lost(), 1)
        await terminal.open()
        last = await terminal.last_transaction()
        truth = [entry["amount_minor"] for entry in journal.of("booked")]
        assert truth == ([700, 1500] if booked else [700])
        assert last.amount_minor == truth[-1]
        assert (last.trace_number != before.trace_number) is booked


async def test_magic_amounts_play_their_fault():
    async with rig() as (terminal, _simulator, journal):
        assert (await terminal.authorise(900_001, "EUR", Listener())).verdict is Verdict.DECLINED
        assert (await terminal.authorise(900_003, "EUR", Listener())).verdict is Verdict.ABORTED
        assert (await terminal.authorise(900_007, "EUR", Listener())).result_code == 0x33
        with pytest.raises(DriverError) as caught:
            await terminal.authorise(900_006, "EUR", Listener())
        assert caught.value.outcome is Outcome.UNKNOWN
        await terminal.open()
        assert (await terminal.last_transaction()).amount_minor == 900_006
        assert [entry["amount_minor"] for entry in journal.of("booked")] == [900_006]
    assert all(amount > 900_000 for amount in MAGIC_AMOUNTS)
    for option in MAGIC_AMOUNTS.values():
        assert option.partition("=")[0] in FAULTS


@pytest.mark.parametrize("fault", ["silent", "garbage"])
async def test_silence_and_garbage_are_unknown(fault):
    async with rig(fault) as (terminal, simulator, journal):
        with pytest.raises(DriverError) as caught:
            await terminal.authorise(1500, "EUR", Listener())
        assert caught.value.outcome is Outcome.UNKNOWN
        simulator.faults = parse_faults([])
        await terminal.open()
        assert await terminal.last_transaction() is None
        assert not journal.of("booked")


async def test_terminal_that_falls_silent_is_asked_to_abort_first():
    timers = Timers(connect=1, answer=0.5, payment=0.3, administration=1, after_abort=1, total=5)
    async with rig("stall", timers=timers) as (terminal, _, journal):
        result = await terminal.authorise(1500, "EUR", Listener())
        assert result.verdict is Verdict.ABORTED
        assert journal.of("aborted")[0]["reason"] == "by the till"


async def test_busy_terminal_refuses_at_once():
    async with rig("busy") as (terminal, simulator, journal):
        with pytest.raises(DeviceRefused) as caught:
            await terminal.authorise(1500, "EUR", Listener())
        assert (caught.value.outcome, caught.value.reason) == (Outcome.NOT_STARTED, "TERMINAL_BUSY")
        assert caught.value.hint
        assert not journal.of("payment_started")
        simulator.faults = parse_faults(["cardholder=0.05"])
        assert (await terminal.authorise(1500, "EUR", Listener())).verdict is Verdict.APPROVED


async def test_second_connection_finds_the_terminal_busy():
    async with rig("slow=5") as (terminal, _, journal):
        payment = asyncio.create_task(terminal.authorise(1500, "EUR", Listener()), name="payment")
        await settled(journal, "payment_started")
        other = ZvtTerminal("127.0.0.1", int(journal_port(terminal)), timers=QUICK)
        with pytest.raises(DeviceRefused) as caught:
            await other.open()
        assert caught.value.reason == "TERMINAL_BUSY"
        await terminal.abort()
        await payment


def journal_port(terminal):
    return terminal._link.peer.rpartition(":")[2]


async def test_cancelled_payment_leaves_no_half_used_connection():
    async with rig("slow=5") as (terminal, _, journal):
        payment = asyncio.create_task(terminal.authorise(1500, "EUR", Listener()), name="payment")
        await settled(journal, "payment_started")
        payment.cancel()
        with pytest.raises(asyncio.CancelledError):
            await payment
        assert await asyncio.wait_for(terminal.wait_lost(), 1)
        assert await settled(journal, "aborted")
        with pytest.raises(DriverError) as caught:
            await terminal.authorise(1500, "EUR", Listener())
        assert caught.value.outcome is Outcome.NOT_STARTED
        assert not journal.of("booked")


async def test_closing_during_a_payment_is_unknown():
    async with rig("slow=5") as (terminal, _, journal):
        payment = asyncio.create_task(terminal.authorise(1500, "EUR", Listener()), name="payment")
        await settled(journal, "payment_started")
        await terminal.close()
        with pytest.raises(DriverError) as caught:
            await payment
        assert caught.value.outcome is Outcome.UNKNOWN


async def test_idle_connection_that_dies_is_noticed():
    async with rig() as (terminal, simulator, _journal):
        waiting = asyncio.create_task(terminal.wait_lost(), name="wait-lost")
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await simulator.stop()
        assert "closed the connection" in await asyncio.wait_for(waiting, 1)
        with pytest.raises(DriverError) as caught:
            await terminal.check()
        assert caught.value.outcome is Outcome.NOT_STARTED


async def test_never_opened_terminal():
    terminal = ZvtTerminal("127.0.0.1", 1, timers=QUICK)
    with pytest.raises(DeviceUnreachable):
        await terminal.check()
    with pytest.raises(DeviceUnreachable):
        await terminal.open()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(terminal.wait_lost(), 0.05)
    assert await terminal.abort() is False
    await terminal.close()


async def test_refused_registration():
    async with rig("refuse-registration", opened=False) as (terminal, simulator, journal):
        with pytest.raises(DeviceRefused, match="refused the registration"):
            await terminal.open()
        assert journal.of("registration_refused")
        simulator.faults = parse_faults([])
        await terminal.open()


@pytest.mark.parametrize(
    ("options", "reason"), [({"password": "123456"}, "WRONG_PASSWORD"), ({"currency": "CHF"}, "TERMINAL_REFUSED")]
)
async def test_registration_with_wrong_password_or_currency(options, reason):
    async with rig(opened=False, **options) as (terminal, _, _journal):
        with pytest.raises(DeviceRefused) as caught:
            await terminal.open()
        assert (caught.value.outcome, caught.value.reason) == (Outcome.NOT_STARTED, reason)


@pytest.mark.parametrize(
    ("fault", "ready", "word"),
    [("status=00", True, ""), ("status", False, "end-of-day"), ("status=DC", True, "card"), ("status=77", True, "77")],
)
async def test_health_in_plain_words(fault, ready, word):
    async with rig(fault) as (terminal, _, journal):
        health = await terminal.check()
        assert health.ready is ready
        assert word in health.reason
        assert not journal.of("payment_started")


@pytest.mark.parametrize(("amount", "currency"), [(0, "EUR"), (-5, "EUR"), (10**12, "EUR"), (100, "XXX")])
async def test_impossible_amounts_never_leave(amount, currency):
    async with rig() as (terminal, _, journal):
        with pytest.raises(DriverError) as caught:
            await terminal.authorise(amount, currency, Listener())
        assert caught.value.outcome is Outcome.NOT_STARTED
        assert not journal.of("payment_started")


async def test_foreign_currency_is_declined_by_the_terminal():
    async with rig() as (terminal, _, _journal):
        result = await terminal.authorise(100, "CHF", Listener())
        assert (result.verdict, result.result_code) == (Verdict.DECLINED, 0x6F)


async def test_locked_terminal_registers_with_the_lock_bit():
    async with rig(lock_terminal=True) as (_terminal, _, journal):
        assert journal.of("registered")[0]["config"] == 0x9E


@pytest.mark.parametrize("options", [{"password": "12"}, {"currency": "XXX"}, {"charset": 99}, {"printer_width": 100}])
def test_impossible_setups(options):
    with pytest.raises(ValueError, match=r"must be|not known"):
        ZvtTerminal("terminal", **options)


async def test_restarted_simulator_remembers(tmp_path):
    state = tmp_path / "deep" / "terminal.json"
    journal = Journal(tmp_path / "journal.jsonl")
    async with rig(state=state, journal=journal) as (terminal, _, _j):
        first = await terminal.authorise(1500, "EUR", Listener())
    async with rig(state=state, journal=journal) as (terminal, _, _j):
        last = await terminal.last_transaction()
        assert (last.trace_number, last.amount_minor) == (first.trace_number, 1500)
        second = await terminal.authorise(1600, "EUR", Listener())
        assert int(second.trace_number) == int(first.trace_number) + 1
    journal.close()


async def test_stopping_the_simulator_before_the_booking_reverses():
    async with rig() as (terminal, simulator, journal):

        class Stopping(Listener):
            async def result(self, result):
                await simulator.stop()

        with pytest.raises(DriverError) as caught:
            await terminal.authorise(1500, "EUR", Stopping())
        assert caught.value.outcome is Outcome.UNKNOWN
        assert journal.of("reversed")
        assert not journal.of("booked")
