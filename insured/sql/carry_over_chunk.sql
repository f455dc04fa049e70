-- What a carry-over will enter, as one chunk: half a carry-over would be worse than none.
insert into office_runchunk (run_id, number, rows, amount, digest, posted_digest)
select run_id, 1, count(*), 0, encode(sha256(convert_to(string_agg(
    person_id || ' ' || facility_id || ' ' || slot, e'\n' order by person_id, slot
), 'utf8')), 'hex'), ''
from insured_proposedselection
where run_id = %(run)s and agreed
group by run_id
