"""Who calls the shop."""

from collections.abc import AsyncGenerator

from kassenwart import v1
from kassenwart._names import ids
from kassenwart._rpc import Rpc


class Calls:
    """Telephone calls."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    async def get(self, call: v1.Call | str) -> v1.Call:
        """The call as it is now."""
        (number,) = ids(call, "calls")
        return await self._rpc.call(v1.GetCallRequest(call=number), v1.Call)

    def list(self, *, where: str = "", page_size: int = 0) -> AsyncGenerator[v1.Call, None]:
        """The latest calls, newest first; `where` such as `state = MISSED`."""
        request = v1.ListCallsRequest(page_size=page_size, filter=where)
        return self._rpc.pages(request, v1.ListCallsResponse, lambda page: page.calls)

    def watch(self, *, device: str = "") -> AsyncGenerator[v1.Call, None]:
        """Calls as they change, without end; it connects again by itself.

        What changes while there is no connection is not told afterwards: `list` has it, and `client.events`.
        """
        return self._rpc.stream(v1.WatchCallsRequest(device=device), v1.Call, lambda _call: True, forever=True)
