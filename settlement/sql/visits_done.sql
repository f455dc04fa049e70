-- A second file in the same transaction numbers its own.
drop table visits_numbered
