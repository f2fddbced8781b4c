"""A shop for tests: real simulators on real sockets, and the daemon in this process or in one of its own."""

from tests.support.daemon import Daemon
from tests.support.devices import Devices
from tests.support.shop import Shop

__all__ = ["Daemon", "Devices", "Shop"]
