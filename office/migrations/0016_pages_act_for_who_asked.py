"""Pages write in the name of whoever asked, and give rights only for whoever may give them.

What the portal's pages check, the database checks again for the role that serves them: a page that forgets
to gives nobody a role, a county, somebody else's signature or another chain. Commands and workers take the
jobs role, whose use is for those who may use the machine.
"""

from django.db import migrations

SERVES_PAGES = """
create function office_serves_pages() returns boolean language sql stable as $$
    select current_user = current_schema() || '_app'
$$
"""

DEMAND_RIGHT = """
create function office_demand_right() returns trigger language plpgsql as $$
begin
    if office_serves_pages() and not coalesce(office_has_right(acting_staff(), tg_argv[0]), false) then
        raise exception 'staff % lacks the right %, which changing % asks for', acting_staff(), tg_argv[0], tg_table_name
            using errcode = 'insufficient_privilege';
    end if;
    return null;
end
$$
"""

DEMAND_OWN_NAME = """
create function office_demand_own_name() returns trigger language plpgsql as $$
begin
    if office_serves_pages() and (to_jsonb(new) ->> tg_argv[0])::bigint <> coalesce(acting_staff(), 0) then
        raise exception 'staff % cannot write % in the name of another', acting_staff(), tg_table_name
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$
"""

# Nobody widens what they may do themselves, and no page makes anybody a superuser. Signing in, as nobody
# yet, may store a password's hash anew.
GUARD_STAFF = """
create function office_guard_staff() returns trigger language plpgsql as $$
declare
    before jsonb := case tg_op when 'UPDATE' then to_jsonb(old) else '{}' end;
    own constant boolean := new.id is not distinct from acting_staff();
    entitled constant boolean := coalesce(office_has_right(acting_staff(), 'change_staff'), false);
begin
    if not office_serves_pages() then
        return new;
    end if;
    if new.is_superuser and not coalesce((before ->> 'is_superuser')::boolean, false)
       or (own or not entitled) and (
           tg_op = 'INSERT' or (old.whole_city, old.person_key, old.is_active, old.is_staff, old.username)
               is distinct from (new.whole_city, new.person_key, new.is_active, new.is_staff, new.username)
       )
       or tg_op = 'UPDATE' and old.password <> new.password
           and not (own or entitled or acting_staff() is null) then
        raise exception 'staff % may not change the sign-in of staff % so', acting_staff(), new.id
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$
"""

# Nor do they give themselves roles or counties.
GUARD_OWN_RIGHTS = """
create function office_guard_own_rights() returns trigger language plpgsql as $$
begin
    if office_serves_pages()
       and acting_staff() = (case tg_op when 'DELETE' then old.staff_id else new.staff_id end) then
        raise exception 'staff % cannot change what they may do themselves', acting_staff()
            using errcode = 'insufficient_privilege';
    end if;
    return case tg_op when 'DELETE' then old else new end;
end
$$
"""

# Whoever may delegate for others says so by their own name, see above.
GUARD_NEW_DELEGATION = """
create function office_guard_new_delegation() returns trigger language plpgsql as $$
begin
    if office_serves_pages() and new.principal_id is distinct from acting_staff()
       and not coalesce(office_has_right(acting_staff(), 'delegate_for_others'), false) then
        raise exception 'staff % cannot delegate for staff %', acting_staff(), new.principal_id
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$
"""

RIGHTS = {
    "office_staff_groups": "change_staff",
    "office_staff_counties": "change_staff",
    "office_staff_user_permissions": "change_staff",
    "office_approvalchain": "change_approvalchain",
    "office_threshold": "change_threshold",
    "office_periodevent": "close_month",
}
NAMES = {
    "office_runapproval": "person_id",
    "office_runevent": "actor_id",
    "office_periodevent": "by_id",
    "office_delegation": "made_by_id",
}
OF_STAFF = ("office_staff_groups", "office_staff_counties", "office_staff_user_permissions")

# Roles and what excludes what are loaded by `migrate`; no page changes them.
READ_ONLY = """
do $$
begin
    if exists (select from pg_roles where rolname = current_schema() || '_app') then
        execute format(
            'revoke insert, update, delete on auth_group, auth_group_permissions, auth_permission,'
            ' office_exclusiveroles from %I', current_schema() || '_app'
        );
    end if;
end
$$
"""


def function(create: str) -> migrations.RunSQL:
    name = create.split("create function ")[1].split("(")[0]
    return migrations.RunSQL(create, f"drop function {name}")


def trigger(name: str, *, on: str, when: str, call: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"create trigger {name} {when} on {on} for each {call}", f"drop trigger {name} on {on}"
    )


class Migration(migrations.Migration):
    dependencies = [("office", "0015_protected_cells")]

    operations = [
        *(
            function(create)
            for create in (SERVES_PAGES, DEMAND_RIGHT, DEMAND_OWN_NAME)
            + (GUARD_STAFF, GUARD_OWN_RIGHTS, GUARD_NEW_DELEGATION)
        ),
        *(
            trigger(
                "demand_right",
                on=table,
                when="before insert or update or delete",
                call=f"statement execute function office_demand_right('{right}')",
            )
            for table, right in RIGHTS.items()
        ),
        *(
            trigger(
                "demand_own_name",
                on=table,
                when="before insert",
                call=f"row execute function office_demand_own_name('{column}')",
            )
            for table, column in NAMES.items()
        ),
        trigger(
            "guard_staff",
            on="office_staff",
            when="before insert or update",
            call="row execute function office_guard_staff()",
        ),
        trigger(
            "guard_new_delegation",
            on="office_delegation",
            when="before insert",
            call="row execute function office_guard_new_delegation()",
        ),
        *(
            trigger(
                "guard_own_rights",
                on=table,
                when="before insert or update or delete",
                call="row execute function office_guard_own_rights()",
            )
            for table in OF_STAFF
        ),
        migrations.RunSQL(READ_ONLY, migrations.RunSQL.noop),
    ]
