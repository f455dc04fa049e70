"""Files that are taken away are written down, and those whose time is over are not there."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from office import imports
from office.models import AccessRecord, Act, ImportFile

REJECTED = "证件号码,姓名,险种,参保身份,月缴费基数,生效年月,区县代码\n1,=1+1,310,在职,-5,2023-03,441602\n"


def taken(act: Act) -> list[tuple]:
    return list(AccessRecord.objects.filter(act=act).values_list("username", "subject", "detail"))


@pytest.mark.parametrize("extension", ["xlsx", "csv"])
def test_a_runs_table_is_noted_as_exported(office, sign_in, extension):
    run = office.february
    assert sign_in("auditor").get(f"/office/run/{run.pk}/table.{extension}").status_code == 200
    assert taken(Act.EXPORT) == [("auditor", f"office.run {run.pk}", extension)]


def test_a_returned_workbook_is_noted_and_gone_when_its_time_is_over(upload, sign_in):
    import_file, clerk = upload(REJECTED), sign_in("clerk")
    address = f"/office/importfile/{import_file.pk}/"
    assert clerk.get(f"{address}returned.xlsx").status_code == 200
    assert taken(Act.DOWNLOAD) == [("clerk", f"office.importfile {import_file.pk}", "returned workbook")]
    ImportFile.objects.update(created_at=timezone.now() - timedelta(days=settings.UPLOADS_KEPT_DAYS))
    imports.forget_old_files()
    assert clerk.get(f"{address}returned.xlsx").status_code == 404
    page = clerk.get(f"{address}change/").content.decode()
    assert "按保存期限删除" in page
    assert "returned.xlsx" not in page
