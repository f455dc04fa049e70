-- The day from which a transfer counts: when it was posted, but no later than the month in whose books it stands.
least(greatest((created_at at time zone 'Asia/Shanghai')::date, month), (month + interval '1 month')::date - 1)
