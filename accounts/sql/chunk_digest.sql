-- The digest of all transfers of one chunk of a run.
select accounts_posted_digest(
    encode(sha256(convert_to(string_agg(
        @accounts/transfer_text, e'\n'
        order by credit_id, debit_id, covers, amount, kind, attempt, reverses_id
    ), 'utf8')), 'hex'),
    min(month), max(month), min(created_at), max(created_at)
)
from accounts_transfer
where run_id = %(run)s and chunk = %(chunk)s
