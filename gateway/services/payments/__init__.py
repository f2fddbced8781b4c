"""Card payments: never charged twice by us, never guessed."""

from gateway.services.payments.service import PaymentService

__all__ = ["PaymentService"]
