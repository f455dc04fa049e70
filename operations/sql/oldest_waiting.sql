-- Since when the oldest work waits for a worker: runs from the last act of a person, files from their upload.
with runs as (
    select run.id, max(event.at) as since
    from office_run run
    join office_runevent event on event.run_id = run.id
    where run.error = ''
      and (run.state = 'posting' or run.state = 'draft' and run.computed_at is null)
    group by run.id
),
files as (
    select id, created_at as since
    from office_importfile
    where state in ('uploaded', 'checking', 'applying')
)
select (select extract(epoch from clock_timestamp() - min(since))::float8 from runs) as run_seconds,
       (select extract(epoch from clock_timestamp() - min(since))::float8 from files) as import_seconds
