"""What an import layout is: columns, checks, and the statements that carry it out.

A new layout is a declaration in the room it belongs to, named in `settings.IMPORT_LAYOUTS`. It works on
temporary tables, one after the other (`office/imports.py`):

    typed     one row per row of the file, one typed column per `Column`      made from the columns
    facts     typed, and what each row meets in the records and in the file   `facts`, a named statement
    verdict   outcome, problems and changes of each row                       made from checks and changes
    accepted  facts of the rows that are new or change something              what `steps` work on

`facts` must say of each row, besides what the checks ask for: `is_new`, and `key` and `relies_on`: a row
whose `relies_on` is the `key` of a rejected row is rejected with it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_noop


@dataclass(frozen=True, kw_only=True)
class Protection:
    """What is staged in place of a value that no table may hold (`office/protecting.py`).

    `parts` are the columns that `typed` gets instead, with their types, and `take` gives them for a value and
    the row it is bound to: the first part of the protected column `bound_to`, or else that column's text.
    `opened` is its inverse, for a sealed value and its row.
    """

    mask: Callable[[str], str]
    parts: dict[str, str]
    take: Callable[[str, bytes | str], Sequence]
    bound_to: str
    opened: Callable[[bytes, bytes | str], str] | None = None


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How the text of a cell becomes a value: SQL over `{cell}`, faults looked for in their order.

    `form` tells a clerk how to write one, `example` shows it.
    """

    cleaning: str
    form: str
    example: str = ""
    faults: tuple[tuple[str, str], ...]
    value: str = "{cell}"
    limit: int | None = None
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    protection: Protection | None = None


CODE_FORM = gettext_noop("code of at most %(limit)s characters, in a text cell")


def text(limit: int) -> Kind:
    return Kind(
        cleaning="text",
        form=gettext_noop("text of at most %(limit)s characters"),
        limit=limit,
        faults=(("too_long", f"length({{cell}}) > {limit}"), ("formula", "left({cell}, 1) = '='")),
    )


def code(limit: int, *, upper: bool = False) -> Kind:
    """A token that is never a number, whatever it looks like."""
    return Kind(
        cleaning="token",
        form=CODE_FORM,
        limit=limit,
        value="upper({cell})" if upper else "{cell}",
        faults=(
            ("digits_lost", "imprecise_{field}"),
            ("digits_lost", "{cell} ~ '^[0-9](\\.[0-9]+)?[Ee]\\+[0-9]+$'"),
            ("too_long", f"length({{cell}}) > {limit}"),
            ("formula", "left({cell}, 1) = '='"),
        ),
    )


def protected(limit: int, protection: Protection) -> Kind:
    """A code in capitals that is judged and protected before it is staged."""
    return Kind(cleaning="token", form=CODE_FORM, limit=limit, faults=(), protection=protection)


MONTH = Kind(
    cleaning="month",
    form=gettext_noop("month as YYYY-MM"),
    example="2025-01",
    value="({cell} || '-01')::date",
    faults=(
        ("not_a_month", "{cell} !~ '^(19|20|21)[0-9]{{2}}-[0-9]{{2}}$'"),
        ("no_such_month", "substr({cell}, 6) not between '01' and '12'"),
    ),
)

YEAR = Kind(
    cleaning="token",
    form=gettext_noop("year in four digits"),
    example="2025",
    value="{cell}::int",
    faults=(("not_a_year", "{cell} !~ '^20[0-9]{{2}}$'"),),
)

DAY = Kind(
    cleaning="token",
    form=gettext_noop("day as YYYY-MM-DD"),
    example="2025-01-31",
    value="{cell}::date",
    faults=(
        ("not_a_date", "{cell} !~ '^(19|20|21)[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}}$'"),
        ("no_such_day", "substr({cell}, 6, 2) not between '01' and '12'"),
        (
            "no_such_day",
            "substr({cell}, 9)::int not between 1 and"
            " date_part('day', (substr({cell}, 1, 7) || '-01')::date + interval '1 month - 1 day')",
        ),
    ),
)

# In the agency's own time.
MOMENT = Kind(
    cleaning="text",
    form=gettext_noop("day, or day and time, as YYYY-MM-DD HH:MM"),
    example="2025-01-31 08:30",
    value="{cell}::timestamp at time zone 'Asia/Shanghai'",
    faults=(
        (
            "not_a_moment",
            "{cell} !~ '^(19|20|21)[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}}"
            "([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?)?$'",
        ),
        *(
            (fault, condition.replace("substr({cell}, 9)", "substr({cell}, 9, 2)"))
            for fault, condition in DAY.faults[1:]
        ),
    ),
)

AMOUNT = Kind(
    cleaning="token",
    form=gettext_noop("amount in yuan with at most two decimals, without separators"),
    example="5000.00",
    value="{cell}::numeric(14,2)",
    faults=(
        ("negative", "{cell} ~ '^-[0-9.]+$'"),
        ("separators", "{cell} ~ '^[0-9.]*,[0-9.,]*$'"),
        ("decimals", "{cell} ~ '^[0-9]+\\.[0-9]{{3,}}$'"),
        ("not_an_amount", "{cell} !~ '^[0-9]+(\\.[0-9]{{1,2}})?$'"),
        ("too_large", "length(split_part({cell}, '.', 1)) > 12"),
    ),
)


def choice(choices: dict[str, tuple[str, ...]]) -> Kind:
    """One of a list; each value with the texts that stand for it, the last of them its name."""
    accepted = {text: value for value, texts in choices.items() for text in texts}
    cases = " ".join(f"when '{text}' then '{value}'" for text, value in accepted.items())
    listed = ", ".join(f"'{text}'" for text in accepted)
    return Kind(
        cleaning="token",
        form=gettext_noop("one of: %(allowed)s"),
        example=next(texts[-1] for texts in choices.values()),
        choices=choices,
        value=f"case {{cell}} {cases} end",
        faults=(("not_a_choice", f"{{cell}} not in ({listed})"),),
    )


@dataclass(frozen=True)
class Column:
    """A column of a file; `about` says in a clerk's words what it means, where its header does not."""

    field: str
    header: str
    kind: Kind
    required: bool = False
    default: str | None = None
    about: str = ""
    example: str = ""

    @property
    def names(self) -> list[str]:
        """What may be chosen, by name."""
        return [texts[-1] for texts in self.kind.choices.values()]


@dataclass(frozen=True, kw_only=True)
class Check:
    """A condition over `facts` that rejects the row; `value` goes into the message as %(value)s."""

    name: str
    column: str
    when: str
    message: str
    value: str | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """A value that a row changes; `label` where it is not one of the file's own columns.

    Of a protected column the indexes are compared; `sealed` names the old and the new sealed value.
    """

    field: str
    old: str
    new: str
    label: str | None = None
    sealed: tuple[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class FileCheck:
    """A condition over all `facts` together that refuses the file."""

    when: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """A named statement over `accepted`; `rows` says which of them it must write, each once."""

    statement: str
    rows: str | None = None


@dataclass(frozen=True, kw_only=True)
class Layout:
    name: str
    label: str
    columns: tuple[Column, ...]
    facts: str
    steps: tuple[Step, ...]
    checks: tuple[Check, ...] = ()
    notices: tuple[Check, ...] = ()
    changes: tuple[Change, ...] = ()
    file_checks: tuple[FileCheck, ...] = ()
    county: str | None = None
    # Over `facts`: the numbers of the counties whose staff may apply the row, 0 for what is the city's alone.
    kept_by: tuple[str, ...]
    values: Callable[[dict], dict] = dict
    # Whose files these are, where not everybody's who may import.
    permission: str = ""
    # Why no file of it is taken back, and what is done instead (an msgid).
    stays: str = ""
    # How a file is taken back where the history of its rows is not enough: called with the number of the
    # import, who asks and why; raises ValidationError.
    take_back: Callable[..., None] | None = None
    # What is to be done in the background once the rows are in the records: called with the number of the
    # import, in the transaction that applies it.
    afterwards: Callable[[int], None] | None = None
    # What became of an applied file, as (label, address) of pages: called with the number of the import.
    leads_to: Callable[[int], list[tuple[str, str]]] = lambda number: []

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.field == name), None)

    @property
    def protected(self) -> list[Column]:
        return [column for column in self.columns if column.kind.protection]

    def place_of(self, column: Column) -> int:
        """Where a protected column begins among what is staged of all of them: fault, mask, parts."""
        before = self.protected[: self.protected.index(column)]
        return sum(2 + len(other.kind.protection.parts) for other in before)

    def message(self, fault: str) -> str:
        declared = {check.name: check.message for check in (*self.checks, *self.notices)}
        return declared.get(fault) or MESSAGES[fault]

    def label_of(self, name: str) -> str:
        """What a change is called: the header of its column, or a label of its own."""
        column = self.column(name)
        return column.header if column else next(c.label for c in self.changes if c.field == name)

    def shown(self, name: str, value: str | None) -> str:
        """A stored value as the file would write it."""
        column = self.column(name)
        if value is None:
            return ""
        if column is None:
            return value[:7] if value[4:5] == "-" else value
        if column.kind.cleaning == "month":
            return value[:7]
        texts = column.kind.choices.get(value)
        return texts[-1] if texts else value


def same_as(*fields: str) -> tuple[Change, ...]:
    """Changes whose old and new values the facts call `old_<field>` and `new_<field>`."""
    return tuple(Change(field=name, old=f"old_{name}", new=f"new_{name}") for name in fields)


@cache
def layout(name: str) -> Layout:
    return import_string(settings.IMPORT_LAYOUTS[name])


# What any column of any layout may be told; %(cell)s is what the clerk wrote.
MESSAGES = {
    "required": gettext_noop("is required but empty"),
    "error": gettext_noop("holds the Excel error %(cell)s"),
    "formula": gettext_noop("begins with “=”: write the value, not a formula"),
    "digits_lost": gettext_noop(
        "is a number cell, so Excel has lost its last digits: format the column as text and enter it again"
    ),
    "too_long": gettext_noop("is longer than %(limit)s characters"),
    "not_a_month": gettext_noop("“%(cell)s” is not a month: write YYYY-MM, like 2023-03"),
    "no_such_month": gettext_noop("“%(cell)s”: there is no such month"),
    "not_a_year": gettext_noop("“%(cell)s” is not a year: write four digits, like 2023"),
    "not_a_date": gettext_noop("“%(cell)s” is not a date: write YYYY-MM-DD, like 2023-03-01"),
    "no_such_day": gettext_noop("“%(cell)s”: there is no such day"),
    "not_a_moment": gettext_noop(
        "“%(cell)s” is not a time: write YYYY-MM-DD HH:MM, like 2023-03-01 08:30, or the day alone"
    ),
    "negative": gettext_noop("“%(cell)s” is negative"),
    "separators": gettext_noop("“%(cell)s” has thousands separators: write digits and a decimal point only"),
    "decimals": gettext_noop("“%(cell)s” has more than two decimals"),
    "not_an_amount": gettext_noop("“%(cell)s” is not an amount"),
    "too_large": gettext_noop("“%(cell)s” is too large"),
    "not_a_number": gettext_noop("“%(cell)s” is not a number"),
    "not_a_count": gettext_noop("“%(cell)s” is not a whole number"),
    "not_a_choice": gettext_noop("“%(cell)s” is not one of: %(allowed)s"),
    "cleaned": gettext_noop("full-width or invisible characters were cleaned; read as “%(cell)s”"),
    "computed": gettext_noop("is a formula: its value “%(cell)s” was taken"),
    "uncomputed": gettext_noop("is a formula without a result: write the value itself"),
    "hidden": gettext_noop("is hidden in the workbook, and was read like the others"),
    "elsewhere": gettext_noop("belongs to a county you do not work for: leave it to that county or the city"),
    "relies_on": gettext_noop("goes together with row %(value)s, which was rejected"),
}
