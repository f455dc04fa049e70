-- The day of a chunk's first visit in number.
select (at at time zone 'Asia/Shanghai')::date from settlement_visit where id = lower(%(visits)s::int8multirange)
