"""`kassenwart sale`: one demonstration sale through the client library, every step shown."""

import argparse
import asyncio
import sys
import uuid
from pathlib import Path

from gateway.cli._receipt import SALE, amounts, receipt, total
from kassenwart import Client, v1
from kassenwart.errors import KassenwartError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--address", default="127.0.0.1:7381", help="gRPC address of the daemon (%(default)s)")
    parser.add_argument("--token-file", type=Path, required=True, help="file with the token")
    parser.add_argument("--tse", default="tse", help="device ids (defaults are those of the demonstration shop)")
    parser.add_argument("--terminal", default="ec1")
    parser.add_argument("--printer", default="receipt")
    parser.add_argument("--drawer", default="drawer")
    parser.add_argument("--language", choices=("de", "en"), default="de", help="language of the receipt")
    parser.add_argument("--png", type=Path, default=Path("receipt.png"), help="where the picture goes (%(default)s)")
    parser.add_argument("--sale", default="", help="id of the sale; the same id again repeats nothing")


def run(options: argparse.Namespace) -> int:
    """Sell. Exit code 0 when paid and printed, 1 when not."""
    try:
        token = options.token_file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        print(f"kassenwart: {options.token_file}: {error}. Is the shop running (make run)?", file=sys.stderr)
        return 1
    try:
        return asyncio.run(_sell(options, token))
    except KassenwartError as error:
        print(f"kassenwart: {error}", file=sys.stderr)
        return 1


async def _sell(options: argparse.Namespace, token: str) -> int:
    sale = options.sale or uuid.uuid4().hex[:12]
    number = f"R-{sale[:8]}"
    async with Client(options.address, token=token) as client:
        _step(1, f"The TSE opens a transaction for sale {sale}")
        opened = await client.tse.start(options.tse, reference=number, request_id=f"{sale}-start")
        _tell(opened.failure or f"transaction {opened.number}, signature counter {opened.signature_counter}")

        _step(2, f"The customer pays {total(SALE) / 100:.2f} EUR by card")
        payment = await _pay(client, options, sale, number)
        if payment.state != v1.Payment.APPROVED:
            if opened.state == v1.Transaction.OPEN:
                await client.tse.cancel(opened)
                _tell("The TSE has closed the transaction as aborted.")
            return 1
        _tell(f"{payment.card.name} {payment.card.masked_number}, receipt {payment.receipt_number}")

        _step(3, "The TSE signs the receipt")
        signed = opened
        if opened.state in {v1.Transaction.OPEN, v1.Transaction.FINISHED}:
            signed = await client.tse.finish(opened, amounts(SALE), request_id=f"{sale}-finish")
        _tell(_signature(signed))

        _step(4, "The receipt is printed")
        slip = receipt(number, SALE, payment, signed, options.language)
        print((await client.printers.render(slip, "TEXT")).decode())
        options.png.write_bytes(await client.printers.render(slip, "PNG"))
        _tell(f"picture: {options.png}")
        job = await client.printers.print(options.printer, slip, reference=number, request_id=f"{sale}-print", wait=60)
        evidence = v1.PrintJob.Evidence.Name(job.evidence)
        _tell(f"{job.name}: {v1.PrintJob.State.Name(job.state)} (proof: {evidence}) {job.hold_reason or job.failure}")

        _step(5, "The drawer opens")
        opening = await client.drawers.open(options.drawer, reason=f"sale {number}", request_id=f"{sale}-drawer")
        _tell(f"{v1.DrawerOpening.State.Name(opening.state)} {opening.failure}")
    return 0 if job.state == v1.PrintJob.PRINTED else 1


async def _pay(client: Client, options: argparse.Namespace, sale: str, number: str) -> v1.Payment:
    payment = await client.payments.pay(options.terminal, total(SALE), reference=number, request_id=f"{sale}-pay")
    said = ""
    async for latest in client.payments.watch(payment):
        payment = latest
        if payment.message and payment.message != said:
            said = payment.message
            _tell(said)
    if payment.state == v1.Payment.UNKNOWN:
        _tell("The outcome is not known; the terminal is asked.")
        payment = await client.payments.resolve(payment)
        _tell(payment.message)
    _tell(v1.Payment.State.Name(payment.state))
    return payment


def _signature(signed: v1.Transaction) -> str:
    if signed.state != v1.Transaction.FINISHED:
        return signed.failure or "not signed"
    from drivers.tse import qr

    return f"signature counter {signed.signature_counter}; QR code: {qr.verify(signed.qr_code_data).message}"


def _step(number: int, what: str) -> None:
    print(f"\n{number}. {what}", flush=True)


def _tell(what: str) -> None:
    if what.strip():
        print(f"   {what.strip()}", flush=True)
