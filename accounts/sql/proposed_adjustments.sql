-- What an adjustment run proposes: every difference of late news, held back where the rules cannot tell yet.
create temporary table proposed on commit drop as
select
    person_id, month as covers, source, 'adjustment' as kind, due - credited as amount, 0 as attempt,
    county_id, status, base, standard, credited, held as code, parameter as detail, article
from @accounts/late_news news
