-- Applications that wait for a member of staff: to be signed, or corrected by whoever applied.
with whose as (  -- whose right to sign the person may use today
    select %(staff)s::bigint as id
    union all
    select principal_id from office_delegation
    where delegate_id = %(staff)s and office_acts_for(delegate_id, principal_id)
),
waiting as (
    select asked.id, asked.account_id, asked.applied_by_id, asked.applied_at, asked.state,
        (accounts_chain(asked.way))[case asked.state when 'applied' then 1 else 2 end] as step
    from accounts_application asked
    where asked.state in ('applied', 'reviewed', 'returned')
)
select 'sign_application', id, applied_at, false
from waiting
where state in ('applied', 'reviewed') and accounts_sees(%(staff)s, account_id)
    and not accounts_had_a_hand(id, %(staff)s)
    and exists (
        select from whose
        where accounts_may_sign(whose.id, step, account_id) and not accounts_had_a_hand(waiting.id, whose.id)
    )
union all
select 'correct_application', id, applied_at, false
from waiting
where state = 'returned' and applied_by_id = %(staff)s
order by 3
