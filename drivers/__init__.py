"""Device drivers: wire protocols, each with a codec (no I/O), a driver and a simulator. They know no gateway."""
