"""Identity documents: checked, read for what an identity card says of its holder, sealed and found."""

from datetime import date
from operator import mul

from office.sealing import blind_index, bound, seal

CARD_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"
CENTURIES = ("18", "19", "20")

TAIL = 4
DOCUMENT = "insured_person.document_sealed"
PHONE = "insured_person.phone_sealed"


def has_check_digit(number: str) -> bool:
    """Whether the number has the form and the check digit of an identity card (GB 11643)."""
    if not (len(number) == 18 and number.isascii() and number[:17].isdigit() and number[0] != "0"):
        return False
    total = sum(map(mul, CARD_WEIGHTS, number.encode())) - ord("0") * sum(CARD_WEIGHTS)
    return CHECK_DIGITS[total % 11] == number[17]


def is_identity_card(number: str) -> bool:
    """Whether the number has the form, the check digit and a day of birth of an identity card."""
    return has_check_digit(number) and birth_date_of(number) is not None


def birth_date_of(identity_card: str) -> date | None:
    """The holder's day of birth; None when the card names a day that never was."""
    digits = identity_card[6:14]
    if digits[:2] not in CENTURIES:
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def sex_of(identity_card: str) -> str:
    """The holder's sex by its national code: an odd sequence number is a man's (1), an even a woman's (2)."""
    return "1" if int(identity_card[16]) % 2 else "2"


def document_index(number: str) -> bytes:
    """Finds people by their whole number; it also tells the row that its number and phone are bound to."""
    return blind_index(number, purpose="document")


def document_tail_index(number: str) -> bytes:
    """Finds people by the last four characters of their number."""
    return blind_index(number[-TAIL:], purpose="document tail")


def sealed_document(number: str) -> tuple[bytes, bytes, bytes]:
    """What is kept of a document number: index, sealed number, index of its last four characters."""
    index = document_index(number)
    return index, seal(number, binding=bound(DOCUMENT, index)), document_tail_index(number)


def sealed_phone(phone: str, *, document: bytes) -> tuple[bytes | None, bytes | None]:
    """What is kept of a phone, index and sealed number; `document` is the index of its owner's document."""
    if not phone:
        return None, None
    return blind_index(phone, purpose="phone"), seal(phone, binding=bound(PHONE, document))
