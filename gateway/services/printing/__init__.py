"""Printing: documents, durable queues, and the service that offers them."""

from gateway.services.printing.service import PrinterService

__all__ = ["PrinterService"]
