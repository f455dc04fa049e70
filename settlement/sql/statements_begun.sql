-- A draft for each facility that has visits to state and no statement of the month.
insert into settlement_statement (
    scheme, month, facility_id, county_id, office, state, visits, refunds, total, eligible, fund, account,
    family_account, cash, in_quota, kept, deducted, payable, drawn_by_id, drawn_at, confirmed_name,
    confirmed_reference, reason
)
select
    %(scheme)s, %(month)s, facility_id, min(county_id), min(office), 'draft', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    %(by)s, now(), '', '', ''
from drawn
group by facility_id
order by facility_id
on conflict (facility_id, scheme, month) where state <> 'undone' do nothing
