"""Cash drawers."""

from collections.abc import AsyncGenerator

from kassenwart import v1
from kassenwart._names import ids
from kassenwart._rpc import Rpc


class Drawers:
    """Cash drawers. A drawer is pulsed at most once for a request id."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    async def open(
        self, drawer: str, *, reason: str, lease_number: int = 0, request_id: str | None = None
    ) -> v1.DrawerOpening:
        """Open a drawer now; who and why (`sale`, `change`) is kept. UNCERTAIN means: look at the drawer."""
        request = v1.OpenDrawerRequest(drawer=drawer, reason=reason, lease_number=lease_number, request_id=request_id)
        return await self._rpc.call(request, v1.DrawerOpening)

    async def get(self, drawer: str) -> v1.Drawer:
        """One drawer."""
        return await self._rpc.call(v1.GetDrawerRequest(drawer=drawer), v1.Drawer)

    async def get_opening(self, opening: v1.DrawerOpening | str) -> v1.DrawerOpening:
        """An opening as it is now."""
        drawer, number = ids(opening, "drawers", "openings")
        return await self._rpc.call(v1.GetDrawerOpeningRequest(drawer=drawer, opening=number), v1.DrawerOpening)

    def list_openings(
        self, drawer: str, *, where: str = "", page_size: int = 0
    ) -> AsyncGenerator[v1.DrawerOpening, None]:
        """The openings of a drawer, newest first: who, when and why; `where` such as `state = UNCERTAIN`."""
        request = v1.ListDrawerOpeningsRequest(drawer=drawer, page_size=page_size, filter=where)
        return self._rpc.pages(request, v1.ListDrawerOpeningsResponse, lambda page: page.openings)
