-- The level of every facility in a month.
select facility_id, level from facilities_placed where days @> %(month)s::date
