"""The ZVT codec: bytes to typed messages and back. No I/O, no clock, no asyncio.

Layers, bottom up: `bcd`, `text`, `tlv`, `bmp` (fields), `apdu`, `frame` (serial only), `messages`, `receipts`, and
`texts` for what the codes mean.
"""

from drivers.zvt.codec.apdu import Apdu, ApduReader
from drivers.zvt.codec.messages import Message, decode_message

__all__ = ["Apdu", "ApduReader", "Message", "decode_message"]
