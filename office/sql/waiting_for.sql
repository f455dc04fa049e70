-- All that waits for a member of staff, oldest first: what, the record's number, since when, and whether it is
-- news to them. Asked on every page, for the count in the sidebar: by what runs say of themselves, without
-- working out any hash.
with whose as (  -- whose right to approve the person may use today
    select %(staff)s::bigint as id
    union
    select principal_id from office_delegation
    where delegate_id = %(staff)s and office_acts_for(delegate_id, principal_id)
),
open_run as (
    select
        run.id,
        run.kind,
        run.state,
        run.error,
        run.prepared_by_id,
        run.computed_at,
        coalesce(signed.number, 0) + 1 as next_number,
        run.chain[coalesce(signed.number, 0) + 1] as next_step,
        news.event,
        news.at
    from office_run run
    left join lateral (
        select number from office_runapproval
        where run_id = run.id and computation = run.computation order by id desc limit 1
    ) signed on true
    left join lateral (
        select id as event, at, act from office_runevent where run_id = run.id order by id desc limit 1
    ) news on true
    where run.state in ('draft', 'computed', 'reviewed', 'posting')
       or (run.state = 'cancelled' and news.act = 'refuse' and news.at > now() - interval '30 days')
),
mine as (
    select
        case when next_step = 'release' then 'release' else 'sign' end as what, id, event, at
    from open_run run
    where state in ('computed', 'reviewed') and next_step is not null and %(whole_city)s
      and exists (
          select from whose where office_holds(whose.id, run.next_step || '_run') and not exists (
              select from office_people_of_run(run.id) had_a_hand
              where had_a_hand.number <> run.next_number
                and had_a_hand.person in (office_person_of(whose.id), office_person_of(%(staff)s))
          )
      )
    union all
    select 'post', id, event, at from open_run
    where state = 'reviewed' and next_step is null and office_holds(%(staff)s, 'post_run')
    union all
    select 'correct', id, event, at from open_run
    where state = 'draft' and (error <> '' or computed_at is not null)
      and (prepared_by_id = %(staff)s or prepared_by_id is null)
      and office_holds(%(staff)s, case kind when 'reversal' then 'reverse_run' else 'prepare_run' end)
    union all
    select 'refused', id, event, at from open_run
    where state = 'cancelled' and prepared_by_id = %(staff)s
    union all
    select 'failed', id, event, at from open_run
    where state = 'posting' and error <> '' and office_holds(%(staff)s, 'post_run')
)
select what, mine.id, at, coalesce(seen.event, 0) < mine.event as news
from mine
left join office_seenrun seen on seen.run_id = mine.id and seen.staff_id = %(staff)s
where what <> 'refused' or coalesce(seen.event, 0) < mine.event
union all
select 'approve', id, created_at, false from office_policyversion
where state = 'submitted' and created_by_id is distinct from %(staff)s
  and %(may_approve)s
union all
select 'submit', id, created_at, false from office_policyversion
where state = 'draft' and created_by_id = %(staff)s and %(may_enter)s
union all
-- A file whose rows were all rejected is corrected and sent again.
select case when counts -> 'rejected' = counts -> 'rows' then 'send again' else 'confirm' end, id, created_at, false
from office_importfile
where state = 'checked' and uploaded_by_id = %(staff)s and %(may_import)s
order by 3
