"""The trial 试算: visits settled by any rules, each with its steps and what it leaves. Nothing is stored."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from policies.pack import Pack
from policies.parameters import with_parameters
from policies.rooms import Room
from policies.trial import Trial


@dataclass(frozen=True, kw_only=True)
class Settled:
    """A visit as it was given, its result as of the trial format, and what it leaves of each limit."""

    given: str
    result: dict[str, Any]
    rooms: list[Room]


def settle(*, pack: Pack, lines: list[str], parameters: Mapping[str, Any]) -> list[Settled]:
    """Each line settled in order; raises PackError for parameters that cannot be used."""
    trial = Trial(with_parameters(pack, parameters))
    settled = []
    for line in lines:
        result = trial.result(line)
        rooms = trial.rooms(line) if result["state"] == "paid" else []
        settled.append(Settled(given=line, result=result, rooms=rooms))
    return settled


def as_line(visit: Mapping[str, Any], *, pack: Pack) -> str:
    """A visit entered field by field as a line for a pack: residents have no status to tell apart."""
    fields = dict(visit)
    if pack.scheme == "390":
        fields.pop("status", None)
    return json.dumps(fields, ensure_ascii=False)
