"""The example that `kassenwart config example` prints; a test loads it."""

EXAMPLE = """\
# Kassenwart configuration. Every line that is commented out shows the default.

# true allows the software TSE. Never in a real shop: its receipts are not valid.
# demonstration = false

[server]
# Listen on this machine only. Before listening on the network, read docs/operations.md.
# rest = "127.0.0.1:7380"
# grpc = "127.0.0.1:7381"
# Further names under which browsers reach this machine, such as "kasse.local".
# allowed_hosts = []
# Web pages that may call from a browser, exactly as the browser sends them.
# allowed_origins = ["https://till.example"]

[storage]
# directory = "/var/lib/kassenwart"
# New work is refused while less than this is free, so that running work can end.
# reserve_mib = 64
# keep_events_days = 30

[log]
# level = "info"        # debug, info, warning, error
# format = "auto"       # auto, text, json, journal

# One table for each device; its name is the device's id in the API.
[devices.receipt]
driver = "escpos"
address = "192.168.1.20:9100"
# columns = 48          # characters per line: 48 for 80 mm paper, 32 for 58 mm
# codepage = "CP858"

[devices.drawer]
driver = "printer-drawer"
printer = "receipt"     # the printer it is plugged into
# pin = 2               # 2 or 5

[devices.ec1]
driver = "zvt"
address = "192.168.1.30:20007"
# password = "000000"

[devices.fritz]
driver = "fritzbox"
address = "fritz.box:1012"
# area_code = "030"     # for local calls without one
enabled = false

# Only with demonstration = true; start it with: kassenwart simulate tse --dir DIR
# [devices.tse]
# driver = "software-tse"
# address = "/tmp/software-tse"
# client_id = "KASSE-1" # serial number of the till as registered and printed
"""
