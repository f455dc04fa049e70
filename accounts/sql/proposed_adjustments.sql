-- What an adjustment run proposes: every difference of late news, held back where the rules cannot tell yet.
create temporary table proposed on commit drop as
select
    news.person_id, month as covers, source, 'adjustment' as kind, due - credited as amount, 0 as attempt,
    county_id, status, base, standard, credited,
    case when closed.id is null then held else 'account_closed' end as code, parameter as detail, article
from @accounts/late_news news
left join accounts_account closed
    on closed.person_id = news.person_id and closed.kind = 'person' and closed.scheme = %(scheme)s
    and closed.closed_on is not null
