"""What became of a record and of what belongs to it, newest first, at the foot of its page."""

from django.db.models import F, Func, Model, Q, QuerySet, Value
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from office.admin.changes import NAMES, business_of, kind_name, lines_of, openable, what, where_from, who
from office.admin.panels import Pages, Panel, first_of
from office.fields import NumbersField, numbers
from office.history import RECORDED
from office.models import History, Operation

SHOWN = 20


def timeline(request, record: Model, *, along: tuple[str, ...] = ()) -> Panel | None:
    """The history of a record, and of its records `along` relations such as a person's spells."""
    if record._meta.label_lower not in RECORDED:
        return None
    told = [record, *(other for name in along for other in getattr(record, name).all())]
    found = history_of(told)
    first = first_of(request.GET.get("history_from"), total := found.count())
    changes = list(found[first : first + SHOWN])
    lines, may_open = lines_of(changes), openable(changes, reader=request.user)
    names = {(other._meta.label_lower, other.pk): other for other in told[1:]}
    return Panel(
        title=_("History"),
        columns={
            pgettext("history", "When"): "text",
            pgettext("history", "Who"): "text",
            pgettext("history", "From where"): "text",
            pgettext("history", "What"): "text",
            pgettext("history", "Belongs to"): "text",
        },
        rows=[
            (
                change.at,
                who(change),
                where_from(change),
                _of_whom(change, names, what(change, lines.get(change.pk, []))),
                business_of(change, openable=may_open),
            )
            for change in changes
        ],
        pages=Pages(first, total, "history_from", "#history", shown=SHOWN),
        anchor="history",
    )


def history_of(records: list[Model]) -> QuerySet[History]:
    """All changes of the records; `among` are those of them that a statement entered."""
    of_any = Q()
    by_kind: dict[str, list[int]] = {}
    for record in records:
        by_kind.setdefault(record._meta.label_lower, []).append(record.pk)
    for model, numbers_of in by_kind.items():
        of_any |= Q(model=model, record__in=numbers_of) | Q(model=model, ids__meets=numbers_of)
    keys = Value(numbers(record.pk for record in records), output_field=NumbersField())
    among = Func(F("ids"), keys, template="(%(expressions)s)", arg_joiner=" * ", output_field=NumbersField())
    return (
        History.objects.filter(of_any)
        .defer("ids")
        .annotate(among=among)
        .select_related("staff")
        .order_by("-id")
    )


def _of_whom(change: History, others: dict, said):
    """What was done, before it to which of the records that belong to the page's own."""
    if change.operation == Operation.INSERT:
        keys = [key for model, key in others if model == change.model and any(key in r for r in change.among)]
    else:
        keys = [change.record]
    named = [others[change.model, key] for key in keys if (change.model, key) in others]
    if not named:
        return said
    names = "、".join(str(NAMES.get(type(other), str)(other)) for other in named)
    return format_html('<span class="of-whom">{} {}</span> {}', kind_name(change.model), names, said)
