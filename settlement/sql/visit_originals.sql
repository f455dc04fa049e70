-- What became of the visits that are taken back, and the transfers of each; nothing of those not settled yet.
select
    outcome.visit_id, date_part('year', visit.at at time zone 'Asia/Shanghai')::int, outcome.state, outcome.total,
    outcome.deductible, outcome.fund, outcome.over_limit, outcome.account, outcome.family_account, outcome.cash,
    outcome.delta::text, moved.transfers
from settlement_visitoutcome outcome
join settlement_visit visit on visit.id = outcome.visit_id
join settlement_visitchunk chunk on chunk.id = outcome.chunk_id
left join lateral (
    select array_agg(transfer.id order by transfer.id) as transfers
    from (
        select transfer.id
        from accounts_transfer transfer
        where outcome.moves > 0 and transfer.voucher_id = chunk.voucher_id
        order by transfer.id
        offset outcome.first_move
        limit outcome.moves
    ) transfer
) moved on true
where outcome.visit_id = any (%(visits)s)
