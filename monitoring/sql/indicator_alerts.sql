-- Indicators of a month beyond a limit in force, each once: a limit of the facility's level goes before one of all.
with limits as (
    select * from monitoring_indicatorlimit
    where first_month <= %(month)s and (last_month is null or last_month >= %(month)s)
),
held as (
    select
        now_.facility_id, now_.indicator, now_.value, limits.id as limit_id, limits.against, limits.figure,
        case limits.against
            when 'month' then before.value when 'year' then year_before.value when 'median' then now_.median
        end as reference
    from monitoring_indicatorvalue now_
    join limits on limits.indicator = now_.indicator and limits.level in ('', now_.level)
    left join monitoring_indicatorvalue before
        on (before.facility_id, before.indicator) = (now_.facility_id, now_.indicator)
        and before.month = %(month)s::date - interval '1 month'
    left join monitoring_indicatorvalue year_before
        on (year_before.facility_id, year_before.indicator) = (now_.facility_id, now_.indicator)
        and year_before.month = %(month)s::date - interval '1 year'
    where now_.month = %(month)s
      and not exists (
          select from limits nearer
          where limits.level = '' and nearer.level = now_.level
              and (nearer.indicator, nearer.against) = (limits.indicator, limits.against)
      )
)
insert into monitoring_alert (rule, facility_id, month, key, found, limit_id, found_at)
select
    'indicator', facility_id, %(month)s, concat_ws('|', facility_id, %(month)s::date, indicator, against),
    jsonb_build_object(
        'indicator', indicator, 'value', value::text, 'against', against,
        'reference', reference::text, 'figure', figure::text
    ),
    limit_id, now()
from held
where case
        when against <> 'figure' then value > reference * (1 + figure / 100)
        when indicator like '%%\_share' or indicator like '%%\_rate' then value > figure / 100
        else value > figure
    end
  and exists (select from monitoring_rulesetting setting where setting.rule = 'indicator' and setting.applied)
  and not exists (
      select from monitoring_alert earlier
      where earlier.rule = 'indicator'
          and earlier.key = concat_ws('|', facility_id, %(month)s::date, indicator, against)
  )
order by facility_id, indicator
