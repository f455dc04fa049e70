-- What is proposed as lines of the run: to the person's account, or back from it where below zero.
insert into accounts_runline
    (run_id, chunk, debit_id, credit_id, amount, kind, covers, attempt, county_id, status, base, standard, credited)
select
    %(run)s, proposed.person_id / %(chunk_size)s,
    case when amount > 0 then source.id else account.id end,
    case when amount > 0 then account.id else source.id end,
    abs(amount), proposed.kind, covers, attempt, county_id, status, base, standard, credited
from proposed
join accounts_account account
    on account.person_id = proposed.person_id and account.scheme = %(scheme)s and account.kind = 'person'
join accounts_account source
    on source.kind = proposed.source and source.scheme = %(scheme)s
    and num_nulls(source.person_id, source.facility_id, source.employer_id) = 3
where code = ''
order by proposed.person_id, covers, proposed.kind, amount
