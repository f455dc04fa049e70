-- The accounting month of what is posted in a month outside runs: the first that is open. The books stay as they are
-- until the transaction ends.
select greatest(%(month)s::date, (office_closed_through() + interval '1 month')::date)
