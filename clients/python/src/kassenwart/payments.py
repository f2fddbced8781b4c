"""Card payments."""

from collections.abc import AsyncGenerator

from kassenwart import v1
from kassenwart._names import ids
from kassenwart._rpc import Rpc
from kassenwart._time import duration

# A terminal that is asked what happened may first have to finish what it is doing.
_RESOLVE_SECONDS = 30.0


class Payments:
    """Card payments. A payment stands for itself: pass the `Payment`, or its `name`."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    async def pay(
        self,
        terminal: str,
        amount_minor: int,
        currency_code: str = "EUR",
        *,
        reference: str = "",
        lease_number: int = 0,
        request_id: str | None = None,
        wait: float | None = None,
    ) -> v1.Payment:
        """Start a payment of `amount_minor` cents.

        Answers once it is safely on disk; with `wait` once the verdict is known or after so many seconds (at most
        600). Read `state`: APPROVED alone means paid; UNKNOWN means that the card may have been charged: `resolve`
        it before you charge again. `request_id` makes a repeat harmless: use the number of your sale.
        """
        request = v1.CreatePaymentRequest(
            terminal=terminal,
            amount_minor=amount_minor,
            currency_code=currency_code,
            kind=v1.Payment.SALE,
            reference=reference,
            lease_number=lease_number,
            request_id=request_id,
            wait=duration(wait),
        )
        return await self._rpc.call(request, v1.Payment, wait=wait)

    async def get(self, payment: v1.Payment | str) -> v1.Payment:
        """The payment as it is now."""
        terminal, number = _ids(payment)
        return await self._rpc.call(v1.GetPaymentRequest(terminal=terminal, payment=number), v1.Payment)

    def list(self, terminal: str, *, where: str = "", page_size: int = 0) -> AsyncGenerator[v1.Payment, None]:
        """The payments of a terminal, newest first; `where` such as `state = UNKNOWN`."""
        request = v1.ListPaymentsRequest(terminal=terminal, page_size=page_size, filter=where)
        return self._rpc.pages(request, v1.ListPaymentsResponse, lambda page: page.payments)

    def watch(self, payment: v1.Payment | str) -> AsyncGenerator[v1.Payment, None]:
        """The payment now and each time it changes, with the messages for the cashier, until the verdict."""
        terminal, number = _ids(payment)
        return self._rpc.watch(v1.WatchPaymentRequest(terminal=terminal, payment=number), v1.Payment)

    async def cancel(self, payment: v1.Payment | str) -> v1.Payment:
        """Ask the terminal to abort a running payment. The terminal decides: watch for the verdict."""
        terminal, number = _ids(payment)
        return await self._rpc.call(v1.CancelPaymentRequest(terminal=terminal, payment=number), v1.Payment)

    async def resolve(self, payment: v1.Payment | str) -> v1.Payment:
        """Ask the terminal what became of an UNKNOWN payment. Moves no money."""
        terminal, number = _ids(payment)
        request = v1.ResolvePaymentRequest(terminal=terminal, payment=number)
        return await self._rpc.call(request, v1.Payment, wait=_RESOLVE_SECONDS)


def _ids(payment: v1.Payment | str) -> tuple[str, str]:
    terminal, number = ids(payment, "terminals", "payments")
    return terminal, number
