-- Applications that wait for a member of staff: to be signed, or corrected by whoever applied.
with waiting as (
    select asked.id, asked.account_id, asked.applied_by_id, asked.applied_at, asked.state,
        (accounts_chain(asked.way))[case asked.state when 'applied' then 1 else 2 end] as step
    from accounts_application asked
    where asked.state in ('applied', 'reviewed', 'returned')
)
select 'sign_application', id, applied_at, false
from waiting
where state in ('applied', 'reviewed') and accounts_may_sign(%(staff)s, step, account_id)
    and office_person_of(%(staff)s) <> office_person_of(applied_by_id)
    and not exists (
        select from accounts_applicationapproval signed
        where signed.application_id = waiting.id and state = 'reviewed'
            and office_person_of(signed.person_id) = office_person_of(%(staff)s)
    )
union all
select 'correct_application', id, applied_at, false
from waiting
where state = 'returned' and applied_by_id = %(staff)s
order by 3
