"""The journal as a stream: what happened since, then what happens, without a gap between the two."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from gateway.storage.database import Database
from gateway.storage.transaction import StoredEvent

Filter = Callable[[StoredEvent], bool]

_BUFFER: Final = 1000  # events that a slow subscriber may lag behind
_PAGE: Final = 500


class SubscriberTooSlowError(Exception):
    """A subscriber lagged behind by more than its buffer holds; it may resume behind `last_seq`."""


class EventsGoneError(Exception):
    """The journal does not hold everything since the wished number: that is too old, or not of this journal."""

    def __init__(self, oldest: int, newest: int) -> None:
        super().__init__(oldest, newest)
        self.oldest = oldest
        self.newest = newest


class Subscription:
    """A bounded queue of live events; made by `Journal.subscribe`."""

    def __init__(self, wanted: Filter) -> None:
        self.wanted = wanted
        self._queue: deque[StoredEvent] = deque()
        self._ready = asyncio.Event()
        self._overflow = False

    def offer(self, event: StoredEvent) -> None:
        """Take an event if it is wanted and there is room."""
        if self._overflow or not self.wanted(event):
            return
        if len(self._queue) >= _BUFFER:
            self._overflow = True
        else:
            self._queue.append(event)
        self._ready.set()

    async def next(self) -> StoredEvent:
        """The next event. Raises SubscriberTooSlowError once the buffer has overflowed and is read empty."""
        while not self._queue:
            if self._overflow:
                raise SubscriberTooSlowError
            self._ready.clear()
            await self._ready.wait()
        return self._queue.popleft()


class Journal:
    """Hands the committed events to subscribers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._subscriptions: set[Subscription] = set()
        self.last_seq = 0
        database.on_events = self._publish

    @contextmanager
    def subscribe(self, wanted: Filter) -> Iterator[Subscription]:
        """Live events from now on."""
        subscription = Subscription(wanted)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    async def stream(self, after: int | None, wanted: Filter) -> AsyncIterator[StoredEvent]:
        """Events behind number `after` (None: from now on, 0: all that are kept), for ever.

        Raises EventsGoneError when the journal holds no such place (any more), SubscriberTooSlowError.
        """
        position = 0
        if after is not None:
            oldest, newest = await self._database.read(_range)
            if 0 < after < oldest - 1 or after > newest:
                raise EventsGoneError(oldest, newest)
            position = after
            while position < newest:  # far behind: read on before taking part in what happens now
                for event in await self._database.read(partial(_page, position, newest)):
                    position = event.seq
                    if wanted(event):
                        yield event
        with self.subscribe(wanted) as subscription:
            if after is not None:
                # What was committed until the subscription stood; live repeats of it are skipped below.
                _, newest = await self._database.read(_range)
                while position < newest:
                    for event in await self._database.read(partial(_page, position, newest)):
                        position = event.seq
                        if wanted(event):
                            yield event
            while True:
                event = await subscription.next()
                if event.seq > position:
                    yield event

    def _publish(self, events: list[StoredEvent]) -> None:
        self.last_seq = events[-1].seq
        for subscription in tuple(self._subscriptions):
            for event in events:
                subscription.offer(event)


def _range(connection: sqlite3.Connection) -> tuple[int, int]:
    """The numbers of the oldest event kept and of the newest one ever written."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
    newest = int(row[0]) if row is not None else 0
    row = connection.execute("SELECT seq FROM events ORDER BY seq LIMIT 1").fetchone()
    return (int(row[0]) if row is not None else newest + 1), newest


def _page(after: int, newest: int, connection: sqlite3.Connection) -> list[StoredEvent]:
    """The next events up to `newest`; that one is surely there, so that a page is never empty before it."""
    rows = connection.execute(
        "SELECT seq, time_ms, type, subject, device, principal, data FROM events WHERE seq > ? AND seq <= ? "
        "ORDER BY seq LIMIT ?",
        (after, newest, _PAGE),
    )
    return [StoredEvent(*row) for row in rows]
