"""The software TSE without its socket: the wire's lines, counters, refusals, and what a crash leaves behind."""

import contextlib
import json
import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import TseInfo, TseSignature
from drivers.errors import CodecError, Outcome
from drivers.tse import logmessage, refusals, signature
from drivers.tse.logmessage import Operation, SystemLog, TransactionLog
from drivers.tse.refusals import Refusal
from drivers.tse.software import codec, device
from drivers.tse.software._store import StoreError
from drivers.tse.software.codec import Answer, Command, Request
from drivers.tse.software.device import Device, RefusalError
from drivers.tse.software.simulator import FAULTS, Faults, parse_faults

NOW = 1_732_100_000
RECEIPT = ("Kassenbeleg-V1", b"Beleg^1.19_0.00_0.00_0.00_0.00^1.19:Bar")


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def power(tmp_path):
    """Powers up a device on the same directory, as often as wanted; ready for transactions."""
    running = []

    def up(*, ready=True, **options):
        tse = Device(tmp_path / "tse", clock=Clock(), **options)
        running.append(tse)
        if ready:
            tse.self_test()
            tse.update_time(NOW)
            tse.register_client("TILL-1")
        return tse

    yield up
    for tse in running:
        if tse._store._log >= 0:
            close(tse)


def close(tse):
    tse.close()
    tse._store._log = -1


def crash(tse):
    """What kill -9 does: the files stay as they are, the lock is gone."""
    tse._store.close()
    tse._store._log = -1


def log_of(directory):
    return [
        (entry["name"], logmessage.parse(bytes.fromhex(entry["der"])))
        for entry in map(json.loads, (directory / "tse" / "log.jsonl").read_text().splitlines())
    ]


def refusal_of(call, *arguments):
    with pytest.raises(RefusalError) as caught:
        call(*arguments)
    return caught.value.refusal


def test_a_sale_is_numbered_signed_and_stored(power, tmp_path):
    tse = power()
    started = tse.step(Operation.START, "TILL-1")
    updated = tse.step(Operation.UPDATE, "TILL-1", 1, "Bestellung-V1", b'1;"x";1.00')
    finished = tse.step(Operation.FINISH, "TILL-1", 1, *RECEIPT)
    assert [s.signature_counter for s in (started, updated, finished)] == [4, 5, 6]
    assert {s.transaction_number for s in (started, updated, finished)} == {1}
    assert tse.step(Operation.START, "TILL-1").transaction_number == 2
    assert tse.info().open_transactions == (2,)
    assert tse.last_response("TILL-1").signature_counter == 7
    assert tse.last_response("nobody") is None

    log = log_of(tmp_path)
    assert [message.signature_counter for _, message in log] == list(range(1, 8))
    assert [name for name, _ in log] == [message.file_name for _, message in log]
    assert isinstance(log[0][1].logged, SystemLog)
    assert log[1][1].logged.fields() == {
        1: int(log[0][1].log_time.timestamp()).to_bytes(4, "big"),
        2: NOW.to_bytes(4, "big"),
    }
    assert log[5][1].logged == TransactionLog(Operation.FINISH, "TILL-1", 1, *RECEIPT)
    assert log[5][1].signature == finished.signature
    key = signature.load_point(tse.info().public_key)
    for _, message in log:
        assert message.serial.hex() == tse.serial
        assert signature.verify(key, signature.by_oid(message.algorithm), message.signed, message.signature)


def test_it_says_everywhere_what_it_is(power):
    info = power().info()
    assert info.development
    assert "SIMULATOR - NOT CERTIFIED" in info.description
    certificate = x509.load_pem_x509_certificate(info.certificate_pem.encode())
    for name in (certificate.subject, certificate.issuer):
        assert "CN=TSE SIMULATOR - NOT CERTIFIED" in name.rfc4514_string()
    assert certificate.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint) == info.public_key
    assert signature.serial_of(info.public_key).hex() == info.serial
    assert (info.signature_algorithm, info.time_format) == ("ecdsa-plain-SHA384", "unixTime")
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(info.certificate_pem.encode()))


@pytest.mark.parametrize("curve", ["brainpoolP384r1", "secp384r1", "secp256r1"])
def test_openssl_agrees_with_the_signatures(power, tmp_path, curve):
    tse = power(curve=curve)
    tse.step(Operation.START, "TILL-1")
    tse.step(Operation.FINISH, "TILL-1", 1, *RECEIPT)
    (tmp_path / "certificate.pem").write_text(tse.info().certificate_pem)
    key = subprocess.run(
        ["openssl", "x509", "-in", tmp_path / "certificate.pem", "-noout", "-pubkey"], check=True, capture_output=True
    ).stdout
    (tmp_path / "key.pem").write_bytes(key)
    digest = "-sha256" if curve == "secp256r1" else "-sha384"
    for _, message in log_of(tmp_path):
        half = len(message.signature) // 2
        r, s = (int.from_bytes(part, "big") for part in (message.signature[:half], message.signature[half:]))
        (tmp_path / "signature").write_bytes(encode_dss_signature(r, s))
        (tmp_path / "signed").write_bytes(message.signed)
        command = ["openssl", "dgst", digest, "-verify", tmp_path / "key.pem", "-signature", tmp_path / "signature"]
        assert (
            subprocess.run([*command, tmp_path / "signed"], capture_output=True, check=False).stdout == b"Verified OK\n"
        )


def test_numbers_go_on_after_a_crash_and_after_a_clean_end(power):
    tse = power()
    tse.step(Operation.START, "TILL-1")
    last = tse.step(Operation.START, "TILL-1")
    serial, certificate = tse.serial, tse.info().certificate_pem
    for end in (crash, close, crash):
        end(tse)
        tse = power(ready=False)
        info = tse.info()
        assert (tse.serial, info.certificate_pem, info.clients) == (serial, certificate, ("TILL-1",))
        assert tse.last_response("TILL-1") == last
        assert info.signatures_created == last.signature_counter
        assert not info.self_test_passed
        assert not info.time_valid
        tse.self_test()
        tse.update_time(NOW)
        new = tse.step(Operation.START, "TILL-1")
        assert (new.transaction_number, new.signature_counter) == (
            last.transaction_number + 1,
            last.signature_counter + 3,
        )
        last = new
    assert tse.info().open_transactions == (1, 2, 3, 4, 5)


def test_a_torn_last_record_was_never_answered_and_goes(power, tmp_path):
    tse = power()
    tse.step(Operation.START, "TILL-1")
    crash(tse)
    whole = (tmp_path / "tse" / "log.jsonl").read_bytes()
    with (tmp_path / "tse" / "log.jsonl").open("ab") as file:
        file.write(b'{"name": "half of a re')
    tse = power(ready=False)
    assert (tmp_path / "tse" / "log.jsonl").read_bytes() == whole
    assert tse.info().signatures_created == 4


def test_checkpoints_are_written_as_the_log_grows(power, tmp_path, monkeypatch):
    monkeypatch.setattr("drivers.tse.software._store._CHECKPOINT_EVERY", 5)
    tse = power()
    for number in range(1, 4):
        tse.step(Operation.START, "TILL-1")
        tse.step(Operation.FINISH, "TILL-1", number, *RECEIPT)
    state = json.loads((tmp_path / "tse" / "state.json").read_text())
    assert state["signature_counter"] == 5
    crash(tse)
    assert power(ready=False).info().signatures_created == 9


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("state.json", "{", "state.json is damaged"),
        ("state.json", '{"log_size": 0, "signature_counter": 1}', "state.json is damaged"),
        ("state.json", '{"log_size": 999999}', "shorter than it was"),
        ("log.jsonl", "nonsense\n", "log.jsonl is damaged"),
        ("log.jsonl", '{"der": "3000"}\n', "log.jsonl is damaged"),
        ("key.pem", "nonsense", "key.pem is damaged"),
        ("certificate.pem", "nonsense", "certificate.pem is damaged"),
        ("key.pem", None, "is missing"),
    ],
)
def test_a_damaged_directory_is_refused_in_words(power, tmp_path, name, content, words):
    crash(power())
    path = tmp_path / "tse" / name
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_text(content)
    with pytest.raises(StoreError, match=words):
        power(ready=False)


def test_a_key_of_another_kind_is_refused(power, tmp_path):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

    (tmp_path / "tse").mkdir()
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "tse" / "key.pem").write_bytes(pem)
    with pytest.raises(StoreError, match="another kind"):
        power()
    with pytest.raises(StoreError, match="no curve"):
        power(curve="P-1")


def test_only_one_device_runs_on_a_directory(power, tmp_path):
    power()
    with pytest.raises(StoreError, match="already runs"):
        power()
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        Device(tmp_path / "file" / "tse")


def test_a_disk_that_takes_no_more_stops_the_device(power, monkeypatch):
    tse = power()
    before = tse.info()
    monkeypatch.setattr(os, "write", lambda handle, data: len(data) - 1)
    assert refusal_of(tse.step, Operation.START, "TILL-1") is Refusal.STORAGE_FAILED
    monkeypatch.undo()
    assert refusal_of(tse.step, Operation.START, "TILL-1") is Refusal.STORAGE_FAILED
    assert tse.info() == before
    close(tse)
    assert power(ready=False).info().signatures_created == before.signatures_created


def test_power_up_wants_self_test_and_time(power):
    tse = power(ready=False)
    assert refusal_of(tse.register_client, "TILL-1") is Refusal.SELF_TEST_NEEDED
    tse.self_test()
    assert refusal_of(tse.step, Operation.START, "TILL-1") is Refusal.TIME_NOT_SET
    assert refusal_of(tse.update_time, 10**17) is Refusal.DATA_INVALID
    tse.update_time(NOW)
    assert refusal_of(tse.step, Operation.START, "TILL-1") is Refusal.CLIENT_NOT_REGISTERED


def test_its_clock_runs_and_its_certificate_ends(power):
    tse = power()
    tse._clock.seconds += 90.5
    assert tse.step(Operation.START, "TILL-1").log_time == datetime.fromtimestamp(NOW + 90, UTC)
    expiry = tse.info().certificate_expiry
    tse.update_time(int(expiry.timestamp()) + 1)
    assert refusal_of(tse.step, Operation.START, "TILL-1") is Refusal.CERTIFICATE_EXPIRED


@pytest.mark.parametrize("client", ["", "x" * 31, "TILL_1", "Kasse ä", "a\n"])
def test_clients_that_no_tse_takes(power, client):
    assert refusal_of(power().register_client, client) is Refusal.CLIENT_INVALID


def test_registering_again_signs_nothing(power):
    tse = power()
    assert tse.register_client("TILL-2")
    created = tse.info().signatures_created
    assert not tse.register_client("TILL-2")
    assert tse.info().signatures_created == created


def test_limits(power, monkeypatch):
    monkeypatch.setattr(device, "MAX_CLIENTS", 2)
    monkeypatch.setattr(device, "MAX_OPEN", 1)
    tse = power()
    tse.register_client("TILL-2")
    assert refusal_of(tse.register_client, "TILL-3") is Refusal.TOO_MANY_CLIENTS
    tse.step(Operation.START, "TILL-1")
    assert refusal_of(tse.step, Operation.START, "TILL-1") is Refusal.TOO_MANY_TRANSACTIONS
    assert refusal_of(tse.step, Operation.FINISH, "TILL-2", 1, *RECEIPT) is Refusal.TRANSACTION_OF_OTHER_CLIENT
    assert refusal_of(tse.step, Operation.UPDATE, "TILL-1", 2, *RECEIPT) is Refusal.TRANSACTION_NOT_OPEN
    assert refusal_of(tse.step, Operation.FINISH, "TILL-1", 1, "\0", b"") is Refusal.DATA_INVALID
    assert refusal_of(tse.step, Operation.FINISH, "TILL-1", 1, "x", bytes(65_537)) is Refusal.DATA_INVALID
    tse.step(Operation.FINISH, "TILL-1", 1, *RECEIPT)
    assert refusal_of(tse.step, Operation.FINISH, "TILL-1", 1, *RECEIPT) is Refusal.TRANSACTION_NOT_OPEN
    monkeypatch.setattr(device, "MAX_SIGNATURES", tse.info().signatures_created)
    assert refusal_of(tse.step, Operation.START, "TILL-1") is Refusal.SIGNATURES_EXHAUSTED


def test_faults_of_the_device(power):
    tse = power()
    tse.faults["certificate-expired"] = 1
    assert tse.info().certificate_expiry < datetime.fromtimestamp(NOW, UTC)
    assert refusal_of(tse.step, Operation.START, "TILL-1") is Refusal.CERTIFICATE_EXPIRED
    tse.faults.clear()
    tse.faults["full"] = 1
    assert refusal_of(tse.step, Operation.START, "TILL-1") is Refusal.STORE_FULL
    tse.faults.clear()
    tse.faults |= {"self-test-needed": 2, "time-lost": 3}
    tse.step(Operation.START, "TILL-1")
    assert refusal_of(tse.step, Operation.START, "TILL-1") is Refusal.SELF_TEST_NEEDED
    tse.self_test()
    assert refusal_of(tse.step, Operation.START, "TILL-1") is Refusal.TIME_NOT_SET
    assert tse.faults == {}


def test_parse_faults():
    assert parse_faults(["outage", "slow", "lost-response=3"]) == {"outage": 1, "slow": 0.3, "lost-response": 3}
    assert parse_faults([]) == Faults()
    assert parse_faults(FAULTS).keys() == FAULTS.keys()
    for wrong in ("fire", "outage=1", "slow=x", "slow=nan", "slow=-1", "slow=1e9"):
        with pytest.raises(ValueError, match=r"fault"):
            parse_faults([wrong])


def test_every_refusal_has_words():
    for refusal in Refusal:
        error = refusals.refused(refusal)
        assert error.reason == refusal.value
        assert error.message.endswith(".")
        assert error.hint
        assert (error.outcome is Outcome.UNKNOWN) == (refusal is Refusal.STORAGE_FAILED)


# --- the wire ------------------------------------------------------------------------------------------------------

moments = st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
numbers = st.integers(0, 2**63 - 1)
texts = st.text(st.characters(codec="utf-8"), max_size=40)
signatures = st.builds(TseSignature, numbers, numbers, moments, st.binary(max_size=130))
infos = st.builds(
    TseInfo,
    serial=texts,
    public_key=st.binary(max_size=130),
    certificate_pem=texts,
    certificate_expiry=moments,
    signature_algorithm=texts,
    time_format=texts,
    description=texts,
    development=st.booleans(),
    signatures_created=numbers,
    signatures_remaining=numbers,
    self_test_passed=st.booleans(),
    time_valid=st.booleans(),
    clients=st.lists(texts, max_size=3).map(tuple),
    open_transactions=st.lists(numbers, max_size=3).map(tuple),
)


@given(st.builds(Request, numbers, st.sampled_from(Command), texts, numbers, texts, st.binary(max_size=300), numbers))
def test_request_round_trip(request):
    line = codec.encode_request(request)
    assert line.count(b"\n") == 1
    assert codec.decode_request(line) == request


@given(st.builds(Answer, numbers, st.none() | st.sampled_from(Refusal), st.none() | signatures, st.none() | infos))
def test_answer_round_trip(answer):
    assert codec.decode_answer(codec.encode_answer(answer)) == answer


@settings(max_examples=300)
@given(
    st.binary(max_size=100)
    | st.text('{}[]:,"id0123456789errorsigntuf', max_size=80).map(str.encode)
    | st.dictionaries(
        st.sampled_from(["id", "command", "client", "number", "process_data", "time", "error", "signature", "info"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.sampled_from(["info", "start", "\ud800"])
        | st.just({"time": 2**62}),
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_line_decodes_or_ends_in_codec_error(line):
    for decode in (codec.decode_request, codec.decode_answer):
        with contextlib.suppress(CodecError):
            assert decode(line).id >= 0


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        b"1" * 5000,
        b" " * (codec.MAX_LINE + 1),
        b'{"id": true, "command": "info"}',
        b'{"id": 1, "command": "info", "client": "\\ud800"}',
        b'{"id": 1, "command": "start", "process_data": "***"}',
        b'{"id": 1, "signature": {"number": 1, "counter": 1, "time": 4611686018427387904, "value": ""}}',
        b'{"id": 1, "error": "TSE_ON_FIRE"}',
    ],
)
def test_lines_that_mean_harm(line):
    decode = codec.decode_answer if b"error" in line or b"signature" in line else codec.decode_request
    with pytest.raises(CodecError):
        decode(line)


def test_a_request_too_long_is_not_sent():
    with pytest.raises(CodecError, match="too long"):
        codec.encode_request(Request(1, Command.START, process_data=bytes(codec.MAX_LINE)))


def test_an_answer_keeps_whole_seconds(power):
    info = power().info()
    answer = Answer(1, info=info)
    assert codec.decode_answer(codec.encode_answer(answer)) == answer
    late = replace(info, certificate_expiry=info.certificate_expiry + timedelta(milliseconds=300))
    assert codec.decode_answer(codec.encode_answer(Answer(1, info=late))).info == info
