-- Reversals that are not the exact mirror of the transfer they name.
select 'transfer ' || back.id || ' reverses ' || back.reverses_id
from accounts_transfer back
left join accounts_transfer origin on origin.id = back.reverses_id
where back.kind = 'reversal' and (
    origin.id is null
    or (back.debit_id, back.credit_id, back.amount, back.covers)
        <> (origin.credit_id, origin.debit_id, origin.amount, origin.covers)
)
order by back.id
limit 1
