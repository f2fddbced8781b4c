"""Byte transports that drivers stand on: TCP so far."""

from drivers.transport._stream import ByteStream
from drivers.transport.tcp import connect_tcp, tune_socket

__all__ = ["ByteStream", "connect_tcp", "tune_socket"]
