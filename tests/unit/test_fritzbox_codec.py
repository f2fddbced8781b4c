"""Call monitor lines and telephone numbers: recorded ones, and nonsense."""

import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import CallStep, LineEvent
from drivers.errors import CodecError
from drivers.fritzbox import codec
from drivers.fritzbox.numbers import Reason, normalise

VECTORS = [
    json.loads(line) for line in (Path(__file__).parents[1] / "vectors" / "callerid.jsonl").read_text().splitlines()
]
LINES = [vector for vector in VECTORS if vector["kind"] == "fritz"]
NUMBERS = [vector for vector in VECTORS if vector["kind"] == "number"]


@pytest.mark.parametrize("vector", LINES, ids=lambda vector: vector["raw"].strip())
def test_recorded_line(vector):
    expect = vector["expect"]
    lines = codec.LineSplitter().feed(vector["raw"].encode())
    if expect.get("reject"):
        with pytest.raises(CodecError):
            codec.parse(lines[0])
        return
    events = [codec.parse(line) for line in lines]
    event = events[0]
    told = {
        "type": event.step.name,
        "conn": event.connection,
        "ext": event.extension,
        "ext_kind": codec.extension_kind(event.extension),
        "remote": event.remote or None,
        "local": event.local,
        "line": event.line or None,
        "duration": event.duration,
        "withheld": not event.remote,
        "dir": "out" if event.step is CallStep.CALL else "in",
        "answered_by_person": codec.extension_kind(event.extension) not in ("answering_machine", "fax"),
        "e164": normalise(event.remote).e164,
    }
    if "ts" in expect:
        assert event.device_time == (expect["ts"] and datetime.fromisoformat(expect["ts"]))
    for name, value in expect.items():
        if name in told:
            assert told[name] == value, name
    if expect.get("popup") is False:
        assert [e.step for e in events] == [CallStep.RING, CallStep.DISCONNECT]
    # What the simulator would send for it means the same.
    assert codec.parse(codec.encode(event)) == event


def test_there_are_vectors():
    assert (len(LINES), len(NUMBERS)) == (31, 11)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b";;;;;",
        b"x" * 5000,
        b"06.11.14 17:15:30;RING;x;030;990133;SIP0;",
        b"06.11.14 17:15:30;RING;-1;030;990133;SIP0;",
        b"06.11.14 17:15:30;RING;1234567890;030;990133;SIP0;",
        b"06.11.14 17:15:30;CALL;1;ten;1;2;",
        b"06.11.14 17:15:30;DISCONNECT;1;;",
        b"06.11.14 17:15:30;ring;1;030;990133;SIP0;",
    ],
)
def test_nonsense_is_refused(line):
    with pytest.raises(CodecError):
        codec.parse(line)


def test_what_is_no_line_cannot_be_written():
    event = LineEvent(CallStep.RING, 0, None, "030", "990133", "SIP0")
    for wrong in ("03;0", "0\n", "ü"):
        with pytest.raises(CodecError):
            codec.encode(replace(event, remote=wrong))


@pytest.mark.parametrize(
    ("extension", "kind"),
    {
        None: "",
        0: "fon1",
        2: "fon3",
        3: "call_through",
        4: "isdn",
        5: "fax",
        6: "answering_machine",
        19: "dect",
        20: "ip_phone",
        36: "data",
        49: "answering_machine",
        50: "isdn",
        99: "",
    }.items(),
)
def test_extension_kinds(extension, kind):
    assert codec.extension_kind(extension) == kind


def test_lines_come_out_whole_however_they_arrive():
    stream = "".join(vector["raw"] for vector in LINES).encode()
    expected = [line for line in stream.replace(b"\r", b"").split(b"\n") if line]
    for size in (1, 2, 7, 64, len(stream)):
        splitter = codec.LineSplitter()
        pieces = (stream[start : start + size] for start in range(0, len(stream), size))
        assert [line for piece in pieces for line in splitter.feed(piece)] == expected


def test_a_line_without_end_is_thrown_away_once():
    splitter = codec.LineSplitter()
    for _ in range(5):
        assert splitter.feed(b"x" * 4000) == []
        assert len(splitter._rest) <= codec.MAX_LINE
    assert splitter.feed(b"the rest\nnext\n") == [b"next"]
    assert splitter.overlong == 1
    assert splitter.feed(b"y" * 5000) == []
    assert splitter.feed(b"\nz\n") == [b"z"]
    assert splitter.overlong == 2


@given(st.lists(st.binary(max_size=50)))
def test_splitting_does_not_depend_on_the_pieces(pieces):
    splitter, whole = codec.LineSplitter(), codec.LineSplitter()
    stream = b"".join(pieces)
    assert [line for piece in pieces for line in splitter.feed(piece)] == whole.feed(stream)


@settings(max_examples=300)
@given(
    st.binary(max_size=80)
    | st.lists(
        st.sampled_from(["", "RING", "CALL", "CONNECT", "DISCONNECT", "0", "1", "x", "01.01.24 10:00:00", "030", "²"]),
        max_size=9,
    ).map(lambda fields: ";".join(fields).encode())
)
def test_any_line_parses_or_ends_in_codec_error(line):
    with contextlib.suppress(CodecError):
        assert codec.parse(line).connection >= 0


fields = st.text(st.characters(codec="ascii", exclude_characters=";\r\n# \t\x0b\x0c\x1c\x1d\x1e\x1f"), max_size=20)
stamps = st.none() | st.integers(0, 3 * 10**9).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
)
counts = st.integers(0, 10**9 - 1)


@given(
    st.builds(LineEvent, st.just(CallStep.RING), counts, stamps, fields, fields, fields)
    | st.builds(LineEvent, st.just(CallStep.CALL), counts, stamps, fields, fields, fields, st.none() | counts)
    | st.builds(LineEvent, st.just(CallStep.CONNECT), counts, stamps, fields, extension=st.none() | counts)
    | st.builds(LineEvent, st.just(CallStep.DISCONNECT), counts, stamps, duration=counts)
)
def test_event_round_trip(event):
    assert codec.parse(codec.encode(event)) == event


# --- numbers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", NUMBERS, ids=lambda vector: f"{vector['raw']}-{vector['expect']['own_area']}")
def test_number(vector):
    expect = vector["expect"]
    repaired = "only repair when configured" in expect["note"]
    number = normalise(vector["raw"], area_code=expect["own_area"] or "", bare_country_code=repaired)
    assert number.raw == vector["raw"]
    assert number.e164 == expect["e164"]


@pytest.mark.parametrize(
    ("raw", "display", "reason"),
    [
        ("", "", Reason.WITHHELD),
        (" # ", "", Reason.WITHHELD),
        ("anonymous", "", Reason.WITHHELD),
        ("P", "", Reason.WITHHELD),
        ("0000000000", "", Reason.WITHHELD),
        ("O", "", Reason.UNAVAILABLE),
        ("Out of  area", "", Reason.UNAVAILABLE),
        ("EULESS, TX", "", Reason.UNAVAILABLE),
        ("²²²²²²", "", Reason.UNAVAILABLE),
        ("**620", "**620", Reason.INTERNAL),
        ("110", "110", Reason.INTERNAL),
        ("123456", "123456", None),
        ("500@hd-telefonie.avm.de12", "500@hd-telefonie.avm.de12", None),
        ("+999999999999", "+999999999999", None),
        ("00226123456", "+226123456", None),
        ("+00000000000000000000", "+00000000000000000000", None),
    ],
)
def test_numbers_that_cannot_be_told(raw, display, reason):
    number = normalise(raw)
    assert (number.e164, number.display, number.reason, number.valid) == (None, display, reason, False)


@pytest.mark.parametrize(
    ("raw", "options", "e164", "display", "valid"),
    [
        ("03023125222", {}, "+493023125222", "030 23125222", True),
        ("0043 1 5330000", {}, "+4315330000", "+43 1 5330000", True),
        ("123456", {"area_code": "030"}, "+4930123456", "030 123456", True),
        ("0123456789", {}, "+49123456789", "123456789", False),
        ("4930123456", {"area_code": "30"}, "+49304930123456", "030 4930123456", True),
        ("491711234567", {"bare_country_code": True}, "+491711234567", "0171 1234567", True),
    ],
)
def test_numbers_that_can(raw, options, e164, display, valid):
    number = normalise(raw, **options)
    assert (number.e164, number.display, number.reason, number.valid) == (e164, display, None, valid)


@settings(max_examples=300)
@given(
    st.text(max_size=30) | st.text("0123456789+*#()/.- ", max_size=25),
    st.sampled_from(["", "30", "089"]),
    st.booleans(),
)
def test_any_text_is_made_sense_of(raw, area_code, bare):
    number = normalise(raw, area_code=area_code, bare_country_code=bare)
    assert number.raw == raw
    assert number.e164 is None or (number.e164[0] == "+" and number.e164[1:].isdigit())
    assert (number.display == "") == (number.reason in (Reason.WITHHELD, Reason.UNAVAILABLE))
