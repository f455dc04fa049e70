-- Counts the heads of a month and writes them down, with a digest over who counts where.
with counted as materialized (
    select facility_id, chosen_id, count(*) as heads, array_agg(person_id order by person_id) as people
    from ({heads}) head
    group by facility_id, chosen_id
),
entered as (
    insert into settlement_headcount (scheme, month, number, heads, at, by_id, run_id, reason, digest)
    select
        %(scheme)s, %(month)s, %(number)s, coalesce(sum(heads), 0), %(at)s, %(by)s, %(run)s, %(reason)s,
        encode(sha256(convert_to(coalesce(string_agg(
            facility_id || ' ' || chosen_id || ' ' || people::text, e'\n' order by facility_id, chosen_id
        ), ''), 'utf8')), 'hex')
    from counted
    returning id
)
insert into settlement_headcountline (headcount_id, facility_id, chosen_id, heads, people)
select entered.id, facility_id, chosen_id, heads, people
from entered, counted
order by facility_id, chosen_id
