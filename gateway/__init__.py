"""The Kassenwart daemon."""

__version__ = "0.1.0"
