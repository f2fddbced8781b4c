"""Lasting resources as callers see them: read, list, watch, wait for the outcome."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol, TypeVar

from google.protobuf.message import Message

from gateway.api import not_found, page_size, parse_filter
from gateway.storage import Journal, Page, RecordKind, Records, StoredEvent

M = TypeVar("M", bound=Message)


class ListRequest(Protocol):
    """What all list requests have in common."""

    page_size: int
    page_token: str
    filter: str


class Outcomes:
    """Reads records and follows them through the journal; nobody polls."""

    def __init__(self, records: Records, journal: Journal) -> None:
        self._records = records
        self._journal = journal

    async def find(self, name: str) -> Message | None:
        """The resource as it is now."""
        return await self._records.find(name)

    async def get(self, kind: RecordKind[M], device: str, record: str) -> M:
        """One resource as it is now. Raises NOT_FOUND."""
        found = await self._records.get(kind, device, record)
        if found is None:
            raise not_found(kind.resource_name(device, record))
        return found

    async def page(
        self, kind: RecordKind[M], device: str, request: ListRequest, compared: tuple[str, ...] = ("state", "reference")
    ) -> Page[M]:
        """The page that a list request asks for, newest first; its filter may compare the fields `compared`."""
        return await self._records.page(
            kind,
            device,
            size=page_size(request.page_size),
            before=request.page_token,
            where=parse_filter(request.filter, compared, kind.message),
        )

    async def settled(self, name: str, timeout: float) -> Message:
        """The resource once it is final, or as it is after `timeout` seconds."""
        place = self._records.kind_of(name)
        assert place is not None
        latest: Message | None = None
        try:
            async with asyncio.timeout(timeout):
                async for message in self.watch(*place):
                    latest = message
        except TimeoutError:
            pass
        if latest is None:
            latest = await self._records.find(name)
        if latest is None:
            raise not_found(name)
        return latest

    async def watch(self, kind: RecordKind[M], device: str, record: str) -> AsyncIterator[M]:
        """The resource as it is, then each time it changes; ends when it is final. Raises NOT_FOUND."""
        name = kind.resource_name(device, record)

        def about_it(event: StoredEvent) -> bool:
            return event.subject == name

        with self._journal.subscribe(about_it) as subscription:
            current, seen = await self._records.snapshot(kind, device, record)
            if current is None:
                raise not_found(name)
            yield current
            while not kind.is_final(current):
                event = await subscription.next()
                if event.seq > seen:
                    assert isinstance(event.message, kind.message)
                    current = event.message
                    yield current
