-- The digest of a headcount as its lines are now.
select encode(sha256(convert_to(coalesce(string_agg(
    facility_id || ' ' || chosen_id || ' ' || people::text, e'\n' order by facility_id, chosen_id
), ''), 'utf8')), 'hex')
from settlement_headcountline
where headcount_id = %(headcount)s
