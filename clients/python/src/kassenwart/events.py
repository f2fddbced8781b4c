"""Everything that happens, as one numbered stream."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing

from kassenwart import v1
from kassenwart._rpc import Rpc


class Events:
    """The journal of the daemon."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    async def stream(
        self, *, resume_after: str | None = None, types: Iterable[str] = (), devices: Iterable[str] = ()
    ) -> AsyncGenerator[v1.Event, None]:
        """Events from now on, or all behind the event `resume_after` (`0`: from the oldest kept).

        Without end: a broken connection is made again behind the last event seen, so that none is missed and none
        comes twice. Keep the `id` of the last event that you dealt with to go on after a restart. `types`: only
        those that begin with one of these; `devices`: only about these. `OutOfRange`: `resume_after` is not kept.
        """
        if resume_after is None:
            # "From now" must be a number before the first connection breaks, or its gap could not be told.
            info = await self._rpc.call(v1.GetSystemInfoRequest(), v1.SystemInfo)
            resume_after = str(info.storage.last_event)
        if not resume_after.isdecimal():
            raise ValueError("resume_after is the id of an event: a number")
        request = v1.StreamEventsRequest(resume_after=resume_after, types=types, devices=devices)
        last = int(resume_after)

        def fresh(event: v1.Event) -> bool:
            nonlocal last
            number = int(event.id)
            if number <= last:
                return False
            last = number
            request.resume_after = event.id
            return True

        async with aclosing(self._rpc.stream(request, v1.Event, fresh, forever=True)) as events:
            async for event in events:
                yield event
