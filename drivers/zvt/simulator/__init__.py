"""A card terminal that exists only as software: speaks ZVT over TCP and journals what it truly did.

    simulator = ZvtSimulator(journal, faults=parse_faults(["decline=33"]), state=Path("terminal.json"))
    port = await simulator.start("127.0.0.1", 20007)

Faults apply to everything; `MAGIC_AMOUNTS` play one for a single payment, without restarting.
"""

from drivers.zvt.simulator._faults import FAULTS, MAGIC_AMOUNTS, Faults, parse_faults
from drivers.zvt.simulator._server import ZvtSimulator

__all__ = ["FAULTS", "MAGIC_AMOUNTS", "Faults", "ZvtSimulator", "parse_faults"]
