-- The mirror of a run: every transfer it posted, back from its credited to its debited account.
insert into accounts_runline
    (run_id, chunk, debit_id, credit_id, amount, kind, covers, reverses_id, county_id, status, base, standard)
select
    %(run)s, posted.chunk, posted.credit_id, posted.debit_id, posted.amount, 'reversal', posted.covers, posted.id,
    line.county_id, coalesce(line.status, ''), line.base, coalesce(line.standard, '')
from accounts_transfer posted
left join accounts_runline line
    on line.run_id = posted.run_id and line.chunk = posted.chunk
    and line.credit_id = posted.credit_id and line.debit_id = posted.debit_id and line.covers = posted.covers
where posted.run_id = %(reversed)s
order by posted.chunk, posted.id
