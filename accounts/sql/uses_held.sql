-- Hold every account that pays or is paid by the accepted rows, all at once and in the ledger's order.
select count(*)
from accounts_hold((
    select array_agg(distinct account)
    from (
        select (share ->> 'account')::bigint as account
        from accepted
        cross join jsonb_array_elements(shares) as share
        union
        select case when payee = 'premiums' then accounts_open('premiums', %(scheme)s, null, null, null)
            else accounts_open('payable', %(scheme)s, null, facility_id, null) end
        from (select distinct payee, facility_id from accepted) paid
    ) sides
))
