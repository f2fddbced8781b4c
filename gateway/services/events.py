"""The event service: the journal as CloudEvents 1.0."""

from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import Final

from gateway.api import ApiError, Call, Code, invalid
from gateway.storage import EventsGoneError, Journal, StoredEvent
from kassenwart.v1 import Event, StreamEventsRequest

_SHARED: Final = 512  # events that all subscribers share, so that each is made (and rendered) once


class EventService:
    """Implements EventService of the contract."""

    def __init__(self, journal: Journal, instance: str) -> None:
        self._journal = journal
        self._source = f"/kassenwart/{instance}"
        self._made: OrderedDict[int, Event] = OrderedDict()

    async def stream_events(self, _call: Call, request: StreamEventsRequest) -> AsyncIterator[Event]:
        """Events from the wished place on, for ever."""
        after: int | None = None
        if request.resume_after:
            if (
                not request.resume_after.isascii()
                or not request.resume_after.isdigit()
                or len(request.resume_after) > 18
            ):
                raise invalid("/resumeAfter", "must be the id of an event, or 0 for the oldest kept")
            after = int(request.resume_after)
        types, devices = tuple(request.types), frozenset(request.devices)

        def wanted(event: StoredEvent) -> bool:
            return (not types or event.type.startswith(types)) and (not devices or event.device in devices)

        try:
            async for event in self._journal.stream(after, wanted):
                yield self._event(event)
        except EventsGoneError as error:
            raise ApiError(
                Code.OUT_OF_RANGE,
                f"The events from {error.oldest} to {error.newest} are kept, and you asked for others. "
                f"Read the resources anew, then resume behind {error.newest}.",
                reason="EVENTS_GONE",
                metadata={"oldest": str(error.oldest), "newest": str(error.newest)},
            ) from error

    def _event(self, stored: StoredEvent) -> Event:
        made = self._made.get(stored.seq) if stored.message is not None else None
        if made is not None:
            return made
        event = Event(
            specversion="1.0",
            id=str(stored.seq),
            source=self._source,
            type=stored.type,
            subject=stored.subject,
            datacontenttype="application/json",
            data=stored.any,
            device=stored.device,
            principal=stored.principal,
        )
        event.time.FromMilliseconds(stored.time_ms)
        if stored.message is not None:  # a live one; those read from disk are rarely shared and may hold less
            self._made[stored.seq] = event
            if len(self._made) > _SHARED:
                self._made.popitem(last=False)
        return event
