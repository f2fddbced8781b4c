"""Intermediate statuses (04 FF), for the cashier's screen: PA00P015, intermediate statuses."""

from typing import NamedTuple


class Text(NamedTuple):
    """The same words in English and German."""

    en: str
    de: str


_WAIT = Text("Please wait.", "Bitte warten.")

#: Added to the codes 01 to 1D, 26 and 27: the same text, and please take the card.
REMOVE_CARD = 0x40

_TEXTS: dict[int, Text] = {
    0x00: Text("Waiting for the amount to be confirmed.", "Bestätigung des Betrags abwarten."),
    0x01: Text("Please look at the PIN pad.", "Bitte PIN-Pad beachten."),
    0x02: Text("Please look at the PIN pad.", "Bitte PIN-Pad beachten."),
    0x03: Text("Not accepted.", "Nicht akzeptiert."),
    0x04: Text("Waiting for the bank's answer.", "Antwort der Autorisierungsstelle abwarten."),
    0x05: Text("The terminal is sending an automatic reversal.", "Terminal sendet Autostorno."),
    0x06: Text("The terminal is sending earlier bookings.", "Terminal sendet Nachbuchungen."),
    0x07: Text("This card is not admitted.", "Karte nicht zugelassen."),
    0x08: Text("This card is unknown.", "Karte unbekannt."),
    0x09: Text("This card has expired.", "Karte verfallen."),
    0x0A: Text("Please present the card.", "Bitte Karte vorhalten oder einstecken."),
    0x0B: Text("Please remove the card.", "Bitte Karte entnehmen."),
    0x0C: Text("The card cannot be read.", "Karte nicht lesbar."),
    0x0D: Text("The payment was abandoned.", "Vorgang abgebrochen."),
    0x0E: Text("Being processed, please wait.", "Vorgang wird bearbeitet, bitte warten."),
    0x0F: Text("The terminal starts its end-of-day.", "Automatischer Kassenabschluss beginnt."),
    0x10: Text("This card is invalid.", "Karte ungültig."),
    0x11: Text("The balance is being shown.", "Guthabenanzeige."),
    0x12: Text("The terminal has a fault.", "Systemstörung."),
    0x13: Text("Payment is not possible.", "Zahlung nicht möglich."),
    0x14: Text("The credit is not sufficient.", "Guthaben nicht ausreichend."),
    0x15: Text("The PIN was wrong.", "Geheimzahl falsch."),
    0x16: Text("The limit is not sufficient.", "Limit nicht ausreichend."),
    0x17: _WAIT,
    0x18: Text("The PIN was wrong too often.", "Geheimzahl zu oft falsch."),
    0x19: Text("The card's data are wrong.", "Kartendaten falsch."),
    0x1A: Text("The terminal is in its service mode.", "Servicemodus."),
    0x1B: Text("Approved, please fill up.", "Autorisierung erfolgt, bitte tanken."),
    0x1C: Text("Approved, please take the goods.", "Zahlung erfolgt, bitte Ware entnehmen."),
    0x1D: Text("Declined.", "Autorisierung nicht möglich."),
    0x26: Text("Waiting for the mobile number.", "Eingabe der Mobilfunknummer abwarten."),
    0x27: Text("Waiting for the mobile number again.", "Wiederholung der Mobilfunknummer abwarten."),
    0x28: Text("The customer chooses the currency.", "Währungsauswahl, bitte warten."),
    0x29: Text("The customer chooses the language.", "Sprachauswahl, bitte warten."),
    0x2A: Text("Please insert the card to load.", "Zum Laden Karte einstecken."),
    0x2B: Text("Offline emergency payment, please wait.", "Offline-Notbetrieb, bitte warten."),
    0x2C: Text("The customer chooses between debit and credit.", "Auswahl Debit oder Kredit, bitte warten."),
    0x5E: Text("The card was read. It may be taken away.", "Karte gelesen. Sie kann entfernt werden."),
    0x68: Text("The card was recognised.", "Karte erkannt."),
    0x69: Text("The customer chooses the currency of the payment.", "Auswahl der Zahlungswährung (DCC)."),
    0x6A: Text("The PIN is being entered.", "Geheimzahl wird eingegeben."),
    0x6B: Text("The PIN is being entered.", "Geheimzahl wird eingegeben."),
    0x6C: Text("The PIN is being corrected.", "Geheimzahl wird korrigiert."),
    0x6D: Text("The PIN was entered.", "Geheimzahl eingegeben."),
    0xA0: Text("Payment done.", "Zahlung erfolgt."),
    0xA1: Text("Payment done. Please remove the card.", "Zahlung erfolgt. Bitte Karte entnehmen."),
    0xA2: Text("Cancellation done.", "Storno erfolgt."),
    0xA3: Text("Cancellation done. Please remove the card.", "Storno erfolgt. Bitte Karte entnehmen."),
    0xA4: Text("Cancellation is not possible.", "Storno nicht möglich."),
    0xA5: Text("Cancellation is not possible. Please remove the card.", "Storno nicht möglich. Bitte Karte entnehmen."),
    0xC7: Text("Waiting for the mileage.", "Eingabe des Kilometerstands abwarten."),
    0xC8: Text("Waiting for the cashier.", "Eingabe der Kasse abwarten."),
    0xC9: Text("The terminal starts a diagnosis.", "Automatische Diagnose beginnt."),
    0xCA: Text("The terminal starts an initialisation.", "Automatische Initialisierung beginnt."),
    0xCB: Text("The terminal's merchant journal is full.", "Händlerjournal voll."),
    0xCC: Text("No direct debit: the PIN is needed.", "Lastschrift nicht möglich, Geheimzahl nötig."),
    0xD2: Text("The terminal is connecting.", "Verbindung wird aufgebaut."),
    0xD3: Text("The terminal is connected.", "Verbindung besteht."),
    0xE0: Text("The customer chooses the application.", "Anwendungsauswahl, bitte warten."),
    0xE1: Text("The customer chooses the language.", "Sprachauswahl, bitte warten."),
    0xE2: Text("The terminal asks for its cleaning card.", "Bitte Reinigungskarte einführen."),
    0xF1: Text("The payment goes on without the network.", "Offline-Zahlung."),
    0xF2: Text("The payment goes over the network.", "Online-Zahlung."),
    0xF3: Text("The payment goes on without the network.", "Offline-Zahlung."),
}

_WITH_REMOVE_CARD = {*range(0x01, 0x1E), 0x26, 0x27} - {0x0A}


def status_text(status: int) -> Text:
    """The words for a status; a neutral "please wait" for unknown ones, for a status must never stop a payment."""
    known = _TEXTS.get(status)
    if known:
        return known
    if status - REMOVE_CARD == 0x0B:
        return _TEXTS[0x0B]
    if status - REMOVE_CARD in _WITH_REMOVE_CARD:
        text = _TEXTS[status - REMOVE_CARD]
        return Text(f"{text.en} Please remove the card.", f"{text.de} Bitte Karte entnehmen.")
    return _WAIT
