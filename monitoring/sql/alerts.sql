-- What the rules applied find in a month and have not found before: a group of visits with one that stands on no
-- alert of its rule yet. It joins the alert about the same that is not ended, or becomes an alert.
with visits as materialized (
    select * from @monitoring/watched_visits watched
),
found as materialized (
    select 'duplicate_visit' as rule, each.* from @monitoring/duplicate_visit each
    union all
    select 'split_visit', each.* from @monitoring/split_visit each
    union all
    select 'impossible_timing', each.* from @monitoring/impossible_timing each
    union all
    select 'after_death', each.* from @monitoring/after_death each
    union all
    select 'unusual_frequency', each.* from @monitoring/unusual_frequency each
),
news as materialized (
    select found.*, lasting.id as alert_id
    from found
    join monitoring_rulesetting setting on setting.rule = found.rule and setting.applied
    left join monitoring_alert lasting on lasting.rule = found.rule and lasting.key = found.key
        and lasting.state in ('open', 'explained', 'referred')
    where exists (
        select from unnest(found.visits) as visit(id)
        where not exists (
            select from monitoring_alertvisit seen
            join monitoring_alert alert on alert.id = seen.alert_id and alert.rule = found.rule
            where seen.visit_id = visit.id
        )
    )
),
opened as (
    insert into monitoring_alert (rule, facility_id, month, key, found, found_at)
    select rule, facility_id, %(month)s, key, found, now()
    from news
    where alert_id is null
    order by rule, facility_id, key
    returning id, rule, key
),
told_more as (
    update monitoring_alert alert
    set found = news.found
    from news
    where alert.id = news.alert_id
)
insert into monitoring_alertvisit (alert_id, visit_id)
select coalesce(news.alert_id, opened.id), visit.id
from news
left join opened using (rule, key)
cross join unnest(news.visits) as visit(id)
on conflict do nothing
