"""How documents and phones of a file are staged: sealed, with their index and what the rules need of them."""

from insured.documents import (
    PHONE,
    birth_date_of,
    document_index,
    has_check_digit,
    sealed_document,
    sealed_phone,
    sex_of,
)
from office.layouts import Protection, protected
from office.sealing import bound, masked, masked_phone, unseal


def taken_document(number: str, _row) -> tuple:
    """The parts of a document that may have to be entered."""
    number = number.upper()
    card = has_check_digit(number)
    index, sealed, tail = sealed_document(number)
    born = birth_date_of(number) if card else None
    return index, sealed, tail, len(number), "t" if card else "f", born, sex_of(number) if card else ""


DOCUMENT_NUMBER = protected(
    30,
    Protection(
        mask=masked,
        parts={
            "document_index": "bytea",
            "document_sealed": "bytea",
            "document_tail_index": "bytea",
            "document_length": "integer",
            "has_check_digit": "boolean",
            "card_birth_date": "date",
            "card_sex": "text",
        },
        take=taken_document,
        bound_to="document_number",
    ),
)

# Of somebody on record the number is only looked up.
KNOWN_DOCUMENT = protected(
    30,
    Protection(
        mask=masked,
        parts={"document_index": "bytea"},
        take=lambda number, _row: (document_index(number.upper()),),
        bound_to="document_number",
    ),
)

PHONE_NUMBER = protected(
    30,
    Protection(
        mask=masked_phone,
        parts={"phone_index": "bytea", "phone_sealed": "bytea"},
        take=lambda phone, document: sealed_phone(phone, document=document or b""),
        bound_to="document_number",
        opened=lambda sealed, document: unseal(sealed, binding=bound(PHONE, document)),
    ),
)
