"""Log messages: real ones of several makes decode, verify and come out again byte for byte; nonsense never gets far."""

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import CodecError
from drivers.tse import der, logmessage, signature
from drivers.tse.logmessage import AuditLog, Operation, SystemLog, TimeFormat, TransactionLog

VECTORS = [
    vector
    for line in (Path(__file__).parents[1] / "vectors" / "tse.jsonl").read_text().splitlines()
    if (vector := json.loads(line))["kind"] == "log_message"
]
# The key in the certificate of the same recorded export; its SHA-256 is the serial number in those log messages.
CRYPTOVISION_KEY = (
    "04882f10af9aa619509674469bf7190591c7d55a960a894d3225cedf7bef6a4f34"
    "d69742e8015bae9a942c276595c632a71c6b5b3888b7b8ac9fbf1f7daadd0b6b"
)
START = VECTORS[10]
SERIAL = bytes(32)
ALGORITHM = signature.by_name("ecdsa-plain-SHA384").oid
MOMENT = datetime(2024, 2, 29, 12, 34, 56, tzinfo=UTC)


def key_of(vector):
    return signature.load_point(bytes.fromhex(vector.get("pubkey") or CRYPTOVISION_KEY))


def signed(logged, moment=MOMENT, time_format=TimeFormat.UNIX, counter=7):
    return logmessage.to_be_signed(
        logged,
        serial=SERIAL,
        algorithm=ALGORITHM,
        signature_counter=counter,
        log_time=moment,
        time_format=time_format,
    )


def test_there_are_vectors():
    assert len(VECTORS) == 52


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["file"])
def test_real_message(vector):
    raw = bytes.fromhex(vector["hex"])
    message = logmessage.parse(raw)

    assert message.signed.hex() == vector["dtbs"]
    assert message.serial.hex() == vector["serial"].lower()
    assert message.algorithm == vector["alg"]
    assert message.signature_counter == vector["sigCounter"]
    assert message.signature.hex() == vector["signature"]
    assert message.encode() == raw
    assert message.file_name == vector["file"]
    if vector["logTimeTag"] == "0x2":
        assert message.log_time == datetime.fromtimestamp(vector["logTime"], UTC)
    else:
        assert message.log_time.strftime("%y%m%d%H%M%SZ") == vector["logTime"]

    match message.logged:
        case TransactionLog() as step:
            assert step.operation.value == vector["operation"]
            assert step.client_id == vector["clientId"]
            assert step.number == vector["txn"]
            assert step.process_type == (vector["processType"] or "")
            if "0xa2" not in vector["tags"]:
                assert step.process_data.hex() == vector["ctx"].get("2", "")
        case SystemLog() as system:
            assert system.operation.encode().hex() == vector["ctx"]["0"]
            assert system.data.hex() == vector["ctx"]["1"]
            assert all(0 < tag < 10 for tag in system.fields())
        case AuditLog() as audit:
            assert audit.data.hex() == vector["seAuditData"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["file"])
def test_real_signature(vector):
    message = logmessage.parse(bytes.fromhex(vector["hex"]))
    key, algorithm = key_of(vector), signature.by_oid(message.algorithm)
    assert signature.serial_of(signature.point_of(key)) == message.serial
    assert signature.verify(key, algorithm, message.signed, message.signature)
    changed = bytearray(message.signed)
    changed[-1] ^= 1
    assert not signature.verify(key, algorithm, bytes(changed), message.signature)
    assert not signature.verify(key, algorithm, message.signed, message.signature[1:])


@pytest.mark.parametrize("vector", [v for v in VECTORS if "0xa2" not in v["tags"]], ids=lambda vector: vector["file"])
def test_what_we_write_is_what_the_makes_write(vector):
    """Our strict DER gives the very bytes of every message that holds nothing but DER and all its fields."""
    message = logmessage.parse(bytes.fromhex(vector["hex"]))
    ours = logmessage.to_be_signed(
        message.logged,
        serial=message.serial,
        algorithm=message.algorithm,
        signature_counter=message.signature_counter,
        log_time=message.log_time,
        time_format=message.time_format,
    )
    if isinstance(message.logged, TransactionLog) and "0x83" not in vector["tags"]:
        ours = ours.replace(b"\x82\x00\x83\x00", b"\x82\x00")  # this make leaves out an empty process type
    assert ours == message.signed


def test_process_data_in_segments_is_put_together():
    vector = next(vector for vector in VECTORS if "0xa2" in vector["tags"])
    step = logmessage.parse(bytes.fromhex(vector["hex"])).logged
    assert (step.process_data, step.process_type, step.external) == (b"\x0a\x14\x1e", "beleg", b"\x28\x32\x3c")


def test_strict_der_of_an_empty_start():
    data = signed(TransactionLog(Operation.START, "TILL-1", 128))
    assert b"\x82\x00\x83\x00\x85\x02\x00\x80" in data  # empty, empty, and a number that does not turn negative


def test_optional_fields_and_time_formats_survive():
    step = TransactionLog(Operation.UPDATE, "a/b", 3, "Bestellung-V1", b"x" * 300, b"external", b"internal")
    for time_format in TimeFormat:
        moment = MOMENT.replace(microsecond=120_000) if time_format is TimeFormat.GENERALIZED_MILLISECONDS else MOMENT
        if time_format is TimeFormat.UTC:
            moment = MOMENT.replace(second=0)
        message = logmessage.parse(logmessage.encode(signed(step, moment, time_format), b"\1" * 96))
        assert (message.logged, message.log_time, message.time_format) == (step, moment, time_format)
    assert message.file_name == "Gent_20240229123456.120Z_Sig-7_Log-Tra_No-3_Update_Client-a_b.log"
    system = SystemLog("selfTest", der.write(0x81, b"all"), b"inside")
    assert logmessage.parse(logmessage.encode(signed(system), b"")).logged == system
    assert (
        logmessage.parse(logmessage.encode(signed(AuditLog(b"x")), b"")).file_name
        == "Unixt_1709210096_Sig-7_Log-Aud.log"
    )


def rebuilt(*parts):
    return der.write(der.SEQUENCE, b"".join(parts))


def parts_of(vector=START):
    return [part.raw for part in der.elements(der.single(bytes.fromhex(vector["hex"]), der.SEQUENCE).content)]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("short", lambda p: p[:5]),
        ("version", lambda p: [der.write_integer(1), *p[1:]]),
        ("kind", lambda p: [p[0], der.write_oid("0.4.0.127.0.7.3.7.1.9"), *p[2:]]),
        ("kind without data", lambda p: [p[0], der.write_oid("0.4.0.127.0.7.3.7.1.3"), *p[2:]]),
        ("operation", lambda p: [*p[:2], der.write(0x80, b"StopTransaction"), *p[3:]]),
        ("operation is no text", lambda p: [*p[:2], der.write(0x80, b"\xff"), *p[3:]]),
        ("twice", lambda p: [*p[:3], p[3], *p[3:]]),
        ("no number", lambda p: [*p[:6], *p[7:]]),
        ("negative number", lambda p: [*p[:6], der.write(0x85, b"\xff"), *p[7:]]),
        ("order", lambda p: [*p[:6], p[7], p[6], *p[8:]]),
        ("audit data", lambda p: [*p[:9], der.write(4, b"audit"), *p[9:]]),
        ("no algorithm", lambda p: [*p[:8], der.write(der.SEQUENCE, b""), *p[9:]]),
        ("time in the far future", lambda p: [*p[:-2], der.write_integer(10**15), p[-1]]),
        ("time of no kind", lambda p: [*p[:-2], der.write(0x13, b"240229123456Z"), p[-1]]),
        ("day that never was", lambda p: [*p[:-2], der.write(der.UTC_TIME, b"230229123456Z"), p[-1]]),
        ("half a time", lambda p: [*p[:-2], der.write(der.UTC_TIME, b"2302Z"), p[-1]]),
        ("signature", lambda p: [*p[:-1], der.write_integer(1)]),
    ],
)
def test_malformed_message(name, change):
    with pytest.raises(CodecError):
        logmessage.parse(rebuilt(*change(parts_of())))


def test_size_is_bounded():
    with pytest.raises(CodecError, match="bytes"):
        logmessage.parse(bytes(logmessage.MAX_SIZE + 1))


def test_what_cannot_be_written_is_refused():
    with pytest.raises(CodecError):
        signed(TransactionLog(Operation.START, "\ud800", 1))
    with pytest.raises(CodecError):
        signed(TransactionLog(Operation.START, "a", -1))
    with pytest.raises(CodecError):
        signed(TransactionLog(Operation.START, "a", 1), datetime(1969, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("oid", ["", "1", "1.x", "3.1", "1.40", "1.2.-3"])
def test_malformed_oid(oid):
    with pytest.raises(CodecError):
        der.write_oid(oid)


@pytest.mark.parametrize(
    "data",
    ["30", "3005", "1f0100", "3085000000000000", "0480", "30800000ff", "2480" * 6, "04820001", "3003020101ff"],
)
def test_malformed_der(data):
    with pytest.raises(CodecError):
        der.single(bytes.fromhex(data), der.SEQUENCE).integer()


def test_bounds_of_der():
    with pytest.raises(CodecError, match="too many"):
        der.elements(b"\x04\x00" * 4097)
    with pytest.raises(CodecError, match="too many"):
        der.elements(b"\x24\x80" + b"\x04\x00" * 4097 + b"\0\0")
    nested = b"\x04\x01x"
    for _ in range(6):
        nested = der.write(0x24, nested)
    with pytest.raises(CodecError, match="deeply"):
        der.elements(nested)[0].octets()
    for integer in (b"", b"\0" * 18):
        with pytest.raises(CodecError):
            der.elements(der.write(2, integer))[0].integer()
    for oid in (b"", b"\x80", b"\x01" * 33):
        with pytest.raises(CodecError):
            der.elements(der.write(6, oid))[0].oid()


@given(st.lists(st.integers(0, 2**40), max_size=6), st.integers(0, 2), st.integers(0, 39))
def test_oid_round_trip(rest, first, second):
    dotted = ".".join(map(str, (first, second, *rest)))
    written = der.write_oid(dotted)
    if len(written) <= 34:
        assert der.single(written, der.OBJECT_IDENTIFIER).oid() == dotted


@given(st.integers(0, 2**128 - 1))
def test_integer_round_trip(value):
    written = der.write_integer(value)
    assert der.single(written, der.INTEGER).integer() == value
    assert len(written) == 3 or not (written[2] == 0 and written[3] < 0x80)  # not one octet too many


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_end_in_codec_error(data):
    with pytest.raises(CodecError):
        logmessage.parse(data)


@settings(max_examples=300)
@given(st.sampled_from(VECTORS), st.data())
def test_damaged_message_decodes_or_ends_in_codec_error(vector, data):
    raw = bytearray.fromhex(vector["hex"])
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        message = logmessage.parse(bytes(raw))
    except CodecError:
        return
    assert message.file_name
    assert logmessage.parse(message.encode()) == message


texts = st.text(st.characters(codec="utf-8"), max_size=40)


@given(
    st.builds(
        TransactionLog,
        st.sampled_from(Operation),
        texts,
        st.integers(0, 2**63),
        texts,
        st.binary(max_size=400),
        st.none() | st.binary(max_size=9),
        st.none() | st.binary(max_size=9),
    ),
    st.datetimes(datetime(1970, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(0, 2**63),
)
def test_round_trip(step, moment, counter):
    message = logmessage.parse(logmessage.encode(signed(step, moment, counter=counter), b"s"))
    expected = moment.replace(microsecond=0)
    assert (message.logged, message.log_time, message.signature_counter) == (step, expected, counter)
    assert dataclasses.replace(message, signature=b"").encode() != message.encode()


@pytest.mark.parametrize("curve", signature.CURVES)
def test_signatures_of_every_curve(curve):
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(signature.CURVES[curve]())
    algorithm = signature.for_curve(key.curve)
    value = signature.sign(key, algorithm, b"message")
    public = signature.load_point(signature.point_of(key.public_key()))
    assert public.curve.name == key.curve.name
    assert len(value) == 2 * ((key.curve.key_size + 7) // 8)
    assert signature.verify(public, algorithm, b"message", value)
    assert not signature.verify(public, algorithm, b"massage", value)
    assert not signature.verify(public, algorithm, b"message", bytes(len(value)))


@pytest.mark.parametrize("point", [b"", b"\4" * 65, b"\2" * 97, b"\4" + b"\xff" * 128])
def test_a_point_of_no_curve(point):
    with pytest.raises(CodecError):
        signature.load_point(point)


def test_unknown_algorithms():
    with pytest.raises(CodecError):
        signature.by_oid("1.2.3")
    with pytest.raises(CodecError):
        signature.by_name("rsa")
