"""The machine and the daemon."""

from kassenwart import v1
from kassenwart._rpc import Rpc


class System:
    """The machine and the daemon."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    async def info(self) -> v1.SystemInfo:
        """Versions, uptime, disks and what needs attention."""
        return await self._rpc.call(v1.GetSystemInfoRequest(), v1.SystemInfo)
