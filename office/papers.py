"""Documents on paper, as data: what is printed of a record, and the digest by which it is known again.

The values keep their types (Decimal is yuan, a choice is its code), so that a digest depends on what is told
and not on how it is worded or laid out; signatures are printed, but figures stay the same without them.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from django.db.models import Model

from office.kinds import Table


@dataclass(frozen=True, kw_only=True)
class Paper:
    """One document about one record.

    facts: label to value, two to a line; `wide` names those that take a whole line.
    amount: yuan paid or owed by it, `words` the same in capital numerals.
    hands: who signed as what. seals: whose seals it needs. void: why it no longer stands, if so.
    """

    title: str
    number: str
    about: str
    facts: dict[str, object]
    wide: tuple[str, ...] = ()
    tables: list[Table] = field(default_factory=list)
    amount: Decimal | None = None
    amount_label: str = ""
    words: str = ""
    notes: list[str] = field(default_factory=list)
    hands: list[tuple[str, object]] = field(default_factory=list)
    seals: list[str]
    landscape: bool = False
    void: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of the number and every figure, in hexadecimal."""
        told = [
            self.number,
            [_raw(value) for value in self.facts.values()],
            [[[_raw(value) for value in row] for row in table.rows] for table in self.tables],
            _raw(self.amount),
        ]
        return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class PaperKind:
    """A document that may be printed of a record: `paper(record, part)`, where `part` is such as a year.

    open_to: whether there is such a paper of the record. needs: a right besides that to see the record.
    parts: the volumes of a record too long for one paper. part_label: what to ask for otherwise.
    """

    name: str
    label: str
    paper: Callable[[Model, str], Paper]
    open_to: Callable[[Model], object] = lambda record: True
    needs: str = ""
    parts: Callable[[Model], list[str]] = lambda record: []
    part_label: str = ""


def _raw(value) -> str | None:
    if value is None:
        return None
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
