"""The software TSE, a process of its own: a development aid, NOT certified, never fit for real receipts.

`device` signs and stores, `simulator` serves it on a socket, `codec` is the wire, `driver` what the gateway uses.
"""

from drivers.tse.software.driver import SoftwareTse

__all__ = ["SoftwareTse"]
