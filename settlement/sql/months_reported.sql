-- The months and facilities a file of reports is about, and those its bills were counted in before.
select scheme, month, facility_id from settlement_reportedtotal where import_id = %(file)s
union
select scheme, month, facility_id from settlement_reportedbill where import_id = %(file)s
union
select earlier.scheme, earlier.month, earlier.facility_id
from settlement_reportedbill told
join settlement_reportedbill earlier using (facility_id, bill, scheme, refund)
where told.import_id = %(file)s and told.version > 1 and earlier.version = told.version - 1
