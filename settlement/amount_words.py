"""Amounts in capital Chinese numerals 大写, as notes and payment orders must say them.

The rules are the central bank's for filling in notes 正确填写票据和结算凭证的基本规定: 整 after 元 when there
is nothing behind it, none after 角 or 分; one 零 for zeros in between, however many; 零 before 分 without 角.
"""

from decimal import Decimal

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿")
LIMIT = Decimal(10) ** 12


def in_words(amount: Decimal) -> str:
    """Yuan from 0 to below 1 000 000 000 000, in whole 分; raises ValueError for any other amount."""
    fen = amount * 100
    if not 0 <= amount < LIMIT or fen != int(fen):
        raise ValueError(f"no amount of money that can be written out: {amount}")
    yuan, rest = divmod(int(fen), 100)
    jiao, rest = divmod(rest, 10)
    words = _whole(yuan) + "元" if yuan else ""
    if not jiao and not rest:
        return (words or "零元") + "整"
    if yuan and (yuan % 10 == 0 or not jiao):
        words += "零"
    if jiao:
        words += DIGITS[jiao] + "角"
    return words + (DIGITS[rest] + "分" if rest else "")


def _whole(number: int) -> str:
    words, gap = "", False
    for place in reversed(range(len(str(number)))):
        group, within = divmod(place, 4)
        digit = number // 10**place % 10
        if digit:
            # 107 000: a group that ends in zeros needs no 零 before the next one's thousands.
            joined = within == 3 and number // 10 ** (place + 1) % 10_000
            words += ("零" if gap and not joined else "") + DIGITS[digit] + PLACES[within]
        gap = not digit and bool(words)
        if within == 0 and number // 10**place % 10_000:
            words += GROUPS[group]
    return words
