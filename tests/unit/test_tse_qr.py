"""The receipt's QR code: real ones verify, changed ones do not, and nothing makes the reader stumble."""

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import CodecError
from drivers.tse import logmessage, qr, signature

VECTORS = [
    vector
    for line in (Path(__file__).parents[1] / "vectors" / "tse.jsonl").read_text().splitlines()
    if (vector := json.loads(line))["kind"] == "qr"
]
REAL = VECTORS[1]["qr"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["source"])
def test_real_code(vector):
    result = qr.verify(vector["qr"])
    assert result.valid is vector["verify"].startswith("VALID")
    code = result.code
    assert code.serial in result.message
    assert code.client_id == vector["client"]
    assert code.process_type == vector["processType"]
    assert code.process_data == vector["processData"]
    assert code.transaction_number == int(vector["txn"])
    assert code.signature_counter == int(vector["sigCounter"])
    assert code.algorithm == vector["alg"]
    assert code.time_format == vector["timeFormat"]
    assert code.encode() == vector["qr"]
    assert f"serial={code.serial}" in vector["verify"]


# The start time is printed, but not part of the Finish message: the signature cannot protect it.
@pytest.mark.parametrize("field", [1, 2, 3, 4, 5, 7, 10])
def test_a_change_in_any_signed_field_is_found(field):
    fields = REAL.split(";")
    last = fields[field].rstrip("=Z")[-1]
    fields[field] = (
        fields[field].replace(last, "1" if last != "1" else "2", 1) if field != 7 else "2021-07-23T10:12:56.000Z"
    )
    result = qr.verify(";".join(fields))
    assert not result.valid
    assert "does NOT belong" in result.message


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("V0;", "V1;", "V0"),
        (";AMA-6200", "", "11 of the 12"),
        (";160504;", ";viele;", "transaction number"),
        (";344413;", ";-1;", "signature counter"),
        ("2021-07-23T10:12:54.000Z", "2021-02-30T10:12:54.000Z", "start time"),
        ("2021-07-23T10:12:55.000Z", "23.07.2021", "end time"),
        ("NgqBk", "N*qBk", "base64"),
        ("BCd1v", "BCd1w", "public key"),
        ("ecdsa-plain-SHA384", "rsa", "algorithm"),
        ("unixTime", "sundial", "time format"),
        ("Beleg", "\ud800", "characters"),
        ("2021-07-23T10:12:55.000Z", "1969-07-23T10:12:55.000Z", "integer"),
    ],
)
def test_what_cannot_be_checked_says_why(old, new, words):
    assert old in REAL
    result = qr.verify(REAL.replace(old, new))
    assert not result.valid
    assert words in result.message


def test_length_is_bounded():
    assert not qr.verify("V0;" * qr.MAX_SIZE).valid


def test_semicolons_break_the_code():
    code = qr.parse(REAL)
    with pytest.raises(CodecError):
        dataclasses.replace(code, client_id="a;b").encode()


@pytest.mark.parametrize("time_format", logmessage.TimeFormat)
def test_our_own_code_verifies_orders_and_all_time_formats(time_format):
    key = ec.generate_private_key(ec.SECP256R1())
    algorithm = signature.by_name("ecdsa-plain-SHA256")
    point = signature.point_of(key.public_key())
    moment = datetime(2024, 12, 31, 23, 59, tzinfo=UTC)
    order = '2;"Espresso; doppelt";2.50\r1;"Kuchen ""Sacher""";4.20'
    signed = logmessage.to_be_signed(
        logmessage.TransactionLog(logmessage.Operation.FINISH, "TILL-1", 5, "Bestellung-V1", order.encode()),
        serial=signature.serial_of(point),
        algorithm=algorithm.oid,
        signature_counter=12,
        log_time=moment,
        time_format=time_format,
    )
    value = signature.sign(key, algorithm, signed)
    code = qr.QrCode(
        "TILL-1", "Bestellung-V1", order, 5, 12, moment, moment, algorithm.name, time_format.value, value, point
    )
    assert qr.parse(code.encode()) == code
    assert qr.verify(code.encode()).valid


@settings(max_examples=200)
@given(st.text() | st.lists(st.text(max_size=9), min_size=11, max_size=13).map(lambda parts: ";".join(["V0", *parts])))
def test_any_text_gets_an_answer(text):
    assert not qr.verify(text).valid


@settings(max_examples=200)
@given(st.integers(0, len(REAL) - 1), st.characters())
def test_one_changed_character_never_passes(position, character):
    changed = REAL[:position] + character + REAL[position + 1 :]
    code = qr.verify(changed).code
    if qr.verify(changed).valid:
        # Same fields in another spelling, or the start time, which the Finish message does not hold.
        assert dataclasses.replace(
            code, start=qr.parse(REAL).start, algorithm="", time_format=""
        ) == dataclasses.replace(qr.parse(REAL), algorithm="", time_format="")
