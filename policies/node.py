"""A mapping of a pack file together with its path, so that every complaint says where it is."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from policies.month import Month

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_REQUIRED = object()


class PackError(ValueError):
    """A pack or parameters file that cannot be used; the text begins with the path in the file."""


class Node:
    """Takes keys out of a mapping by kind; ``close`` refuses whatever nobody asked for."""

    def __init__(self, data: Any, path: str) -> None:
        if not isinstance(data, dict):
            raise PackError(f"{path}: should be a mapping")
        self.data = data
        self.path = path
        self._left = set(data)

    def at(self, key: object) -> str:
        return f"{self.path}.{key}" if self.path else str(key)

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = _REQUIRED) -> Any:
        """The value at key, of the given kind; raises PackError when it is absent or of another kind."""
        self._left.discard(key)
        value = self.data.get(key)
        if value is None:
            if default is _REQUIRED:
                raise PackError(f"{self.at(key)}: missing")
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            raise PackError(f"{self.at(key)}: {value!r} is of the wrong kind")
        return value

    def text(self, key: str, default: Any = _REQUIRED) -> Any:
        value = self.take(key, str, default)
        if value == "":
            raise PackError(f"{self.at(key)}: empty")
        return value

    def one_of(self, key: str, choices: tuple[str, ...], default: Any = _REQUIRED) -> Any:
        value = self.text(key, default)
        if value is not default and value not in choices:
            raise PackError(f"{self.at(key)}: {value!r} is none of {', '.join(choices)}")
        return value

    def some_of(self, key: str, choices: tuple[str, ...], default: Any = _REQUIRED) -> tuple[str, ...]:
        items = self.take(key, list, default)
        for item in items:
            if item not in choices:
                raise PackError(f"{self.at(key)}: {item!r} is none of {', '.join(choices)}")
        return tuple(items)

    def flag(self, key: str) -> bool:
        return self.take(key, bool, False)

    def first_day(self, key: str, default: Any = _REQUIRED) -> Any:
        """``YYYY-MM`` or ``YYYY-MM-DD`` as a date; a month is its first day."""
        text = self.text(key, default)
        return text if text is default else _day(text, self.at(key), last=False)

    def last_day(self, key: str, default: Any = _REQUIRED) -> Any:
        """``YYYY-MM`` or ``YYYY-MM-DD`` as a date; a month is its last day."""
        text = self.text(key, default)
        return text if text is default else _day(text, self.at(key), last=True)

    def node(self, key: str) -> Node:
        return Node(self.take(key, dict), self.at(key))

    def node_or_none(self, key: str) -> Node | None:
        found = self.take(key, dict, None)
        return None if found is None else Node(found, self.at(key))

    def nodes(self, key: str, default: Any = _REQUIRED) -> list[Node]:
        """The items of a list of mappings."""
        items = self.take(key, list, default)
        return [Node(item, f"{self.at(key)}[{index}]") for index, item in enumerate(items)]

    def named(self, key: str) -> dict[str, Node]:
        """The items of a mapping of mappings, in the order of the file; empty when the key is absent."""
        items = self.take(key, dict, {})
        return {name: Node(item, f"{self.at(key)}.{name}") for name, item in items.items()}

    def close(self) -> None:
        """Raise PackError when the mapping has a key that was never taken."""
        if self._left:
            unknown = ", ".join(sorted(map(str, self._left)))
            raise PackError(f"{self.path or 'pack'}: unknown key {unknown}")


def _day(text: str, path: str, *, last: bool) -> date:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
        month = Month.parse(text)
    except ValueError as error:
        raise PackError(f"{path}: {error}") from error
    return month.last_day if last else month.first_day
