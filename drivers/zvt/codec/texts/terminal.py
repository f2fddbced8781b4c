"""What a terminal says of itself when asked (status enquiry): PA00P015, terminal status codes.

Each entry: can it take payments, what is the matter, what to do.
"""

_CONDITIONS: dict[int, tuple[bool, str]] = {
    0x00: (True, ""),
    0x51: (False, "The terminal must be initialised. Start the initialisation in its menu."),
    0x62: (False, "The terminal's date or time is wrong. Run a diagnosis, it sets the clock."),
    0x9C: (False, "The terminal is busy. Wait a moment."),
    0x9D: (False, "The terminal waits for a partial issue of goods to be settled."),
    0xB1: (False, "The terminal's memory is full. Run the end-of-day."),
    0xB2: (False, "The terminal's merchant journal is full. Run the end-of-day."),
    0xBF: (False, "The terminal's supply voltage is too low. Check its power supply or battery."),
    0xC0: (False, "The terminal's card lock is defective. Call the terminal's service."),
    0xC1: (False, "The merchant card is locked. Call the payment provider."),
    0xC2: (False, "The terminal asks for a diagnosis. Start it in its menu."),
    0xC4: (False, "The terminal's card profiles are missing or invalid. It needs a software update."),
    0xCC: (False, "The terminal's printer is not ready. Check its paper and cover."),
    0xDC: (True, "A card is in the terminal."),
    0xDF: (False, "The terminal is out of order. Call the terminal's service."),
    0xE0: (False, "The terminal is being maintained remotely. Wait until it is done."),
    0xE1: (False, "A card was not fully taken out of the terminal. Take it out."),
    0xE2: (False, "The terminal's card reader is defective. Call the terminal's service."),
    0xE3: (False, "The terminal's shutter is closed. Open it."),
    0xE4: (False, "The terminal must be activated. Call the payment provider."),
    0xF0: (False, "The terminal wants its end-of-day first. Run it."),
    0xF6: (False, "The terminal lacks its personalisation (OPT). Call the payment provider."),
}


def terminal_condition(status: int) -> tuple[bool, str]:
    """Whether the terminal can take payments, and what it says in plain words; an unknown status is no obstacle."""
    return _CONDITIONS.get(status, (True, f"The terminal reports the unknown status {status:02X}."))
