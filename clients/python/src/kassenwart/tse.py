"""The fiscal signing device (TSE) and its transactions."""

from collections.abc import AsyncGenerator

from kassenwart import v1
from kassenwart._names import ids
from kassenwart._rpc import Rpc


class SigningDevices:
    """TSEs. A transaction stands for itself: pass the `Transaction`, or its `name`."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    async def get(self, tse: str) -> v1.Tse:
        """The state of a TSE: serial number, certificate, counters, clock, open transactions."""
        return await self._rpc.call(v1.GetTseRequest(tse=tse), v1.Tse)

    async def start(
        self, tse: str, *, client_id: str = "", reference: str = "", request_id: str | None = None
    ) -> v1.Transaction:
        """Open a transaction. `client_id`: serial number of the till, empty takes the configured one."""
        request = v1.StartTransactionRequest(tse=tse, client_id=client_id, reference=reference, request_id=request_id)
        return await self._rpc.call(request, v1.Transaction)

    async def update(self, transaction: v1.Transaction | str, process_type: str, process_data: bytes) -> v1.Transaction:
        """Add to an open transaction (orders only), at most 64 KiB."""
        tse, number = _ids(transaction)
        request = v1.UpdateTransactionRequest(
            tse=tse, transaction=number, process_type=process_type, process_data=process_data
        )
        return await self._rpc.call(request, v1.Transaction)

    async def finish(
        self,
        transaction: v1.Transaction | str,
        receipt: v1.ReceiptAmounts | None = None,
        *,
        process_type: str = "",
        process_data: bytes = b"",
        request_id: str | None = None,
    ) -> v1.Transaction:
        """Close a transaction with its receipt's totals (minor units), or with data of your own.

        The answer carries `signature`, the counters and `qr_code_data`. FAILED or UNKNOWN: sell on, with the outage
        text on the receipt.
        """
        tse, number = _ids(transaction)
        request = v1.FinishTransactionRequest(
            tse=tse,
            transaction=number,
            receipt=receipt,
            process_type=process_type,
            process_data=process_data,
            request_id=request_id,
        )
        return await self._rpc.call(request, v1.Transaction)

    async def cancel(self, transaction: v1.Transaction | str) -> v1.Transaction:
        """Close a transaction as aborted (AVBelegabbruch)."""
        tse, number = _ids(transaction)
        return await self._rpc.call(v1.CancelTransactionRequest(tse=tse, transaction=number), v1.Transaction)

    async def get_transaction(self, transaction: v1.Transaction | str) -> v1.Transaction:
        """The transaction as it is now."""
        tse, number = _ids(transaction)
        return await self._rpc.call(v1.GetTransactionRequest(tse=tse, transaction=number), v1.Transaction)

    def list(self, tse: str, *, where: str = "", page_size: int = 0) -> AsyncGenerator[v1.Transaction, None]:
        """The transactions of a TSE, newest first; `where` such as `state = OPEN`."""
        request = v1.ListTransactionsRequest(tse=tse, page_size=page_size, filter=where)
        return self._rpc.pages(request, v1.ListTransactionsResponse, lambda page: page.transactions)


def _ids(transaction: v1.Transaction | str) -> tuple[str, str]:
    tse, number = ids(transaction, "tse", "transactions")
    return tse, number
