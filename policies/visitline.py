"""One line of the trial format: a visit, or the reversal of one, read and checked field by field."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from policies.gates import GATES, LOCALITIES
from policies.lines import CATEGORIES
from policies.month import Month
from policies.pack import Pack
from policies.terms import asks_for
from policies.values import LEVELS

_AMOUNT = re.compile(r"[0-9]{1,12}\.[0-9]{2}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


class LineError(ValueError):
    """A line that cannot be settled: the field and the cause, and the line's id when it could be read."""

    def __init__(self, field: str, cause: str, line_id: str | None = None) -> None:
        super().__init__(f"{field}: {cause}")
        self.line_id = line_id


@dataclass(frozen=True, slots=True)
class VisitLine:
    """A line's fields; amounts in whole 分. Of a reversal only ``id`` and ``reverses`` count."""

    id: str
    reverses: str | None = None
    person: str = ""
    date: date | None = None
    category: str = ""
    level: str | None = None
    facility_kind: str | None = None
    locality: str = "local"
    status: str = "resident"
    birth_date: date | None = None
    selected: bool = False
    selected_from: Month | None = None
    referred: bool = False
    emergency: bool = False
    admitted: bool = False
    newborn: bool = False
    gate: str | None = None
    total: int = 0
    eligible: int = 0
    diagnosis_fee: int = 0
    consultation_fee: int = 0
    drug: str | None = None
    disease: str | None = None
    diseases: frozenset[str] = frozenset()


def read_line(raw: bytes | str, pack: Pack) -> VisitLine:
    """The visit of a line; raises LineError for everything that reading it alone can tell."""
    given = _object(raw)
    line_id = given.get("id")
    line_id = line_id if isinstance(line_id, str) and line_id else None
    try:
        fields = _fields(given, pack)
        if "reverses" in fields:
            return VisitLine(id=fields["id"], reverses=fields["reverses"])
        _check_required(fields, pack)
        line = VisitLine(**fields)
        _check_together(line)
    except LineError as error:
        error.line_id = line_id
        raise
    return line


def _object(raw: bytes | str) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
    except UnicodeDecodeError:
        raise LineError("line", "not UTF-8") from None
    try:
        given = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        if isinstance(error, LineError):
            raise
        raise LineError("line", "not JSON") from None
    if not isinstance(given, dict):
        raise LineError("line", "not a JSON object")
    return given


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise LineError("line", "a field appears twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _fields(given: dict[str, Any], pack: Pack) -> dict[str, Any]:
    """The known fields that are not null, each read; a null is as good as absent."""
    readers = _READERS | {"status": _choice(*_statuses(pack))}
    fields = {}
    for name, value in given.items():
        reader = readers.get(name)
        if reader is None:
            raise LineError(name, "unknown field")
        if value is not None:
            try:
                fields[name] = reader(value)
            except ValueError as error:
                raise LineError(name, str(error)) from None
    if "id" not in fields:
        raise LineError("id", "missing")
    return fields


def _statuses(pack: Pack) -> tuple[str, ...]:
    return ("resident",) if pack.scheme == "390" else ("active", "retired", "flexible")


def _check_required(fields: dict[str, Any], pack: Pack) -> None:
    required = ["person", "date", "category"]
    if asks_for(pack, "level"):
        required.append("level")
    if pack.scheme != "390":
        required.append("status")
    if asks_for(pack, "age") and fields.get("status") != "retired":
        required.append("birth_date")
    if fields.get("category") == "negotiated_drug":
        required.append("drug")
    for name in required:
        if name not in fields:
            raise LineError(name, "missing")


def _check_together(line: VisitLine) -> None:
    if line.facility_kind is not None and line.level not in (None, "primary"):
        raise LineError("facility_kind", "a village station is of level primary")
    if line.eligible > line.total:
        raise LineError("eligible", "above total")
    if line.diagnosis_fee + line.consultation_fee > line.eligible:
        raise LineError("diagnosis_fee, consultation_fee", "together above eligible")
    if line.birth_date is not None and line.birth_date > line.date:
        raise LineError("birth_date", "after the visit")
    if line.selected_from is not None:
        month = Month.of(line.date)
        if line.selected_from.year != month.year:
            raise LineError("selected_from", "not in the year of the visit")
        if line.selected_from > month:
            raise LineError("selected_from", "after the month of the visit")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a string")
    if not value:
        raise ValueError("empty")
    return value


def _texts(value: Any) -> frozenset[str]:
    if not isinstance(value, list):
        raise ValueError("not a list")
    return frozenset(_text(item) for item in value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("neither true nor false")
    return value


def _amount(value: Any) -> int:
    if not isinstance(value, str) or _AMOUNT.fullmatch(value) is None:
        raise ValueError("not a string with exactly two decimals, zero or more")
    return int(value.replace(".", ""))


def _day(value: Any) -> date:
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        raise ValueError("not a day written YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("no such day") from None


def _month(value: Any) -> Month:
    if not isinstance(value, str) or _MONTH.fullmatch(value) is None:
        raise ValueError("not a month written YYYY-MM")
    return Month.parse(value)


def _choice(*choices: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError(f"none of {', '.join(choices)}")
        return value

    return read


_READERS: dict[str, Callable[[Any], Any]] = {
    "id": _text,
    "reverses": _text,
    "person": _text,
    "date": _day,
    "category": _choice(*CATEGORIES),
    "level": _choice(*LEVELS),
    "facility_kind": _choice("village_station"),
    "locality": _choice(*LOCALITIES),
    "birth_date": _day,
    "selected": _flag,
    "selected_from": _month,
    "referred": _flag,
    "emergency": _flag,
    "admitted": _flag,
    "newborn": _flag,
    "gate": _choice(*GATES),
    "total": _amount,
    "eligible": _amount,
    "diagnosis_fee": _amount,
    "consultation_fee": _amount,
    "drug": _text,
    "disease": _text,
    "diseases": _texts,
}
