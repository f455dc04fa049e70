-- Facilities of which a placement begins this month show it.
update facilities_facility facility
set level = placed.level, parent_id = placed.parent_id, office = placed.office
from facilities_placed placed
where placed.facility_id = facility.id and placed.days @> date_trunc('month', agency_today())::date
  and (facility.level, facility.parent_id, facility.office)
      is distinct from (placed.level, placed.parent_id, placed.office)
