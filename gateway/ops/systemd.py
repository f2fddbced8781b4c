"""sd_notify: readiness, status and watchdog for systemd (sd_notify(3)); does nothing elsewhere."""

import contextlib
import os
import socket


class Notifier:
    """Sends to the socket that systemd names in NOTIFY_SOCKET."""

    def __init__(self) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "")

    @property
    def present(self) -> bool:
        """True when a service manager listens."""
        return bool(self._address)

    @property
    def watchdog_interval(self) -> float | None:
        """Seconds between two signs of life (half of the limit), None when no watchdog is set."""
        limit = os.environ.get("WATCHDOG_USEC", "")
        process = os.environ.get("WATCHDOG_PID", "")
        if not limit.isdigit() or (process and process != str(os.getpid())):
            return None
        return int(limit) / 2e6

    def send(self, **fields: str | int) -> None:
        """Send fields such as READY=1 or STATUS=text."""
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        text = "\n".join(f"{name}={value}" for name, value in fields.items())
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock,
        ):
            sock.sendto(text.encode(), address)
