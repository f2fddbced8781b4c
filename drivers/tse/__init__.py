"""TSE, the fiscal signing device of German tills: what makes share (log messages, QR code, processData), drivers."""
