-- The digest of all transfers of one chunk of a run.
select encode(sha256(convert_to(string_agg(
    debit_id || ' ' || credit_id || ' ' || amount || ' ' || covers, e'\n' order by credit_id, debit_id, covers, amount
), 'utf8')), 'hex')
from accounts_transfer
where run_id = %(run)s and chunk = %(chunk)s
