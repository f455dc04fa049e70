-- Spells that begin in the month of a row of the file say what the row says.
update insured_enrolment spell
set status = accepted.status, retirement_group = accepted.new_retirement_group, base = accepted.base,
    employer_id = employer.id, county_id = accepted.county_id, last_month = accepted.ends
from accepted
left join insured_employer employer on employer.code = accepted.employer_code
where spell.id = accepted.same_id
