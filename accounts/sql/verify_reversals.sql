-- Reversals that are not the exact mirror of the transfer they name, or belong to the reversal of another run.
select 'transfer ' || back.id || ' reverses ' || back.reverses_id
from accounts_transfer back
left join accounts_transfer origin on origin.id = back.reverses_id
left join office_run run on run.id = back.run_id and run.kind = 'reversal'
where back.reverses_id is not null and (
    origin.id is null
    or (back.debit_id, back.credit_id, back.amount, back.covers)
        <> (origin.credit_id, origin.debit_id, origin.amount, origin.covers)
    or run.reverses_id <> origin.run_id
)
order by back.id
limit 1
