"""Asyncio client for Kassenwart: `async with Client("127.0.0.1:7381", token="...") as client: ...`."""

from typing import TYPE_CHECKING, Any

from kassenwart.errors import KassenwartError

if TYPE_CHECKING:
    from kassenwart._client import Client
else:

    def __getattr__(name: str) -> Any:
        """Load the client at its first use: who needs the messages alone pays for no gRPC."""
        if name != "Client":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from kassenwart._client import Client  # noqa: PLC0415

        return Client


__all__ = ["Client", "KassenwartError"]
