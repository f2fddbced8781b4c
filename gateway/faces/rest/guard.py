"""What browsers must not be tricked into: foreign Host names (DNS rebinding) and foreign origins."""

import ipaddress
import socket
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from gateway.api import ApiError, Code
from gateway.config import ServerConfig

_METHODS: Final = "GET, POST, PATCH, DELETE"
_ALLOW_HEADERS: Final = "authorization, content-type, idempotency-key, last-event-id, grpc-timeout, traceparent"
_EXPOSE: Final = "etag, retry-after, location, x-request-id, idempotency-replayed"


class Guard:
    """Checks Host and Origin, and writes the CORS headers."""

    def __init__(self, config: ServerConfig) -> None:
        name = socket.gethostname().lower()
        self._hosts = {"localhost", name, f"{name.split('.')[0]}.local", config.rest.host, *config.allowed_hosts}
        self._origins = frozenset(config.allowed_origins)

    def check(self, headers: Mapping[str, str]) -> None:
        """Raises when the request was made under a foreign name or by a foreign page."""
        host = headers.get("Host", "")
        name = _host_name(host)
        if name not in self._hosts and not _is_address(name):
            raise ApiError(
                Code.PERMISSION_DENIED,
                f"This machine is not known as {name[:100]!r}. Add it to allowed_hosts in the configuration.",
                reason="HOST_UNKNOWN",
            )
        origin = headers.get("Origin")
        if origin is not None and not self._allowed(origin, host):
            raise ApiError(
                Code.PERMISSION_DENIED,
                f"Pages of {origin[:100]} may not call this machine. Add it to allowed_origins in the configuration.",
                reason="ORIGIN_NOT_ALLOWED",
            )

    def cors(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers that let an allowed page read the answer."""
        origin = headers.get("Origin")
        if origin is None or not self._allowed(origin, headers.get("Host", "")):
            return {"Vary": "Origin"}
        return {"Vary": "Origin", "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": _EXPOSE}

    def preflight(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers that answer a preflight of an allowed page."""
        answer = self.cors(headers) | {
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": _ALLOW_HEADERS,
            "Access-Control-Max-Age": "600",
        }
        if headers.get("Access-Control-Request-Private-Network") == "true":
            answer["Access-Control-Allow-Private-Network"] = "true"
        return answer

    def _allowed(self, origin: str, host: str) -> bool:
        return origin.lower() in self._origins or origin.lower() in {
            f"http://{host.lower()}",
            f"https://{host.lower()}",  # behind a TLS proxy
        }


def _host_name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    """An address literal cannot be re-bound to another machine by DNS."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
