"""TSE, the fiscal signing device of German tills: log messages, QR code, processData, and the drivers."""
