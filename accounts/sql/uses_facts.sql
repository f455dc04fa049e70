-- What each row of a file of uses meets: the person, the rules of its day, who is paid and under which agreement, the
-- same bill on record and in the file, and what the accounts that may pay for it have left by then.
create temporary table facts on commit drop as
with rule as materialized (
    select *
    from jsonb_to_recordset(%(rules)s::jsonb) as rule
        (code text, names text[], article text, starts date, ends date, people text[], paid_to text[], banned boolean)
),
people as materialized (
    select document_index, count(*) as people, min(id) as id, min(county_id) as county_id
    from insured_person
    where merged_into_id is null and document_index in (select document_index from typed)
    group by document_index
),
known as materialized (
    select
        line.*,
        coalesce(person.people, 0) as people, case when person.people = 1 then person.id end as person_id,
        person.county_id as person_county_id, county.code as county_code,
        facility.id as facility_id, facility.county_id as facility_county_id,
        case
            when line.facility_code is null then 'premiums'
            when facility.kind = 'pharmacy' then 'pharmacy'
            when facility.id is not null then 'facility'
        end as payee,
        facility.id is null or exists (
            select from facilities_contracted contracted
            where contracted.facility_id = facility.id and contracted.days @> line.day
                and contracted.kind in ('account', 'outpatient')
        ) as contracted,
        line.day >= %(starts)s::date and line.day <= coalesce(%(ends)s::date, line.day) as in_force
    from typed line
    left join people person on person.document_index = line.document_index
    left join office_county county on county.id = person.county_id
    left join facilities_facility facility on facility.code = line.facility_code
),
-- The rules of the purpose: those of the day, or else what says that there are others.
ruled as materialized (
    select
        known.*, told.purpose_code, told.named_article, told.ban_article, told.use_articles, told.use_people,
        coalesce(told.may_be_paid, false) as may_be_paid,
        count(*) over same_bill > 1 and known.bill_number is not null as bill_twice
    from known
    left join lateral (
        select
            min(rule.code) as purpose_code,
            min(rule.article) as named_article,
            min(rule.article) filter (where rule.banned and holds) as ban_article,
            string_agg(distinct rule.article, '、') filter (where not rule.banned and holds) as use_articles,
            array_agg(relation) filter (where not rule.banned and holds) as use_people,
            bool_or(known.payee = any(rule.paid_to)) filter (where not rule.banned and holds) as may_be_paid
        from rule
        cross join lateral (
            select coalesce(rule.starts <= known.day, true) and coalesce(rule.ends >= known.day, true) as holds
        ) dated
        left join lateral unnest(rule.people) as relation on true
        where known.purpose = any(rule.names)
    ) told on true
    window same_bill as (
        partition by facility_code, case when facility_code is null then purpose end, bill_number
    )
),
met as materialized (
    select
        ruled.*,
        entered.id is not null as on_record,
        coalesce(
            entered.person_id = ruled.person_id and entered.purpose = purpose_code and entered.day = ruled.day
                and entered.amount = ruled.amount,
            false
        ) as same
    from ruled
    left join accounts_accountuse entered
        on entered.bill_number = ruled.bill_number
        and (
            entered.facility_id = ruled.facility_id
            or ruled.facility_code is null and entered.facility_id is null and entered.scheme = %(scheme)s
                and entered.purpose = purpose_code
        )
),
paid as materialized (
    select *
    from accounts_split_uses(%(scheme)s, (
        select coalesce(jsonb_agg(jsonb_build_object(
            'number', number, 'person', person_id, 'day', day, 'amount', amount, 'people', use_people
        )), '[]')
        from met
        where problems = '{}' and person_id is not null and in_force and day <= %(today)s and amount > 0
            and ban_article is null and use_people is not null and may_be_paid and contracted
            and not bill_twice and not on_record
            and (%(counties)s::bigint[] is null or person_county_id = any(%(counties)s::bigint[]))
    ))
)
select
    met.*,
    number::text as key, null::text as relies_on, not same as is_new,
    paid.of_row is not null as asked, paid.payers, paid.closed_on, paid.held, paid.shares,
    %(counties)s::bigint[] is null or facility_county_id = any(%(counties)s::bigint[]) or exists (
        select from jsonb_array_elements(paid.shares) as share
        join accounts_account account on account.id = (share ->> 'account')::bigint
        join insured_person holder on holder.id = account.person_id
        where holder.county_id = any(%(counties)s::bigint[])
    ) as in_sight,
    parts.own_part, paid.held - parts.own_part as family_part,
    (
        select rule.article from rule
        where rule.code = purpose_code and not rule.banned and paid.shares -> 0 ->> 'relation' = any(rule.people)
            and coalesce(rule.starts <= met.day, true) and coalesce(rule.ends >= met.day, true)
        limit 1
    ) as article
from met
left join paid on paid.of_row = met.number
left join lateral (
    select coalesce(sum((share ->> 'amount')::numeric), 0)::numeric(14, 2) as own_part
    from jsonb_array_elements(paid.shares) as share
    where share ->> 'relation' = 'self'
) parts on paid.of_row is not null
