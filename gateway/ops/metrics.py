"""The Prometheus metrics; names and labels are public. Labels hold device ids at most, never a job, card or number."""

import platform
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """All metrics of one daemon, in a registry of their own."""

    def __init__(self, version: str) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        build = Gauge("kassenwart_build_info", "Version of the daemon", ["version", "python"], registry=registry)
        build.labels(version, platform.python_version()).set(1)
        self.device_up = Gauge(
            "kassenwart_device_up", "1 when the device answers and is ready", ["device", "kind"], registry=registry
        )
        self.device_state = Gauge(
            "kassenwart_device_state", "1 for the state that the device is in", ["device", "state"], registry=registry
        )
        self.device_connects = Counter(
            "kassenwart_device_connects", "Attempts to connect", ["device", "result"], registry=registry
        )
        self.print_jobs = Counter(
            "kassenwart_print_jobs", "Finished print jobs", ["device", "result"], registry=registry
        )
        self.print_queue = Gauge(
            "kassenwart_print_queue_length", "Jobs waiting or printing", ["device"], registry=registry
        )
        self.print_duration = Histogram(
            "kassenwart_print_job_duration_seconds",
            "From taken to printed",
            ["device"],
            registry=registry,
            buckets=_FAST,
        )
        self.drawer_opens = Counter("kassenwart_drawer_opens", "Drawer pulses", ["device", "cause"], registry=registry)
        self.payments = Counter(
            "kassenwart_payments", "Finished payments", ["device", "kind", "result"], registry=registry
        )
        self.payment_duration = Histogram(
            "kassenwart_payment_duration_seconds", "From taken to verdict", ["device"], registry=registry, buckets=_FAST
        )
        self.payments_unresolved = Gauge(
            "kassenwart_payments_unresolved", "Payments whose outcome is not known", ["device"], registry=registry
        )
        self.tse_signatures = Counter(
            "kassenwart_tse_signatures", "Steps given to the TSE", ["device", "result"], registry=registry
        )
        self.tse_duration = Histogram(
            "kassenwart_tse_sign_duration_seconds",
            "Time of one signed step",
            ["device"],
            registry=registry,
            buckets=_FAST,
        )
        self.tse_remaining = Gauge(
            "kassenwart_tse_remaining_signatures", "Signatures left", ["device"], registry=registry
        )
        self.tse_expiry = Gauge(
            "kassenwart_tse_certificate_expiry_timestamp_seconds",
            "End of the certificate",
            ["device"],
            registry=registry,
        )
        self.calls = Counter("kassenwart_calls", "Telephone calls", ["device", "direction"], registry=registry)
        self.loop_lag = Gauge("kassenwart_event_loop_lag_seconds", "Latest lag of the event loop", registry=registry)
        self.commit_duration = Histogram(
            "kassenwart_sqlite_commit_duration_seconds", "Time of one group commit", registry=registry, buckets=_FAST
        )
        self.streams = Gauge("kassenwart_streams", "Open streams", registry=registry)
        self.rpc = Histogram(
            "kassenwart_rpc_duration_seconds",
            "Time of one call",
            ["service", "method", "code", "face"],
            registry=registry,
            buckets=_FAST,
        )
        registry.register(_Process())

    def text(self) -> bytes:
        """The exposition text."""
        return generate_latest(self.registry)

    def forget_device(self, device: str) -> None:
        """Drop the gauges of a device that was removed."""
        for gauge in (self.device_up, self.device_state, self.print_queue, self.payments_unresolved):
            gauge.remove_by_labels({"device": device})


class _Process(Collector):
    """Memory and CPU of this process, read when scraped."""

    def collect(self) -> Iterable[Metric]:
        import resource  # noqa: PLC0415 - only needed when scraped
        from pathlib import Path  # noqa: PLC0415

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        usage = resource.getrusage(resource.RUSAGE_SELF)
        memory = GaugeMetricFamily("kassenwart_process_resident_memory_bytes", "Resident memory")
        memory.add_metric([], pages * resource.getpagesize())
        cpu = GaugeMetricFamily("kassenwart_process_cpu_seconds", "CPU time used since the start")
        cpu.add_metric([], usage.ru_utime + usage.ru_stime)
        yield memory
        yield cpu
