-- People who selected a facility, or one under it, for a month.
select selection.facility_id, count(*)
from insured_selection selection
where selection.facility_id in (
        select facility_id from facilities_placed
        where days @> %(month)s::date and (facility_id = %(facility)s or parent_id = %(facility)s)
    )
    and selection.first_month <= %(month)s and selection.last_month >= %(month)s
group by selection.facility_id
