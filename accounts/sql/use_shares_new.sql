-- Which account paid what of each use of the file, with its transfer: a voucher's transfers are in the shares' order.
insert into accounts_useshare (use_id, place, account_id, link_id, amount, refunded, transfer_id)
select
    use.id, share.place - 1, (share.told ->> 'account')::bigint, (share.told ->> 'link')::bigint,
    (share.told ->> 'amount')::numeric, 0, moved.id
from accepted
join accounts_accountuse use
    on use.bill_number = accepted.bill_number and use.purpose = accepted.purpose_code and use.scheme = %(scheme)s
    and use.facility_id is not distinct from accepted.facility_id
cross join jsonb_array_elements(accepted.shares) with ordinality as share (told, place)
join (
    select id, voucher_id, row_number() over (partition by voucher_id order by id) as place
    from accounts_transfer
    where voucher_id in (
        select voucher_id from accounts_accountuse where bill_number in (select bill_number from accepted)
    )
) moved on moved.voucher_id = use.voucher_id and moved.place = share.place
order by accepted.number, share.place
