"""The identities around a visit: what its parts come to, and where the person's part comes from."""

from __future__ import annotations

from typing import NamedTuple


class PersonPart(NamedTuple):
    """Who pays the person's part, in whole 分: own account, the account of a relative, cash."""

    account: int
    family_account: int
    cash: int


def check_parts(
    *, total: int, full_self_paid: int, over_price: int, prior_self_paid: int, eligible: int
) -> None:
    """Raise ValueError unless the parts, in whole 分, come to the total and none is negative (reading 7)."""
    parts = (full_self_paid, over_price, prior_self_paid, eligible)
    if min(parts) < 0:
        raise ValueError("a part of the visit is negative")
    if sum(parts) != total:
        raise ValueError(f"the parts come to {sum(parts)} 分, the total is {total} 分")


def person_part(*, amount: int, own_balance: int, family_balance: int = 0) -> PersonPart:
    """Total less fund, in whole 分: the own account first, then the grantor's, the rest in cash.

    Reading 8, Honghe 22. A scheme without accounts passes balances of 0. Raises ValueError on negatives.
    """
    if min(amount, own_balance, family_balance) < 0:
        raise ValueError("an amount or a balance is negative")
    account = min(amount, own_balance)
    family_account = min(amount - account, family_balance)
    return PersonPart(account, family_account, amount - account - family_account)
