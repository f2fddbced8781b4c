"""The metrics: exact names, sound text, labels of low cardinality."""

import re
import shutil
import subprocess

from tests.support import Shop

#: Names and labels are public: dashboards and alarms are built on them.
NAMES = {
    "kassenwart_build_info": {"version", "python"},
    "kassenwart_device_up": {"device", "kind"},
    "kassenwart_device_state": {"device", "state"},
    "kassenwart_device_connects_total": {"device", "result"},
    "kassenwart_print_jobs_total": {"device", "result"},
    "kassenwart_print_queue_length": {"device"},
    "kassenwart_print_job_duration_seconds_count": {"device"},
    "kassenwart_drawer_opens_total": {"device", "cause"},
    "kassenwart_payments_total": {"device", "kind", "result"},
    "kassenwart_payment_duration_seconds_count": {"device"},
    "kassenwart_payments_unresolved": {"device"},
    "kassenwart_tse_signatures_total": {"device", "result"},
    "kassenwart_tse_sign_duration_seconds_count": {"device"},
    "kassenwart_tse_remaining_signatures": {"device"},
    "kassenwart_tse_certificate_expiry_timestamp_seconds": {"device"},
    "kassenwart_calls_total": {"device", "direction"},
    "kassenwart_event_loop_lag_seconds": set(),
    "kassenwart_sqlite_commit_duration_seconds_count": set(),
    "kassenwart_rpc_duration_seconds_count": {"service", "method", "code", "face"},
}


def samples(text):
    """Name and labels to value of every sample."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, labels, value = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line).groups()
            pairs = dict(re.findall(r'(\w+)="([^"]*)"', labels or ""))
            found[name, frozenset(pairs.items())] = float(value)
    return found


async def test_a_sale_is_counted(tmp_path):
    async with Shop(tmp_path) as shop:
        await shop.ready()
        await shop.ok("POST", "/v1/terminals/ec1/payments", {"amountMinor": 1, "reference": "ref-17", "wait": "9s"})
        document = {"blocks": [{"text": {"text": "x"}}, {"cut": {}}]}
        await shop.ok("POST", "/v1/printers/receipt/jobs", {"document": document, "wait": "9s"})
        await shop.ok("POST", "/v1/drawers/drawer:open", {})
        await shop.ok("POST", "/v1/tse/tse/transactions", {})
        connection = await shop.devices.fritz.ring("03023125001")
        await shop.devices.fritz.disconnect(connection)
        while not (await shop.ok("GET", "/v1/calls"))["calls"]:
            pass
        status, body, headers = await shop.call("GET", "/metrics", role="metrics")
        assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
        text = body.decode()
        found = samples(text)
        labels = {}
        for name, pairs in found:
            labels.setdefault(name, set()).update(key for key, _ in pairs)
        for name, expected in NAMES.items():
            assert labels.get(name) == expected, name
        for name, pairs, value in (
            ("device_up", {"device": "ec1", "kind": "terminal"}, 1),
            ("device_state", {"device": "ec1", "state": "ready"}, 1),
            ("device_state", {"device": "ec1", "state": "offline"}, 0),
            ("payments_total", {"device": "ec1", "kind": "sale", "result": "approved"}, 1),
            ("payments_unresolved", {"device": "ec1"}, 0),
            ("print_jobs_total", {"device": "receipt", "result": "printed"}, 1),
            ("print_queue_length", {"device": "receipt"}, 0),
            ("drawer_opens_total", {"device": "drawer", "cause": "request"}, 1),
            ("tse_signatures_total", {"device": "tse", "result": "ok"}, 1),
            ("calls_total", {"device": "fritz", "direction": "incoming"}, 1),
        ):
            assert found[f"kassenwart_{name}", frozenset(pairs.items())] == value, (name, pairs)
        assert found["kassenwart_device_connects_total", frozenset({("device", "ec1"), ("result", "ok")})] >= 1
        for secret in ("ref-17", "23125001", "terminals/ec1/payments/"):
            assert secret not in text
        if promtool := shutil.which("promtool"):
            checked = subprocess.run([promtool, "check", "metrics"], input=body, capture_output=True, check=False)
            assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
