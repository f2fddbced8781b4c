"""Fixtures for all tests: a test that leaves an asyncio task behind fails."""

import asyncio

import pytest


@pytest.fixture(autouse=True)
async def no_leaked_tasks(request):
    """Fail the test when a task that it started is still there at its end."""
    if "hypothesis" in request.keywords:
        yield
        return
    before = asyncio.all_tasks()
    yield
    for _ in range(10):
        await asyncio.sleep(0)
    leaked = {task for task in asyncio.all_tasks() - before if task is not asyncio.current_task() and not task.done()}
    for task in leaked:
        task.cancel()
    assert not leaked, f"left running: {[task.get_name() + ' ' + repr(task.get_coro()) for task in leaked]}"
