-- Enters the proposed selections, but for people who chose meanwhile, and gives the digest of what was entered.
with entered as (
    insert into insured_selection (person_id, facility_id, slot, first_month, last_month, kind, reason, run_id)
    select person_id, facility_id, slot, %(january)s, %(january)s::date + interval '11 months', 'carried', '', run_id
    from insured_proposedselection proposed
    where run_id = %(run)s and agreed
      and not exists (
          select from insured_selection chosen
          where chosen.person_id = proposed.person_id and chosen.slot = proposed.slot
            and chosen.first_month between %(january)s and %(january)s::date + interval '11 months'
      )
    order by person_id, slot
    returning person_id, facility_id, slot
)
select encode(sha256(convert_to(coalesce(string_agg(
    person_id || ' ' || facility_id || ' ' || slot, e'\n' order by person_id, slot
), ''), 'utf8')), 'hex')
from entered
