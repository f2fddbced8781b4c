"""The system service: what a technician asks first."""

import platform
import shutil
import socket
import sqlite3
import time
from dataclasses import dataclass

from gateway.api import Call
from gateway.config import Config
from gateway.devices import DeviceRegistry
from gateway.storage import SCHEMA_VERSION, Database, Journal
from kassenwart.v1 import Device, GetSystemInfoRequest, SystemInfo


@dataclass(frozen=True, slots=True)
class Installation:
    """What is known of this run. `started` in Unix seconds."""

    version: str
    instance: str
    started: float
    last_shutdown_clean: bool


class SystemService:
    """Implements SystemService of the contract."""

    def __init__(
        self,
        config: Config,
        database: Database,
        journal: Journal,
        registry: DeviceRegistry,
        installation: Installation,
    ) -> None:
        self._config = config
        self._database = database
        self._journal = journal
        self._registry = registry
        self._installation = installation

    async def get_system_info(self, _call: Call, _request: GetSystemInfoRequest) -> SystemInfo:
        """The machine and the daemon, now."""
        installation = self._installation
        usage = shutil.disk_usage(self._config.storage.directory)
        info = SystemInfo(
            name="system",
            version=installation.version,
            python_version=platform.python_version(),
            os=_os_name(),
            hostname=socket.gethostname(),
            demonstration=self._config.demonstration,
            instance=installation.instance,
            last_shutdown_clean=installation.last_shutdown_clean,
            storage=SystemInfo.Storage(
                schema_version=SCHEMA_VERSION,
                database_bytes=await self._database.read(_size),
                free_bytes=usage.free,
                total_bytes=usage.total,
                last_event=self._journal.last_seq,
            ),
            warnings=self._warnings(usage.free),
        )
        info.start_time.FromMilliseconds(int(installation.started * 1000))
        info.current_time.GetCurrentTime()
        info.uptime.FromMilliseconds(int((time.time() - installation.started) * 1000))
        return info

    def _warnings(self, free: int) -> list[str]:
        found = []
        if self._config.demonstration:
            found.append("Demonstration mode: the TSE is a simulator, receipts are not valid.")
        if free < self._config.storage.reserve_mib << 20:
            found.append(f"Only {free >> 20} MiB of disk are free: new work is refused. Make room.")
        if not self._installation.last_shutdown_clean:
            found.append("The last run did not end by a clean shutdown. What it left was checked at the start.")
        for device in self._registry.ids():
            message = self._registry.message(device)
            if message.state in {Device.OFFLINE, Device.DEGRADED}:
                found.append(f"{device}: {message.reason}")
        return found


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform()


def _size(connection: sqlite3.Connection) -> int:
    pages, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages) * int(size)
