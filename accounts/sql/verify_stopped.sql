-- The first credit of a posted run for somebody who was resettled elsewhere in a month in which that stops it. Only
-- by filings as the run met them: what was filed, or changed of a filing, since it was asked for is late news.
select line.id, line.run_id, line.covers, filing.id
from unnest(%(runs)s::bigint[], %(months)s::date[]) as stop (run_id, month)
cross join lateral (
    select max(at) as at from office_runevent where run_id = stop.run_id and act in ('prepare', 'compute')
) asked
join accounts_runline line on line.run_id = stop.run_id and line.covers = stop.month and line.kind = 'credit'
join accounts_account account on account.id = line.credit_id
join insured_filing filing on filing.person_id = account.person_id and filing.kind = 'resettled'
where daterange(filing.first_day, filing.last_day, '[]')
        && daterange(stop.month, (stop.month + interval '1 month')::date)
    and not exists (
        select from office_history history
        where history.model = 'insured.filing' and history.at >= asked.at
            and (history.record = filing.id or filing.id <@ history.ids)
    )
order by line.id
limit 1
