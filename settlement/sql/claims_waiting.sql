-- The claims that wait for a member of staff, by state: how many, over how much of the fund, since when.
select state, count(*), sum(fund), min(entered_at)
from @settlement/claims_mine mine
group by state
