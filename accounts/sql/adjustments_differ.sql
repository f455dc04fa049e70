-- Lines of an adjustment run that late news no longer bears out, or bears out otherwise.
select coalesce(news.person_id, line.person_id)
from (select * from @accounts/late_news found where due is not null) news
full join (
    select
        account.person_id, line.covers as month, source.kind as source,
        case when line.credit_id = account.id then line.amount else -line.amount end as amount
    from accounts_runline line
    join accounts_account account on account.id in (line.debit_id, line.credit_id) and account.kind = 'person'
    join accounts_account source on source.id in (line.debit_id, line.credit_id) and source.kind <> 'person'
    where line.run_id = %(run)s
) line on line.person_id = news.person_id and line.month = news.month and line.source = news.source
where news.due - news.credited is distinct from line.amount
limit 1
