"""For migrations: tables of which pages see the rows of the counties that whoever asks works for.

The owner's own policy is for migrations and for functions that look once over everything; the jobs role
bypasses row-level security. To anybody else a transaction that does not say for whom it works shows nothing.
"""

from django.db.migrations import RunSQL

# Who the transaction works for, as `acting.py` tells it.
FUNCTIONS = [
    """
    create function acting_staff() returns bigint language sql stable as $$
        select nullif(current_setting('gongji.staff', true), '')::bigint
    $$
    """,
    """
    create function acting_for_whole_city() returns boolean
    language sql stable security definer set search_path from current as $$
        select exists (
            select from office_staff
            where id = acting_staff() and is_active and (whole_city or is_superuser)
        )
    $$
    """,
    """
    create function acting_counties() returns bigint[]
    language sql stable security definer set search_path from current as $$
        select coalesce(array_agg(county_id), '{}')
        from office_staff_counties
        where staff_id in (select id from office_staff where id = acting_staff() and is_active)
    $$
    """,
]

MINE = "(select acting_counties())"


def county_is_mine(column: str = "county_id") -> str:
    return f"{column} = any ({MINE}::bigint[])"


def protect(table: str, *, mine: str, written: str | None = None, all_may_read: bool = False) -> list[RunSQL]:
    """Operations after which pages read and write only the rows for which `mine` holds.

    `written` is what a row must be after writing, where that is more. `all_may_read` is for what is public
    within the agency and changed only where it belongs.
    """
    scoped, after = (
        f"((select acting_for_whole_city()) or {condition})" for condition in (mine, written or mine)
    )
    statements = [
        f"alter table {table} enable row level security",
        f"alter table {table} force row level security",
        f"create policy owner on {table} to current_user using (true) with check (true)",
        f"create policy counties on {table} using {scoped} with check {after}",
    ]
    undo = [
        f"alter table {table} disable row level security",
        f"alter table {table} no force row level security",
        f"drop policy owner on {table}",
        f"drop policy counties on {table}",
    ]
    if all_may_read:
        statements.append(f"create policy readers on {table} for select using (true)")
        undo.append(f"drop policy readers on {table}")
    return [RunSQL(statement, back) for statement, back in zip(statements, undo, strict=True)]
