"""The simulated terminal against a bare till: strictness, and above all when it books and when it reverses."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from drivers.simulation import Journal
from drivers.transport import connect_tcp
from drivers.zvt.codec import ApduReader, decode_message
from drivers.zvt.codec.messages import (
    AbortMessage,
    Acknowledgement,
    Completion,
    IntermediateStatus,
    PrintLine,
    StatusInformation,
)
from drivers.zvt.simulator import ZvtSimulator, parse_faults

OK = "800000"
REGISTER = "0600060000008E0978"  # lines, intermediate status, no TLV
REGISTER_BLOCKS = "06000E0000008E0978" + "0606" + "26040A0206D3"
PAY = "06010A04000000001500490978"


class Till:
    """Says what it is told to, hears everything."""

    def __init__(self, stream):
        self._stream, self._reader, self._heard = stream, ApduReader(), []

    async def say(self, data):
        await self._stream.write(bytes.fromhex(data))

    async def hear(self):
        async with asyncio.timeout(2):
            while not self._heard:
                data = await self._stream.read()
                if not data:
                    return None
                self._heard += self._reader.feed(data)
        return decode_message(self._heard.pop(0))

    async def run(self, command, answers=None):
        """Send a command and acknowledge everything until its end; `answers` by message type, once each."""
        answers = dict(answers or {})
        heard = []
        await self.say(command)
        while True:
            message = await self.hear()
            heard.append(message)
            if message is None or (isinstance(message, Acknowledgement) and message.error):
                return heard
            if not isinstance(message, Acknowledgement):
                answer = answers.pop(type(message), OK)
                if answer:
                    await self.say(answer)
            if isinstance(message, Completion | AbortMessage):
                return heard


@asynccontextmanager
async def rig(*faults, register=REGISTER):
    journal = Journal()
    simulator = ZvtSimulator(journal, faults=parse_faults(["cardholder=0.05", *faults]), answer=0.3)
    stream = await connect_tcp("127.0.0.1", await simulator.start("127.0.0.1", 0))
    till = Till(stream)
    try:
        if register:
            assert isinstance((await till.run(register))[-1], Completion)
        yield till, journal
    finally:
        await stream.close()
        await simulator.stop()


def kinds(heard):
    return [type(message) for message in heard]


async def outcome(journal):
    async with asyncio.timeout(2):
        while not (journal.of("booked") or journal.of("reversed") or journal.of("aborted")):
            await asyncio.sleep(0.01)
    return [entry["event"] for entry in journal.entries if entry["event"] in {"booked", "reversed", "aborted"}]


async def test_books_after_the_last_acknowledgement():
    async with rig() as (till, journal):
        heard = kinds(await till.run(PAY))
        assert heard[:4] == [Acknowledgement, IntermediateStatus, IntermediateStatus, StatusInformation]
        assert heard.count(PrintLine) == 44
        assert heard[-1] is Completion
        assert await outcome(journal) == ["booked"]


@pytest.mark.parametrize("silent_on", [StatusInformation, PrintLine])
async def test_result_or_print_without_acknowledgement_is_reversed(silent_on):
    async with rig() as (till, journal):
        assert (await till.run(PAY, {silent_on: ""}))[-1] is None
        assert await outcome(journal) == ["reversed"]


@pytest.mark.parametrize(("message", "answer"), [(StatusInformation, "846600"), (PrintLine, "84CC00")])
async def test_refused_result_or_print_is_reversed(message, answer):
    async with rig() as (till, journal):
        end = (await till.run(PAY, {message: answer}))[-1]
        assert end == AbortMessage(int(answer[2:4], 16))
        assert await outcome(journal) == ["reversed"]


async def test_only_the_end_without_acknowledgement_leaves_it_booked():
    async with rig() as (till, journal):
        await till.run(PAY, {Completion: ""})
        assert await outcome(journal) == ["booked"]


async def test_status_without_acknowledgement_aborts():
    async with rig() as (till, journal):
        await till.run(PAY, {IntermediateStatus: ""})
        assert await outcome(journal) == ["aborted"]


async def test_partial_delivery_books_the_part():
    async with rig() as (till, journal):
        await till.run(PAY, {StatusInformation: "849D0704000000000500"})
        assert journal.of("booked")[0]["amount_minor"] == 500


@pytest.mark.parametrize("answer", ["849D00", "849D0704000000009999", "849D0704FFFFFFFFFFFF"])
async def test_impossible_part_is_reversed(answer):
    async with rig() as (till, journal):
        assert isinstance((await till.run(PAY, {StatusInformation: answer}))[-1], AbortMessage)
        assert await outcome(journal) == ["reversed"]


async def test_asked_to_wait_it_tells_the_result_again(monkeypatch):
    monkeypatch.setattr("drivers.zvt.simulator._sale._PAUSE", 0.05)
    async with rig() as (till, journal):
        heard = kinds(await till.run(PAY, {StatusInformation: "849C00"}))
        assert heard.count(StatusInformation) == 2
        assert await outcome(journal) == ["booked"]


async def test_unregistered_till_gets_no_status_and_no_lines():
    async with rig(register=None) as (till, journal):
        assert kinds(await till.run(PAY)) == [Acknowledgement, StatusInformation, Completion]
        assert journal.of("printed")
        assert await outcome(journal) == ["booked"]


async def test_till_that_composes_receipts_itself_gets_no_lines():
    async with rig(register="0600060000000E0978") as (till, _journal):
        assert PrintLine not in kinds(await till.run(PAY))


async def test_log_off_ends_the_agreement():
    async with rig() as (till, journal):
        await till.say("060200")
        assert (await till.hear()) == Acknowledgement()
        assert journal.of("logged_off")
        assert IntermediateStatus not in kinds(await till.run(PAY))


async def test_another_command_during_a_payment_finds_it_busy():
    async with rig("slow=0.3") as (till, journal):
        await till.say(PAY)
        assert await till.hear() == Acknowledgement()
        assert await till.hear() == IntermediateStatus(0x0A)
        await till.say(OK + "050100")
        assert await till.hear() == Acknowledgement(0x9C)
        await till.say("06010104")  # malformed as well
        assert await till.hear() == Acknowledgement(0x83)
        await till.say("06B000")
        assert await till.hear() == Acknowledgement()
        assert isinstance(await till.hear(), StatusInformation)
        await till.say(OK)
        assert await till.hear() == AbortMessage(0x6C)
        await till.say(OK)
        assert await outcome(journal) == ["aborted"]


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("0FA1020001", 0x83),  # unknown command
        ("06010104", 0x9A),  # malformed
        ("060103490978", 0x9A),  # no amount
        ("06010804000000001500EF", 0x83),  # unknown bitmap
        ("06200511111103" + "03", 0x37),  # wrong password
        ("060006000000BE0756", 0x6F),  # wrong currency
        ("060006111111BE0978", 0x37),
    ],
)
async def test_refusals(command, error):
    async with rig() as (till, _journal):
        assert await till.run(command) == [Acknowledgement(error)]


async def test_idle_abort_and_stray_acknowledgement():
    async with rig() as (till, _journal):
        await till.say(OK)
        assert await till.run("050103000000") != []
        await till.say("06B000")
        assert await till.hear() == Acknowledgement()


async def test_repeated_receipt_with_lines():
    async with rig(register=REGISTER_BLOCKS) as (till, journal):
        assert isinstance((await till.run("062003000000"))[-1], AbortMessage)
        await till.run(PAY)
        assert len(await till.run("062003000000")) == 4  # acknowledgement, two blocks, end
        heard = await till.run("0620050000000303")
        assert kinds(heard) == [Acknowledgement, StatusInformation, Completion]
        assert len(journal.of("repeated")) == 2


async def test_declined_status_has_the_reason_as_text():
    async with rig("decline=33") as (till, _journal):
        result = next(each for each in await till.run(PAY) if isinstance(each, StatusInformation))
        assert "Limit" in result.texts()
