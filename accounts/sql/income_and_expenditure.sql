-- Income and expenditure of personal accounts by month, county and kind. A transfer belongs to the county of the
-- person's spell in its accounting month, else to the person's county; what a reversal takes back lessens its side.
with side as (
    select month, kind, credit_id as account_id, amount, kind <> 'reversal' as income
    from accounts_transfer
    where month between %(first)s and %(last)s
    union all
    select month, kind, debit_id, -amount, kind = 'reversal'
    from accounts_transfer
    where month between %(first)s and %(last)s and kind <> 'credit'
)
select
    side.month, coalesce(county.code, ''), coalesce(county.name, ''), side.income, side.kind, count(*),
    case when side.income then sum(side.amount) else -sum(side.amount) end
from side
join accounts_account account
    on account.id = side.account_id and account.kind = 'person' and account.scheme = %(scheme)s
join insured_person person on person.id = account.person_id
left join insured_enrolment spell
    on spell.person_id = account.person_id and spell.scheme = account.scheme and spell.first_month <= side.month
    and (spell.last_month is null or spell.last_month >= side.month)
left join office_county county on county.id = coalesce(spell.county_id, person.county_id)
where %(counties)s::bigint[] is null or county.id = any(%(counties)s::bigint[])
group by side.month, county.code, county.name, side.income, side.kind
order by side.month, county.code, side.income desc, side.kind
