"""kill -9 at every point of a sale: nothing is charged, printed, signed or kicked twice, nothing is silently lost."""

import asyncio
import os
import random
from dataclasses import replace

import pytest

from tests.support.crash import QUICK, CrashShop, Till
from tests.support.shop import until

#: `event X`: as soon as the event stream tells X. `tse X` and so on: as soon as the device has done X. `before X`: X is
#: on the wire and arrives nowhere; `behind X`: X has just been passed on. `answer X`: the till has the first answer.
POINTS = {
    "tse": (
        "event transaction.starting",
        "tse started",
        "event transaction.open",
        "answer start",
        "event transaction.finishing",
        "tse finished",
        "event transaction.finished",
        "answer finish",
    ),
    "payment": (
        "event payment.pending",
        "answer pay",
        "ec1 repeated",
        "event payment.in_progress",
        "before authorisation",
        "behind authorisation",
        "ec1 payment_started",
        "behind card wanted",
        "before result",
        "behind result",
        "ec1 booked",
        "before completion",
        "behind completion",
        "event payment.approved",
    ),
    "paper": (
        "event print_job.queued",
        "answer print",
        "event print_job.sending",
        "before slip's bytes",
        "behind slip's bytes",
        "receipt cut",
        "receipt slip",
        "event print_job.printed",
    ),
    "drawer": (
        "event drawer_opening.pending",
        "before drawer's bytes",
        "behind drawer's bytes",
        "receipt drawer_kick",
        "answer open",
    ),
}
ANYWHERE = [point for group in POINTS.values() for point in group if not point.startswith("answer")]
RUNS = int(os.environ.get("KASSENWART_FAULT_RUNS", "18"))


async def _sell(shop, till, point):
    """One sale, the daemon being killed at the point."""
    before = shop.deaths
    where, _, step = point.partition(" ")
    if where == "answer":
        shop.disarm()
        till.after = lambda done: shop.kill() if done == step and shop.deaths == before else None
    else:
        till.after = lambda _done: None
        await shop.arm(point)
    await till.sell()
    await until(lambda: shop.deaths == before + 1)  # a kill at the very end of the sale may still be on its way


async def _sell_at_each(folder, steps, points):
    async with CrashShop(folder) as shop:
        till = Till(shop, steps)
        for point in points:
            try:
                await _sell(shop, till, point)
            except Exception as error:
                error.add_note(f"killed at {point!r}; {shop.daemon.log[-5:]}")
                raise
        await till.audit()


@pytest.mark.parametrize("group", POINTS)
async def test_a_kill_at_each_point_of_a_sale(tmp_path, group):
    """Three shops side by side: most of the time is spent waiting for the next attempt to connect."""
    async with asyncio.TaskGroup() as shops:
        for number in range(3):
            shops.create_task(_sell_at_each(tmp_path / str(number), [group], POINTS[group][number::3]))


async def test_a_terminal_that_books_what_we_never_saw_the_end_of(tmp_path):
    """Against the rules, but seen: the terminal books though nobody acknowledged. It must be found out."""
    async with CrashShop(tmp_path) as shop:
        shop.devices.terminal.faults = replace(QUICK, books_anyway=True)
        till = Till(shop, ["payment"])
        for point in ("before result", "behind result", "before completion"):
            await _sell(shop, till, point)
        await till.audit()
        assert shop.devices.booked() == [sale.amount for sale in till.sales]


async def test_kills_at_random(tmp_path):
    """Fixed seeds; KASSENWART_FAULT_RUNS raises the number of sales."""
    async with asyncio.TaskGroup() as shops:
        for seed in range(3):
            shops.create_task(_sell_at_random(tmp_path / str(seed), random.Random(seed), RUNS // 3))


async def _sell_at_random(folder, chance, runs):
    async with CrashShop(folder) as shop:
        till = Till(shop)
        for _ in range(runs):
            shop.devices.terminal.faults = replace(QUICK, books_anyway=chance.random() < 0.3)
            shop.devices.tse.faults.clear()
            if chance.random() < 0.5:
                shop.devices.tse.faults["slow"] = 0.1
            await shop.arm(chance.choice(ANYWHERE))
            await till.sell()
            shop.disarm()
        assert shop.deaths
        await till.audit()
