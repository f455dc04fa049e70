"""The statements that are made from a layout: `typed` from its columns, `verdict` from its checks."""

from office.layouts import Check, Column, Layout

EXCEL_ERRORS = ("#N/A", "#VALUE!", "#REF!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!")


def typed(*, layout: Layout, header: list[str]) -> str:
    """The `staged` cells as values of their columns, with what is wrong with each."""
    columns = layout.columns
    places = {column.field: header.index(column.header) + 1 for column in columns if column.header in header}
    cells = [part for c in columns for part in cells_of(c, place=places.get(c.field), layout=layout)]
    faults = [f"{fault_of(c, place=places.get(c.field))} as {c.field}_fault" for c in columns]
    values = [part for c in columns for part in values_of(c)]
    problems = [f"'{c.field}:' || {c.field}_fault" for c in columns]
    remarked = [
        f"case when {sign}{place} = any(cleaned) then '{name}:{remark}' end"
        for name, place in places.items()
        for sign, remark in (("", "cleaned"), ("-", "computed"))
    ]
    remarked.append("case when 0 = any(cleaned) then ':hidden' end")
    return f"""
        -- The cells of the file as values of their columns, with what is wrong with each.
        create temporary table typed on commit drop as
        with cell as materialized (
            select number, imprecise, cleaned, {listed(cells)}
            from staged
        ),
        judged as materialized (
            select *, {listed(faults)}
            from cell
        )
        select
            number,
            {listed(values)},
            array_remove(array[{listed(problems)}]::text[], null) as problems,
            case when cleaned = '{{}}' then '{{}}'
                 else array_remove(array[{listed(remarked)}]::text[], null) end as notices
        from judged
    """


def cells_of(column: Column, *, place: int | None, layout: Layout) -> list[str]:
    """What is staged of a column: its cell, or what is kept of it when it is protected."""
    if not column.kind.protection:
        return [f"nullif(cells[{place}], '') as {column.field}" if place else f"null::text as {column.field}"]
    first = layout.place_of(column) + 1
    kept = [f"protected[{first}] as {column.field}_told", f"protected[{first + 1}] as {column.field}_mask"]
    return kept + [
        f"protected[{at}] as {part}" for at, part in enumerate(column.kind.protection.parts, start=first + 2)
    ]


def fault_of(column: Column, *, place: int | None) -> str:
    cell = column.field
    if column.kind.protection:
        # Judged when it was staged; without a mask the cell was empty.
        return f"case when {cell}_mask is null then {missing_of(column, place=place)} else {cell}_told end"
    cases = [f"when left({cell}, 1) = '#' and {cell} in {EXCEL_ERRORS} then 'error'"]
    for fault, condition in column.kind.faults:
        if "imprecise" in condition:
            condition = f"imprecise <> '{{}}' and {place} = any(imprecise)" if place else "false"
        else:
            condition = condition.format(cell=cell)
        cases.append(f"when {condition} then '{fault}'")
    return f"case when {cell} is null then {missing_of(column, place=place)} {' '.join(cases)} end"


def missing_of(column: Column, *, place: int | None) -> str:
    """What is wrong with an empty cell: a formula that nobody has worked out leaves one, too."""
    missing = "'required'" if column.required else "null"
    return f"case when -{place} = any(cleaned) then 'uncomputed' else {missing} end" if place else missing


def values_of(column: Column) -> list[str]:
    if column.kind.protection:
        return [f"{part}::{kind} as {part}" for part, kind in column.kind.protection.parts.items()]
    return [f"{value_of(column)} as {column.field}"]


def value_of(column: Column) -> str:
    value = f"case when {column.field}_fault is null then {column.kind.value.format(cell=column.field)} end"
    return value if column.default is None else f"coalesce({value}, '{column.default}')"


def verdict(layout: Layout) -> str:
    """What becomes of each row and why; a row falls with the rejected row it relies on.

    A new row that also alters what is on record, such as somebody's name, counts as a change.
    """
    changes = [
        f"case when {c.old} is distinct from {c.new} and ({c.old} is not null or not is_new)"
        f" then jsonb_build_array('{c.field}', ({told[0]})::text, ({told[1]})::text) end"
        for c in layout.changes
        for told in [c.sealed or (c.old, c.new)]
    ]
    problems, notices = (listed(map(finding, found)) for found in (layout.checks, layout.notices))
    return f"""
        -- What becomes of each row and why.
        create temporary table verdict on commit drop as
        with met as materialized (select *, {elsewhere(layout)} as elsewhere from facts),
        judged as materialized (
            select
                number, key, relies_on, is_new, {layout.county or "null"} as county,
                case when elsewhere then array[':elsewhere']
                     else problems || array_remove(array[{problems}]::text[], null) end as problems,
                notices || array_remove(array[{notices}]::text[], null) as notices,
                case when not elsewhere then array_remove(array[{listed(changes)}]::jsonb[], null)
                end as changes
            from met
        ),
        fallen as materialized (
            select key, min(number) as number from judged where problems <> '{{}}' group by key
        )
        select
            judged.number, county, notices,
            case
                when problems <> '{{}}' or fallen.number is not null then 'rejected'
                when changes <> '{{}}' then 'changed'
                when is_new then 'new'
                else 'unchanged'
            end as outcome,
            case
                when problems = '{{}}' and fallen.number is not null
                    then array[':relies_on:' || fallen.number]
                else problems
            end as problems,
            case when changes <> '{{}}' then to_jsonb(changes) end as changes
        from judged
        left join fallen on fallen.key = judged.relies_on
    """


def content_digest(layout: Layout) -> str:
    """What files with the same rows have in common, whatever the order of rows and columns."""
    values = [
        name
        for column in layout.columns
        for name in (column.kind.protection.parts if column.kind.protection else [column.field])
        if not name.endswith("_sealed")  # never twice the same
    ]
    return f"""
        -- The sum of the rows, as it were.
        select count(*) || ' ' || sum(hash_record_extended(line, 0)::numeric) || ' '
            || sum(hash_record_extended(line, 1)::numeric)
        from (select row({listed(values)}) as line from typed) lines
    """


def elsewhere(layout: Layout) -> str:
    """Whether a row touches a county its clerk does not work for; %(counties)s is null for the whole city."""
    outside = "coalesce({} <> all (%(counties)s::bigint[]), false)"
    return " or ".join(outside.format(county) for county in layout.kept_by)


def finding(check: Check) -> str:
    value = f" || ':' || coalesce(({check.value})::text, '')" if check.value else ""
    return f"case when {check.when} then '{check.column}:{check.name}'{value} end"


def listed(parts) -> str:
    return ", ".join(parts)
