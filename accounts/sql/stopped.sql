-- Who is credited nothing in a month while the rules say so (Nanchang 28): who is resettled elsewhere on any of
-- its days, by a filing 备案. With the article; nobody in months whose rules do not stop credits.
select filing.person_id, stop.month, min(stop.article) as article
from unnest(%(stop_months)s::date[], %(stop_articles)s::text[]) as stop (month, article)
join insured_filing filing
    on filing.kind = 'resettled' and filing.first_day < stop.month + interval '1 month'
    and (filing.last_day is null or filing.last_day >= stop.month)
group by filing.person_id, stop.month
