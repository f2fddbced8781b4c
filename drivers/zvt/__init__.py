"""Card terminals that speak ZVT 700 (PA00P015 rev. 13.08, PA00P016 rev. 04)."""

from drivers.zvt._timers import Timers
from drivers.zvt.driver import ZvtTerminal

__all__ = ["Timers", "ZvtTerminal"]
