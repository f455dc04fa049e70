"""The page of the trial: enter or paste visits, see each step with its article, compare all cities."""

from dataclasses import dataclass, field

from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from office.admin.figure_words import in_language
from office.admin.pages import page
from office.policy import shipped_packs
from policies.pack import Pack
from settlement.trial import Settled, as_line, settle
from settlement.trial_form import TrialForm, first_choice
from settlement.trial_words import problem, reason_of, room_name, state_name, step_name

# A longer address is refused by servers on the way.
LONGEST_LINK = 3500


@dataclass(kw_only=True)
class Shown:
    """One settled visit in words."""

    id: str
    state: str
    state_name: str
    reason: str
    deductible: str | None
    fund: str | None
    person: str | None
    steps: list = field(default_factory=list)  # (article, what, amount)
    rooms: list = field(default_factory=list)  # (what, article, most, used, left), in yuan
    given: str = ""


def trial_page(request):
    """The form, and once it is filled in the calculation; its address is the link that repeats it."""
    if request.method == "POST":
        form = TrialForm(request.POST)
        given = {name: value for name, value in form.data.items() if value and name in form.fields}
        address = f"{reverse('trial')}?{urlencode(given)}"
        if form.is_valid() and len(address) <= LONGEST_LINK:
            return redirect(address)
        return _shown(request, form)
    if request.GET:
        return _shown(request, TrialForm(request.GET), link=request.get_full_path())
    return _shown(request, TrialForm(initial={"rules": first_choice(), "level": "primary"}))


def _shown(request, form: TrialForm, *, link: str = ""):
    context = {"title": _("Trial calculation"), "form": form, "link": link}
    if form.is_bound and form.is_valid():
        pack = form.pack()
        context |= {"name": in_language(pack.title), "too_long": not link}
        context |= (
            {"columns": _columns(form)} if form.cleaned_data["compare"] else {"settled": _settled(form, pack)}
        )
    return page(request, "settlement/trial.html", context)


def _settled(form: TrialForm, pack: Pack) -> list[Shown]:
    lines = form.pasted or [as_line(form.visit(), pack=pack)]
    return [_in_words(one) for one in settle(pack=pack, lines=lines, parameters=form.figures)]


def _columns(form: TrialForm) -> list[tuple[str, list[Shown]]]:
    """The same visits under every city's published rules."""
    return [(in_language(pack.city.name), _settled(form, pack)) for pack in shipped_packs().values()]


def _in_words(one: Settled) -> Shown:
    result = one.result
    return Shown(
        id=result["id"] or "–",
        state=result["state"],
        state_name=state_name(result["state"]),
        reason=problem(result["reason"]) if result["state"] == "error" else reason_of(result),
        deductible=result["deductible"],
        fund=result["fund"],
        person=result["person"],
        steps=[(step["article"], step_name(step["rule"]), step["amount"]) for step in result["steps"]],
        rooms=[
            (room_name(room), room.article, _yuan(room.most), _yuan(room.used), _yuan(room.left))
            for room in one.rooms
        ],
        given=one.given,
    )


def _yuan(fen: int | None) -> str | None:
    return None if fen is None else f"{fen // 100}.{fen % 100:02d}"
