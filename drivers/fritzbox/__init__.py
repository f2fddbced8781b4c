"""Caller ID from a FRITZ!Box: its call monitor on TCP port 1012, and what makes a telephone number of what it says."""

from drivers.fritzbox.driver import FritzBox

__all__ = ["FritzBox"]
