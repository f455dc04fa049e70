-- What a digest tells of a transfer, or of the line it is posted from. The month and the moment, which are the
-- same for a whole chunk, are told once for all (accounts_posted_digest).
concat_ws(' ', debit_id, credit_id, amount, covers, kind, attempt, coalesce(reverses_id, 0))
