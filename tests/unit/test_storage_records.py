"""Records: pages, filters, what is unfinished, and names."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ids import new_id
from gateway.services.kinds import KINDS, PAYMENT, PRINT_JOB, TRANSACTION
from gateway.storage import Database, Journal, Records
from gateway.storage.records import copy_of, insert, update
from kassenwart.v1 import Payment, PrintJob, Transaction


@pytest.fixture
async def database(tmp_path):
    opened = await Database.open(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
def records(database):
    return Records(database, KINDS)


async def make(database, device, count, state=Payment.APPROVED, reference="", private=b""):
    names = []
    for _ in range(count):
        payment = Payment(name=PAYMENT.resource_name(device, new_id()), state=state, reference=reference)
        await database.write(lambda unit, one=payment: insert(unit, PAYMENT, one, private=private, principal="till"))
        names.append(payment.name)
    return names


async def all_pages(records, device, size, **where):
    found, before = [], ""
    for _ in range(100):
        page = await records.page(PAYMENT, device, size=size, before=before, where=where)
        assert len(page.messages) <= size
        found += [message.name for message in page.messages]
        before = page.next_id
        if not before:
            return found
    raise AssertionError("the pages have no end")


@pytest.mark.parametrize("size", [1, 2, 5, 11, 12, 13, 100])
async def test_pages_hold_everything_once_newest_first(database, records, size):
    names = await make(database, "ec1", 12)
    await make(database, "ec2", 3)
    assert await all_pages(records, "ec1", size) == names[::-1]


async def test_a_page_is_not_shifted_by_what_is_new(database, records):
    names = await make(database, "ec1", 6)
    first = await records.page(PAYMENT, "ec1", size=3, before="", where={})
    await make(database, "ec1", 2)
    second = await records.page(PAYMENT, "ec1", size=3, before=first.next_id, where={})
    assert [one.name for one in (*first.messages, *second.messages)] == names[::-1]


async def test_filters_compare_state_and_reference(database, records):
    await make(database, "ec1", 2, Payment.APPROVED, "a")
    declined = await make(database, "ec1", 2, Payment.DECLINED, "a")
    other = await make(database, "ec1", 2, Payment.DECLINED, "b")
    assert await all_pages(records, "ec1", 1, state=Payment.DECLINED) == (declined + other)[::-1]
    assert await all_pages(records, "ec1", 1, state=Payment.DECLINED, reference="b") == other[::-1]
    assert await all_pages(records, "ec1", 1, reference="' OR 1=1 --") == []


async def test_unfinished_ones_come_oldest_first_with_their_private_part(database, records):
    first = await make(database, "ec1", 1, Payment.PENDING, private=b"secret")
    await make(database, "ec1", 3, Payment.APPROVED)
    last = await make(database, "ec1", 1, Payment.IN_PROGRESS)
    await make(database, "ec2", 1, Payment.PENDING)
    found = await records.unfinished(PAYMENT, "ec1")
    assert [(message.name, private) for message, private in found] == [(first[0], b"secret"), (last[0], b"")]


async def test_an_update_moves_a_record_out_of_the_unfinished_ones(database, records):
    [name] = await make(database, "ec1", 1, Payment.PENDING, private=b"old")
    place = name.split("/")[1], name.split("/")[3]
    payment = await records.get(PAYMENT, *place)
    payment.state = Payment.APPROVED
    await database.write(lambda unit: update(unit, PAYMENT, copy_of(payment)))
    assert await records.unfinished(PAYMENT, "ec1") == []
    assert await records.get_private(PAYMENT, *place) == b"old"
    await database.write(lambda unit: update(unit, PAYMENT, copy_of(payment), private=b"new"))
    assert await records.get_private(PAYMENT, *place) == b"new"
    assert (await records.find(name)).state == Payment.APPROVED


async def test_every_change_is_an_event_with_the_state_in_its_type(database):
    journal = Journal(database)
    with journal.subscribe(lambda _event: True) as subscription:
        job = PrintJob(name="printers/receipt/jobs/1", state=PrintJob.QUEUED)
        await database.write(lambda unit: insert(unit, PRINT_JOB, copy_of(job), principal="till"))
        job.state = PrintJob.PRINTED
        await database.write(lambda unit: update(unit, PRINT_JOB, copy_of(job)))
        first, second = await subscription.next(), await subscription.next()
    assert (first.type, first.subject, first.device, first.principal) == (
        "kassenwart.print_job.queued",
        job.name,
        "receipt",
        "till",
    )
    assert second.type == "kassenwart.print_job.printed"


async def test_an_update_of_nothing_is_an_error_and_no_event(database):
    with pytest.raises(LookupError):
        await database.write(
            lambda unit: update(unit, PAYMENT, Payment(name="terminals/ec1/payments/none", state=Payment.APPROVED))
        )
    assert await database.read(lambda connection: connection.execute("SELECT * FROM events").fetchall()) == []


async def test_what_is_not_there_is_none(records):
    assert await records.get(PAYMENT, "ec1", "x") is None
    assert await records.get_private(PAYMENT, "ec1", "x") is None
    assert await records.snapshot(PAYMENT, "ec1", "x") == (None, 0)
    assert await records.find("terminals/ec1/payments/x") is None
    assert await records.find("nothing/of/ours") is None


async def test_a_snapshot_tells_the_latest_event(database, records):
    [name] = await make(database, "ec1", 1)
    await make(database, "ec1", 4)
    message, seq = await records.snapshot(PAYMENT, "ec1", name.rpartition("/")[2])
    assert (message.name, seq) == (name, 5)


@given(kind=st.sampled_from(KINDS), device=st.from_regex(r"[a-z0-9][a-z0-9_-]{0,31}", fullmatch=True))
def test_names_go_there_and_back(kind, device):
    record = new_id()
    name = kind.resource_name(device, record)
    assert kind.split(name) == (device, record)
    assert [one for one in KINDS if one.split(name)] == [kind]


@given(st.text(alphabet="terminals/ec1payjob{}%:\x00", max_size=40))
def test_any_text_is_split_or_not(text):
    for kind in KINDS:
        found = kind.split(text)
        assert found is None or kind.resource_name(*found) == text


def test_a_state_that_is_in_doubt_is_not_final():
    assert not TRANSACTION.is_final(Transaction(state=Transaction.UNKNOWN))
    assert PAYMENT.state_name(Payment(state=Payment.IN_PROGRESS)) == "in_progress"


def test_ids_ascend():
    ids = [new_id() for _ in range(2000)]
    assert all(a < b for a, b in itertools.pairwise(ids))
    assert {len(one) for one in ids} == {26}
