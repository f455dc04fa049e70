-- Forgets the lines of a run that was sent back or is computed again.
delete from accounts_runline where run_id = %(run)s
