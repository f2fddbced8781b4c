"""The TSE: transactions whose every step is on disk before it is signed."""

from gateway.services.tse.service import TseService

__all__ = ["TseService"]
