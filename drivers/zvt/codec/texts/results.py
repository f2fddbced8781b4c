"""Result codes (BMP 27, 06 1E, 84 xx): what happened, and what the cashier does next. PA00P015, error messages.

Codes 01 to 63 are the answer codes of the network operator's host, numbered as in ISO 8583.
"""

from typing import NamedTuple

#: Abandoned by a key or for lack of a card: somebody's wish, no fault.
ABORTED = 0x6C

_HOST_CODES = range(0x01, 0x64)


class ResultText(NamedTuple):
    """What happened and what to do next, in English and German; `*_next` may be empty."""

    en: str
    de: str
    next_en: str = ""
    next_de: str = ""

    @property
    def message(self) -> str:
        """Both halves in English."""
        return f"{self.en} {self.next_en}".strip()

    @property
    def message_de(self) -> str:
        """Both halves in German."""
        return f"{self.de} {self.next_de}".strip()


_OTHER_CARD = ("Ask for another card or cash.", "Andere Karte oder bar zahlen lassen.")
_AGAIN = ("Try again.", "Bitte erneut versuchen.")
_WAIT = ("Wait a moment, then try again.", "Kurz warten, dann erneut versuchen.")
_END_OF_DAY = ("Run the end-of-day on the terminal, then try again.", "Kassenschnitt ausführen, dann erneut versuchen.")
_DIAGNOSIS = ("Run a diagnosis on the terminal, then try again.", "Diagnose ausführen, dann erneut versuchen.")
_NETWORK = (
    "Check the terminal's network connection, then try again.",
    "Netzverbindung des Terminals prüfen, dann erneut versuchen.",
)
_SERVICE = ("Call the terminal's service.", "Terminal-Service rufen.")
_PROVIDER = ("Call the payment provider.", "Netzbetreiber anrufen.")
_CHIP = ("Insert the card with its chip.", "Karte mit dem Chip einstecken.")
_RECEIPT = ("Check the receipt number.", "Belegnummer prüfen.")
_PAPER = ("Check the printer's paper and cover.", "Papier und Deckel des Druckers prüfen.")
_TECHNICIAN = ("Show this to a technician.", "Techniker informieren.")
_CASH = ("Ask for cash.", "Bar zahlen lassen.")

_TEXTS: dict[int, ResultText] = {
    0x00: ResultText("Done.", "Erfolgt."),
    # host, ISO 8583
    0x01: ResultText("The bank wants to be called.", "Die Bank bittet um Rückruf.", *_OTHER_CARD),
    0x02: ResultText("The bank wants to be called.", "Die Bank bittet um Rückruf.", *_OTHER_CARD),
    0x03: ResultText("The merchant is not known to the bank.", "Händler ist der Bank nicht bekannt.", *_PROVIDER),
    0x04: ResultText("The bank declined: card withdrawn.", "Abgelehnt: Karte eingezogen.", *_OTHER_CARD),
    0x05: ResultText("The bank declined the payment.", "Die Bank hat die Zahlung abgelehnt.", *_OTHER_CARD),
    0x0C: ResultText("The bank calls the payment invalid.", "Zahlung laut Bank ungültig.", *_OTHER_CARD),
    0x0D: ResultText("The amount is not allowed.", "Betrag nicht zulässig.", "Check the amount.", "Betrag prüfen."),
    0x0E: ResultText("The card number is invalid.", "Kartennummer ungültig.", *_OTHER_CARD),
    0x1E: ResultText("The bank did not understand the terminal.", "Formatfehler bei der Bank.", *_AGAIN),
    0x21: ResultText("The card has expired.", "Karte verfallen.", *_OTHER_CARD),
    0x22: ResultText("The bank suspects manipulation.", "Verdacht auf Manipulation.", *_OTHER_CARD),
    0x29: ResultText("The card is reported lost.", "Karte als verloren gemeldet.", *_OTHER_CARD),
    0x2B: ResultText("The card is reported stolen.", "Karte als gestohlen gemeldet.", *_OTHER_CARD),
    0x33: ResultText("The account or limit is exhausted.", "Konto nicht gedeckt oder Limit erschöpft.", *_OTHER_CARD),
    0x36: ResultText("The card has expired.", "Karte verfallen.", *_OTHER_CARD),
    0x37: ResultText("The PIN was wrong.", "Geheimzahl falsch.", *_AGAIN),
    0x38: ResultText("The card is not registered.", "Karte nicht registriert.", *_OTHER_CARD),
    0x39: ResultText("This payment is not allowed for the card.", "Zahlung für diese Karte unzulässig.", *_OTHER_CARD),
    0x3A: ResultText("The terminal is not known to the bank.", "Terminal ist nicht bekannt.", *_PROVIDER),
    0x3D: ResultText("The card's limit is exceeded.", "Verfügungsrahmen überschritten.", *_OTHER_CARD),
    0x3E: ResultText("The card is blocked.", "Karte gesperrt.", *_OTHER_CARD),
    0x41: ResultText("The bank wants the chip and PIN.", "Kontaktlos nicht möglich.", *_CHIP),
    0x4B: ResultText("The PIN was wrong too often.", "Geheimzahl zu oft falsch.", *_OTHER_CARD),
    0x5B: ResultText("The bank cannot be reached.", "Bank nicht erreichbar.", *_WAIT),
    0x5C: ResultText("The bank cannot be reached.", "Bank nicht erreichbar.", *_WAIT),
    0x60: ResultText("The bank's system has a fault.", "Störung bei der Bank.", *_WAIT),
    # card and reader
    0x64: ResultText("The card could not be read.", "Karte nicht lesbar.", *_AGAIN),
    0x65: ResultText("The card holds no data.", "Keine Kartendaten vorhanden.", *_OTHER_CARD),
    0x66: ResultText("The card reader could not process the card.", "Verarbeitungsfehler im Kartenleser.", *_AGAIN),
    0x67: ResultText("Not permitted for girocard and Maestro.", "Für ec-/Maestro-Karten unzulässig.", *_OTHER_CARD),
    0x68: ResultText("Not permitted for credit cards.", "Für Kredit- und Tankkarten unzulässig.", *_OTHER_CARD),
    0x6A: ResultText("The terminal's turnover file is full.", "Umsatzdatei voll.", *_END_OF_DAY),
    0x6B: ResultText(
        "The till is not registered at the terminal.",
        "Kasse ist am Terminal nicht angemeldet.",
        "Register it again and retry.",
        "Erneut anmelden und wiederholen.",
    ),
    0x6C: ResultText("The payment was abandoned.", "Zahlung abgebrochen."),
    0x6E: ResultText("The card is on the blocked list.", "Karte in Sperrdatei.", *_OTHER_CARD),
    0x6F: ResultText(
        "The terminal does not take this currency.", "Falsche Währung.", "Check the till's setup.", "Kasse prüfen."
    ),
    0x71: ResultText("The chip's credit is not sufficient.", "Guthaben auf dem Chip zu klein.", *_OTHER_CARD),
    0x72: ResultText("The card's chip has an error.", "Chipfehler.", *_OTHER_CARD),
    0x73: ResultText("The card's data are wrong.", "Kartendaten fehlerhaft.", *_OTHER_CARD),
    0x74: ResultText("The terminal's key store is exhausted.", "DUKPT-Schlüssel erschöpft.", *_SERVICE),
    0x75: ResultText("A text for the terminal was not authentic.", "Text nicht authentisch.", *_SERVICE),
    0x76: ResultText("The card is not on the list of allowed cards.", "Karte nicht freigegeben.", *_OTHER_CARD),
    0x77: ResultText("The end-of-day is not possible.", "Kassenschnitt nicht möglich.", *_PROVIDER),
    0x78: ResultText("The card has expired.", "Karte verfallen.", *_OTHER_CARD),
    0x79: ResultText("The card is not valid yet.", "Karte noch nicht gültig.", *_OTHER_CARD),
    0x7A: ResultText("The card is unknown.", "Karte unbekannt.", *_OTHER_CARD),
    0x7B: ResultText("The magnetic stripe is not allowed here.", "Magnetstreifen nicht möglich.", *_CHIP),
    0x7C: ResultText("The magnetic stripe is not allowed here.", "Magnetstreifen nicht möglich.", *_CHIP),
    0x7D: ResultText("The terminal could not communicate.", "Kommunikationsfehler im Terminal.", *_NETWORK),
    0x7E: ResultText("Only a direct debit is possible with this card.", "Nur Lastschrift möglich.", *_OTHER_CARD),
    # terminal
    0x83: ResultText(
        "The terminal cannot do this.",
        "Funktion nicht möglich.",
        "Check on the terminal whether it is ready.",
        "Am Terminal prüfen, ob es bereit ist.",
    ),
    0x85: ResultText("The terminal lacks a key.", "Schlüssel fehlt.", *_PROVIDER),
    0x89: ResultText("The PIN pad is defective.", "PIN-Pad defekt.", *_SERVICE),
    0x9A: ResultText("The terminal did not understand the till.", "Protokollfehler.", *_TECHNICIAN),
    0x9B: ResultText("The terminal could not reach the network.", "Verbindungsfehler.", *_NETWORK),
    0x9C: ResultText("The terminal is busy.", "Terminal beschäftigt.", *_WAIT),
    0xA0: ResultText("The network does not receive.", "Empfänger nicht bereit.", *_WAIT),
    0xA1: ResultText("The network does not answer.", "Gegenstelle antwortet nicht.", *_NETWORK),
    0xA3: ResultText("The terminal has no connection.", "Keine Verbindung.", *_NETWORK),
    0xA4: ResultText("GeldKarte submission is not possible.", "GeldKarte-Einreichung nicht möglich.", *_PROVIDER),
    0xA5: ResultText("The terminal's security rules forbid this.", "Durch PCI-DSS/P2PE untersagt.", *_TECHNICIAN),
    0xB1: ResultText("The terminal's memory is full.", "Speicher voll.", *_END_OF_DAY),
    0xB2: ResultText("The terminal's merchant journal is full.", "Händlerjournal voll.", *_END_OF_DAY),
    0xB4: ResultText("This payment is already reversed.", "Bereits storniert."),
    0xB5: ResultText("The payment cannot be reversed.", "Storno nicht möglich.", *_RECEIPT),
    0xB7: ResultText("The reservation is wrong or its amount too high.", "Reservierung fehlerhaft.", *_RECEIPT),
    0xB8: ResultText("The reservation failed.", "Fehler bei der Reservierung.", *_RECEIPT),
    0xBF: ResultText("The terminal's supply voltage is too low.", "Versorgungsspannung zu gering.", *_SERVICE),
    0xC0: ResultText("The card lock is defective.", "Kartenverriegelung defekt.", *_SERVICE),
    0xC1: ResultText("The merchant card is locked.", "Händlerkarte gesperrt.", *_PROVIDER),
    0xC2: ResultText("The terminal asks for a diagnosis.", "Diagnose erforderlich.", *_DIAGNOSIS),
    0xC3: ResultText("The amount is too high.", "Maximalbetrag überschritten.", *_OTHER_CARD),
    0xC4: ResultText("The card profiles are invalid.", "Kartenprofil ungültig.", *_PROVIDER),
    0xC5: ResultText("The terminal does not take this card.", "Zahlart nicht unterstützt.", *_OTHER_CARD),
    0xC6: ResultText("The currency cannot be used.", "Währung nicht anwendbar.", *_TECHNICIAN),
    0xC8: ResultText("The amount is too small for a card.", "Betrag zu klein.", *_CASH),
    0xC9: ResultText("The card's amount limit is too small.", "Maximalbetrag der Karte zu klein.", *_OTHER_CARD),
    0xCB: ResultText("This is possible in euro only.", "Nur in Euro möglich.", *_TECHNICIAN),
    0xCC: ResultText("The printer is not ready.", "Drucker nicht bereit.", *_PAPER),
    0xCD: ResultText("Cashback is not possible.", "Bargeldauszahlung nicht möglich."),
    0xD2: ResultText("Not permitted for this kind of card.", "Für diese Kartenart unzulässig.", *_OTHER_CARD),
    0xDC: ResultText("A card is in the terminal.", "Karte steckt.", "Take it out, then try again.", "Karte entnehmen."),
    0xDD: ResultText("The terminal cannot eject the card.", "Fehler beim Kartenauswurf.", *_SERVICE),
    0xDE: ResultText("The card could not be drawn in.", "Fehler beim Karteneinzug.", *_AGAIN),
    0xE0: ResultText("The terminal is being maintained remotely.", "Fernwartung aktiv.", *_WAIT),
    0xE2: ResultText("The card reader does not answer.", "Kartenleser antwortet nicht.", *_SERVICE),
    0xE3: ResultText("The shutter is closed.", "Shutter geschlossen.", *_SERVICE),
    0xE4: ResultText("The terminal must be activated.", "Terminal-Aktivierung nötig.", *_PROVIDER),
    0xE7: ResultText("A goods group is unknown.", "Warengruppe nicht gefunden.", *_TECHNICIAN),
    0xE8: ResultText("The terminal has no goods groups.", "Keine Warengruppentabelle.", *_TECHNICIAN),
    0xE9: ResultText("The card may not buy these goods.", "Restriktionscode unzulässig.", *_OTHER_CARD),
    0xEA: ResultText("The card's code is not allowed.", "Kartencode unzulässig.", *_OTHER_CARD),
    0xEB: ResultText("The PIN procedure is unknown.", "PIN-Algorithmus unbekannt.", *_SERVICE),
    0xEC: ResultText("The PIN cannot be processed.", "PIN-Verarbeitung nicht möglich.", *_OTHER_CARD),
    0xED: ResultText("The PIN pad is defective.", "PIN-Pad defekt.", *_SERVICE),
    0xF0: ResultText("The terminal wants its end-of-day first.", "Kassenschnitt offen.", *_END_OF_DAY),
    0xF1: ResultText("The offline payment failed.", "Offline-Fehler.", *_AGAIN),
    0xF5: ResultText("The terminal's personalisation failed.", "OPT-Fehler.", *_PROVIDER),
    0xF6: ResultText("The terminal lacks its personalisation.", "OPT-Daten fehlen.", *_PROVIDER),
    0xFA: ResultText("Offline payments could not be submitted.", "Fehler bei Offline-Einreichung.", *_PROVIDER),
    0xFB: ResultText("The terminal's turnover data are damaged.", "Umsatzdatensatz fehlerhaft.", *_SERVICE),
    0xFC: ResultText("A device at the terminal is missing.", "Gerät fehlt.", *_SERVICE),
    0xFD: ResultText("The terminal cannot use this baud rate.", "Baudrate nicht unterstützt.", *_TECHNICIAN),
    0xFE: ResultText("The terminal does not know this register.", "Register unbekannt.", *_TECHNICIAN),
    0xFF: ResultText("The terminal has a system error.", "Systemfehler.", *_SERVICE),
}


def result_text(code: int | None) -> ResultText:
    """The words for a result code; a generic text with the number for unlisted ones, None = no reason given."""
    if code is None:
        return ResultText("The terminal gave no reason.", "Kein Grund angegeben.", *_AGAIN)
    known = _TEXTS.get(code)
    if known:
        return known
    if code in _HOST_CODES:
        return ResultText(f"The bank declined (code {code}).", f"Von der Bank abgelehnt (Code {code}).", *_OTHER_CARD)
    return ResultText(f"The terminal reports error {code:02X}.", f"Terminal meldet Fehler {code:02X}.", *_TECHNICIAN)
