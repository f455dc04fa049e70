"""Identity documents: checked, and read for what an identity card says of its holder."""

from datetime import date

from stdnum.cn import ric


def is_identity_card(number: str) -> bool:
    """Whether the number has the form, the check digit and a day of birth of an identity card (GB 11643)."""
    if not (len(number) == 18 and number.isascii() and number[:17].isdigit() and number[0] != "0"):
        return False
    return ric.calc_check_digit(number) == number[17] and birth_date_of(number) is not None


def birth_date_of(identity_card: str) -> date | None:
    """The holder's day of birth; None when the card names a day that never was."""
    digits = identity_card[6:14]
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def sex_of(identity_card: str) -> str:
    """The holder's sex by its national code: an odd sequence number is a man's (1), an even a woman's (2)."""
    return "1" if int(identity_card[16]) % 2 else "2"
