-- Facilities of the record from a month on as the file says, and the parents of new ones from the beginning.
insert into facilities_placement (facility_id, first_month, level, parent_id, office)
select facility.id, placed_from, new_level, parent.id, new_office
from accepted
join facilities_facility facility on facility.code = accepted.code
left join facilities_facility parent on parent.code = new_parent_code
where placed_from is not null or accepted.facility_id is null and accepted.kind <> 'village_station' and parent_code is not null
order by facility.id
on conflict (facility_id, first_month) do update
set level = excluded.level, parent_id = excluded.parent_id, office = excluded.office, reason = ''
