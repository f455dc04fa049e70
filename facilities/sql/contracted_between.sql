-- The facilities that work under an agreement of a kind, their own or their parent's, on any of the days.
select distinct facility_id
from facilities_contracted
where kind = %(kind)s and days && daterange(%(first)s, %(last)s, '[]')
