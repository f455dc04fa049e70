"""The made-up city's last thirteen months, lived through by the portal's own acts: every page has something
true to show. Whoever has a part in a month signs it as they would; nothing is written past the portal.
"""

import contextlib
import random
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from unittest import mock

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.utils import timezone

from insured.demo_city import USERNAMES, bring_in, city_files
from monitoring import demo_affairs, demo_fund, demo_visits, demo_watch, fund
from office import approvals, runs, versions
from office.chunks import post_chunks
from office.comparison import acknowledge
from office.kinds import kinds_of
from office.models import Origin, Run, RunKindName, Staff, StepKind
from office.periods import close
from office.policy import newest_version, pack_of, schemes_here
from policies.month import Month, months_between
from settlement import bank_files, batches, payment_orders, reconciling, statements
from settlement.models import (
    Difference,
    Explanation,
    OrderState,
    PaymentOrder,
    Prepayment,
    VisitBatch,
    VisitOutcome,
)

SIGNERS = {
    StepKind.CHECK: "reviewer",
    StepKind.REVIEW: "reviewer",
    StepKind.AUDIT: "auditor",
    StepKind.RELEASE: "finance_accountant",
}
# Figures the documents leave out, as an officer might have entered them; what is not here stays missing.
FIGURES = {"interest_rate": 0.35, "retired_monthly_credit": 102.79}
SUMS = ("visit__total", "fund", "account", "family_account", "cash")
# Months stay open for what comes late.
CLOSED_AFTER = 2


class Hands:
    """The people of the demo by their role."""

    def __getitem__(self, role: str) -> Staff:
        return Staff.objects.get(username=USERNAMES.get(role, role))


HANDS = Hands()


def live(*, people: int, seed: int, today: date, months: int) -> None:
    """The last `months` before today's, in the order in which the agency lives them.

    Of the months of last year before them only what its year end needs.
    """
    this_month = Month.of(today)
    begins = this_month - months
    city = City(people=people, seed=seed, today=today)
    first = Month(this_month.year - 1, 1)
    with on(first.first_day.replace(day=4)):
        for scheme in city.living:
            enter_figures(scheme=scheme, month=first)
    for month in months_between(first, this_month - 1):
        with on(month.first_day.replace(day=6)):
            for scheme in city.living:
                run(RunKindName.PREPAYMENT, scheme=scheme, month=month)
        with on(month.first_day.replace(day=20)):
            for scheme in city.living:
                demo_fund.receive(scheme=scheme, month=month, seed=city.seed, hands=HANDS)
        if month < begins:
            with on((month + 1).first_day.replace(day=4)):
                for scheme in city.living:
                    reported(city, scheme=scheme, month=month)
            with on((month + 1).first_day.replace(day=20)):
                for scheme in city.living:
                    run(RunKindName.CLEARING, scheme=scheme, month=month)
            continue
        for scheme in city.living:
            lived(city, scheme=scheme, month=month, wrong=month == begins + 1, last=month == this_month - 1)
        if month.number == 12:
            with on((month + 1).first_day.replace(day=26)):
                yearly(RunKindName.YEAR_END, city, year=month.year)
        if month + CLOSED_AFTER < this_month:
            close(month, by=HANDS["finance_accountant"], origin=Origin.PAGE)
        if month.number == 12:
            with on((month + 2).first_day.replace(day=9)):
                yearly(RunKindName.INTEREST, city, year=month.year)
    months_seen = list(months_between(begins, this_month - 1))
    demo_watch.watched(months_seen, schemes=city.living, today=today, hands=HANDS)
    fund.refresh()
    for scheme in city.living:
        demo_fund.budget(scheme=scheme, year=months_seen[-1].year, months=months_seen[-1].number)


def lived(city: "City", *, scheme: str, month: Month, wrong: bool, last: bool) -> None:
    """A month of a scheme, and what of it is done in the next.

    Of a `wrong` month the credits are taken back and posted anew; of the `last` one some affairs are open.
    """
    following = month + 1
    with on(month.first_day.replace(day=15)):
        run(RunKindName.ADJUSTMENT, scheme=scheme, month=month)
    with on(month.last_day):
        credit = run(RunKindName.CREDIT, scheme=scheme, month=month)
        if wrong and credit:
            reversed_and_repeated(credit)
    with on(following.first_day.replace(day=4)):
        report(city.visits(scheme, month), path=city.file("门诊费用", scheme, month))
    with on(following.first_day.replace(day=10)):
        # Of two months ago: what a month was credited for them meanwhile is late news.
        rows = city.endings(scheme, month - 1)
        bring_in("endings", rows, path=city.file("终止", scheme, month), by=HANDS["clerk"])
    with on(following.first_day.replace(day=12)):
        demo_affairs.at_the_counter(scheme=scheme, month=month, seed=city.seed, hands=HANDS, last=last)
    with on(following.first_day.replace(day=8)):
        reconcile(city, scheme=scheme, month=month)
    with on(following.first_day.replace(day=16)):
        state(scheme=scheme, month=month)
    with on(following.first_day.replace(day=20)):
        run(RunKindName.CLEARING, scheme=scheme, month=month)
        pay(scheme=scheme)
    if not last:
        with on(following.first_day.replace(day=25)):
            returned(city, scheme=scheme, month=month)


def quota_of(scheme: str, *, month: Month) -> Decimal | None:
    """What a facility is paid for a person and year, in yuan; None where visits are paid by item."""
    pack = pack_of(newest_version(scheme=scheme))
    return pack.value("quota_rate", month) if pack.capitation else None


def enter_figures(*, scheme: str, month: Month) -> None:
    """What the policy officer enters and a reviewer approves."""
    entered = None
    for name, figure in FIGURES.items():
        value = pack_of(newest_version(scheme=scheme)).values.get(name)
        if value is None or value.entry(month).figure is not None:
            continue
        entered = versions.enter_figure(
            scheme=scheme,
            value=name,
            first_month=month,
            article=value.entry(month).article,
            figure=figure,
            source="市医保局通知",
            by=HANDS["policy_officer"],
        )
    if entered:
        versions.submit(entered, by=HANDS["policy_officer"])
        versions.approve(entered, by=HANDS["reviewer"])


def reported(city: "City", *, scheme: str, month: Month) -> None:
    """What facilities said they used in a month whose visits are not told one by one."""
    rng = random.Random(f"{city.seed} {month}")
    prepaid = Prepayment.objects.filter(run__scheme=scheme, run__period=month)
    rows = [
        {
            "机构代码": line.facility.code,
            "年月": f"{month}",
            "实际发生": str(round(line.entitlement * Decimal(rng.uniform(1, 1.3)) * busy, 2)),
        }
        for line in prepaid.select_related("facility")
        for busy in [Decimal(city.town.busy[line.facility.code])]
    ]
    if rows:
        parameters = {"scheme": scheme, "year": month.year}
        path = city.file("实际发生", scheme, month)
        bring_in("usage", rows, path=path, by=HANDS["clerk"], parameters=parameters)


class City:
    """The made-up people and facilities, as the files say that made them."""

    def __init__(self, *, people: int, seed: int, today: date):
        self.seed = seed
        files = {
            title: list(rows) for _name, title, rows in city_files(people=people, seed=seed, today=today)
        }
        self.town = demo_visits.Town(files["定点机构"])
        self.living = {
            scheme: demo_visits.patients(files[f"参保登记-{scheme}"], files.get(f"选点-{scheme}", ()))
            for scheme in schemes_here()
        }
        self.quotas = {scheme: quota_of(scheme, month=Month.of(today)) for scheme in self.living}
        self.last_visits: dict[str, list[dict[str, str]]] = {}
        self.seen: dict[tuple[str, Month], set[str]] = {}  # in a month or the next

    def file(self, title: str, scheme: str, month: Month) -> Path:
        return (
            Path(settings.MEDIA_ROOT).parent / "demo-files" / f"{settings.CITY}-{title}-{scheme}-{month}.xlsx"
        )

    def visits(self, scheme: str, month: Month) -> list[dict[str, str]]:
        """The month's visits, and what of those before is taken back."""
        rows = demo_visits.visits(
            month=month,
            people=self.living[scheme],
            town=self.town,
            seed=self.seed,
            often=demo_visits.visits_a_month(quota=self.quotas[scheme]),
            accounts=RunKindName.CREDIT in kinds_of(scheme=scheme),
        )
        before = self.last_visits.get(scheme, ())
        self.last_visits[scheme] = rows
        who = {row["证件号码"] for row in rows}
        self.seen[scheme, month] = who
        self.seen.setdefault((scheme, month - 1), set()).update(who)
        return [
            *rows,
            *demo_visits.irregular(rows, month=month, busiest=self.town.busiest),
            *demo_visits.chronic(
                demo_affairs.certified(scheme=scheme),
                month=month,
                people=self.living[scheme],
                town=self.town,
                seed=self.seed,
            ),
            *demo_visits.refunds(before, month=month - 1, seed=self.seed),
        ]

    def endings(self, scheme: str, month: Month) -> list[dict[str, str]]:
        """Who died in the month or moved away; they visit nobody afterwards, but for one."""
        return demo_visits.endings(
            month=month,
            people=self.living[scheme],
            seen=self.seen.pop((scheme, month), set()),
            seed=self.seed,
        )


@contextlib.contextmanager
def on(day: date) -> Iterator[None]:
    """Let the portal take it for that day, at half past nine: what is done is booked in its month."""
    moment = timezone.make_aware(datetime.combine(day, time(9, 30)))
    with mock.patch.object(timezone, "now", lambda: moment):
        yield


def run(kind: RunKindName, *, scheme: str, month: Month) -> Run | None:
    """A month's run, prepared, signed by everybody it needs, and posted; None where there is no such run."""
    if kind not in kinds_of(scheme=scheme):
        return None
    opened = runs.prepare(kind=kind, scheme=scheme, period=month, by=HANDS["clerk"], origin=Origin.SCHEDULE)
    computed = runs.compute(opened.pk)
    if computed.rows or kind == RunKindName.PREPAYMENT:  # wholly offset it is to be cleared all the same
        return posted(computed)
    runs.cancel(computed, by=HANDS["clerk"], origin=Origin.PAGE, reason="本期无数据")
    return None


def reversed_and_repeated(posted_run: Run) -> None:
    """Somebody sees after posting that it was too early; it goes back as it came, and comes anew."""
    reversal = runs.reverse(
        posted_run, by=HANDS["reviewer"], origin=Origin.PAGE, reason="单位缴费基数核定有误，更正后重新计入"
    )
    posted(reversal)
    run(posted_run.kind, scheme=posted_run.scheme, month=posted_run.period)


def posted(computed: Run) -> Run:
    for excess in computed.excesses.filter(acknowledged_at=None):
        acknowledge(excess, by=HANDS["reviewer"], note="已与上月明细核对", origin=Origin.PAGE)
    while (step := approvals.next_step(computed)) and step.kind != StepKind.RELEASE:
        runs.approve(computed, by=HANDS[SIGNERS[StepKind(step.kind)]], origin=Origin.PAGE)
    runs.start_posting(computed, by=HANDS["finance_accountant"], origin=Origin.PAGE)
    post_chunks(computed.pk)
    computed.refresh_from_db()
    return computed


def report(rows: list[dict[str, str]], *, path: Path) -> None:
    """A file of visits, brought in and settled."""
    file = bring_in("visits", rows, path=path, by=HANDS["clerk"])
    for batch in VisitBatch.objects.filter(import_file=file):
        batches.settle(batch.pk)


def reconcile(city: City, *, scheme: str, month: Month) -> None:
    """Facilities report the month's totals; one counts a bill too many, which is explained."""
    ours = (
        VisitOutcome.objects.filter(
            visit__scheme=scheme,
            visit__at__gte=start_of(month),
            visit__at__lt=start_of(month + 1),
        )
        .values_list("visit__facility__code")
        .annotate(
            visits=Count("pk", filter=Q(visit__reverses=None)),
            refunds=Count("pk", filter=Q(visit__reverses__isnull=False)),
            **{f"sum_of_{name}": Sum(name) for name in SUMS},
        )
        .order_by("visit__facility__code")
    )
    rows = [
        {
            "机构代码": code,
            "年月": f"{month}",
            "险种": scheme,
            "人次": str(visits + (place == month.number)),
            "退费人次": str(refunds),
            "总费用": f"{total}",
            "统筹支付": f"{fund or 0}",
            "个人账户支付": f"{(account or 0) + (family or 0)}",
            "现金支付": f"{cash or 0}",
        }
        for place, (code, visits, refunds, total, fund, account, family, cash) in enumerate(ours)
    ]
    path = city.file("机构月报", scheme, month)
    bring_in("reported_months", rows, path=path, by=HANDS["clerk"])
    reconciling.compare(scheme=scheme, month=month)
    reconciling.settle(
        Difference.objects.filter(reconciliation__scheme=scheme, reconciliation__month=month),
        explanation=Explanation.OTHER,
        note="机构重复统计一张单据，已核实",
        by=HANDS["clerk"],
    )


def start_of(month: Month) -> datetime:
    return timezone.make_aware(datetime.combine(month.first_day, time.min))


def state(*, scheme: str, month: Month) -> None:
    """Every facility's statement, agreed with it and signed by all."""
    for statement in statements.draw_up(scheme=scheme, month=month, by=HANDS["clerk"]):
        statements.send(statement)
        statements.confirm(
            statement, name="院方代表", day=timezone.localdate(), reference=f"{statement}-回执"
        )
        for role in ("reviewer", "auditor", "finance_accountant"):
            statement = statements.sign(statement, by=HANDS[role])


def pay(*, scheme: str) -> None:
    """Everything that is owed goes through all hands to the bank and comes back paid."""
    for owed in payment_orders.payable():
        if owed.scheme == scheme:
            payment_orders.make(scheme=scheme, month=owed.month, source=owed.source, by=HANDS["clerk"])
    orders = PaymentOrder.objects.filter(scheme=scheme, state=OrderState.UNTOUCHED)
    if not orders:
        return
    payment_orders.review(orders, by=HANDS["finance_accountant"])
    reviewed = PaymentOrder.objects.filter(scheme=scheme, state=OrderState.REVIEWED)
    payment_orders.release(reviewed, by=HANDS["reviewer"])
    if not PaymentOrder.objects.filter(scheme=scheme, state=OrderState.RELEASED):
        return
    file = bank_files.make(scheme=scheme, template="icbc", by=HANDS["finance_cashier"])
    bank_files.write(file.pk)
    bank_files.take(file, by=HANDS["finance_cashier"])


def returned(city: City, *, scheme: str, month: Month) -> None:
    """What the bank says of its file: all is paid but the first order, whose account it does not know."""
    at_the_bank = PaymentOrder.objects.filter(scheme=scheme, state=OrderState.IN_TRANSIT).order_by("pk")
    rows = [
        {
            "支付单号": order.number,
            "结果": "成功" if place else "失败",
            "失败原因": "" if place else "账号户名不符",
            "支付日期": f"{timezone.localdate()}",
        }
        for place, order in enumerate(at_the_bank)
    ]
    if not rows:
        return
    bring_in("bank_returns", rows, path=city.file("银行回盘", scheme, month), by=HANDS["finance_accountant"])
    for failed in PaymentOrder.objects.filter(scheme=scheme, state=OrderState.FAILED):
        payment_orders.reissue(failed, by=HANDS["clerk"])


def yearly(kind: RunKindName, city: City, *, year: int) -> None:
    for scheme in city.living:
        run(kind, scheme=scheme, month=Month(year, 1))
