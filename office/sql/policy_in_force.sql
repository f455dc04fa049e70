-- The version of a scheme's rules that holds in a month: the newest approved one that holds from then.
select id, sha256
from office_policyversion
where scheme = %(scheme)s and state = 'approved' and (effective is null or effective <= %(month)s::date)
order by number desc
limit 1
