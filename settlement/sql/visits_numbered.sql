-- The visits of the file with their numbers, each person's together and in order of time, in chunks of whole people.
create temporary table visits_numbered on commit drop as
select nextval(pg_get_serial_sequence('settlement_visit', 'id')) as id, placed.*
from (
    select
        number, facility_code, bill, batch.id as batch_id,
        1 + (min(place) over (partition by ordered.scheme, person_id) - 1) / %(size)s as chunk
    from (
        select
            number, scheme, person_id, facility_code, bill,
            row_number() over (partition by scheme order by person_id, at, number) as place
        from accepted
    ) ordered
    join settlement_visitbatch batch on batch.import_file_id = %(import)s and batch.scheme = ordered.scheme
    order by batch.id, place
) placed
