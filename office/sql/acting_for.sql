-- Whom the transaction worked for before, and works for from now on; without an address it keeps the one it has.
with before as materialized (
    select
        current_user::text as role,
        coalesce(current_setting('gongji.staff', true), '') as staff,
        coalesce(current_setting('gongji.origin', true), '') as origin,
        coalesce(current_setting('gongji.address', true), '') as address,
        coalesce(current_setting('gongji.because', true), '') as because
)
select
    role, staff, origin, address, because,
    set_config('role', %(role)s, true),
    set_config('gongji.staff', %(staff)s, true),
    set_config('gongji.origin', %(origin)s, true),
    set_config('gongji.address', coalesce(%(address)s, address), true),
    set_config('gongji.because', %(because)s, true)
from before
