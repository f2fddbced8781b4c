"""Byte transports that drivers stand on: TCP, and an in-memory pipe with fault hooks for tests."""

from drivers.transport._stream import ByteStream
from drivers.transport.pipe import Pipe, pipe
from drivers.transport.tcp import connect_tcp, tune_socket

__all__ = ["ByteStream", "Pipe", "connect_tcp", "pipe", "tune_socket"]
