"""Applications for accounts: payouts, moves, inheritance, transfers in, and the undoing of any of them.

A clerk applies, a second person reviews, finance releases; undoing is audited instead of reviewed. What is
refused here in words the database refuses as well (migration 0021). Everything raises ValidationError.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts.carrying_out import carry_out
from accounts.interest import keep_years_apart
from accounts.models import (
    BY_BANK,
    OPEN,
    Account,
    Application,
    ApplicationApproval,
    ApplicationState,
    Share,
    Way,
)
from accounts.vouchers import hold
from insured.documents import document_index
from insured.models import Person
from office.models import Staff, StepKind
from office.policy import newest_version, pack_of
from office.signing import SIGNATURES, Standing, standing_to_sign
from policies.month import Month
from policies.pack import Pack
from policies.sections import PayoutRule

TRANSFER_IN, UNDOING = "transfer_in", "undoing"
# What no pack names: money comes in with whoever moves here, and what was done can be undone.
OWN_KINDS = {TRANSFER_IN: gettext_lazy("Transfer in"), UNDOING: gettext_lazy("Undoing")}
STEPS = {
    Way.NOBODY: [StepKind.REVIEW],
    Way.UNDOING: [StepKind.AUDIT, StepKind.RELEASE],
}
USUAL_STEPS = [StepKind.REVIEW, StepKind.RELEASE]
SIGNATURES[ApplicationApproval] = "application"


@dataclass(frozen=True, kw_only=True)
class Payee:
    """Who is paid: into a bank account, or, by the document number, into an heir's own account."""

    name: str
    parts: int = 1
    bank_name: str = ""
    bank_account: str = ""
    document_number: str = ""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where money comes from, or moves to; `document` names the paper it came with, `amount` is yuan."""

    area: str = ""
    area_code: str = ""
    document: str = ""
    amount: object = None


def rules_of(account: Account) -> Pack:
    return pack_of(newest_version(scheme=account.scheme))


def rule_of(pack: Pack, kind: str) -> PayoutRule:
    rule = next((rule for rule in pack.account_payouts if rule.code == kind), None)
    if rule is None:
        raise ValidationError(_("The rules here know no such reason to pay out an account."))
    return rule


def kinds_open_to(account: Account) -> list[PayoutRule]:
    """The reasons for which the account could be paid out or moved as the person stands now."""
    if account.closed_on:
        return []
    return [rule for rule in rules_of(account).account_payouts if rule.ways and not missing(account, rule)]


def missing(account: Account, rule: PayoutRule) -> str:
    """What has to be on record of the person first, in words; empty when nothing is missing."""
    person, month = account.person, Month.of(timezone.localdate())
    if rule.needs == "died" and person.died_on is None:
        return _("No death is recorded of this person (article %s): record it first.") % rule.article
    if rule.needs != "died" and person.died_on is not None:
        return _("This person died on %(day)s: the account goes to the heirs.") % {"day": person.died_on}
    spells = person.enrolments.filter(scheme=account.scheme)
    if rule.needs == "ended" and any(s.last_month is None or s.last_month > month for s in spells):
        return _("This person is still insured (article %s): record the ending first.") % rule.article
    return ""


@transaction.atomic
def apply(
    account: Account,
    *,
    kind: str,
    way: str,
    evidence: dict[str, tuple[str, date | None]],
    payees: Sequence[Payee] = (),
    origin: Origin = Origin(),
    by: Staff,
    instead_of: Application | None = None,
) -> Application:
    """Ask for a payout or a move by the rules; `evidence` are numbers and dates of documents by their code.

    `instead_of` is an application that was sent back, and is now asked for anew.
    """
    version = newest_version(scheme=account.scheme)
    pack = pack_of(version)
    rule = rule_of(pack, kind)
    if told := missing(account, rule):
        raise ValidationError(told)
    if way not in rule.ways:
        raise ValidationError(
            {"way": _("The money cannot go there (article %(article)s).") % {"article": rule.article}}
        )
    _demand_evidence(pack, rule, way, evidence)
    if way == Way.AGENCY and not origin.area:
        raise ValidationError({"area": _("Say to which area the money moves.")})
    application = _begin(account, instead_of, by=by)
    application.kind, application.way, application.policy = kind, way, version
    application.closes = rule.closes
    application.evidence = [
        {"code": code, "number": number.strip(), "day": day and day.isoformat()}
        for code, (number, day) in evidence.items()
        if code in rule.ways[way]
    ]
    application.area, application.area_code = origin.area.strip(), origin.area_code.strip()
    application.recover_from = _employer_of(account) if rule.recover_from == "employer" else None
    _save(application)
    _share_out(application, payees, scheme=account.scheme)
    return application


@transaction.atomic
def bring_in(
    account: Account, *, origin: Origin, day: date, by: Staff, instead_of: Application | None = None
):
    """Ask for money that another area has sent to be credited; `day` is the date of its document."""
    application = _begin(account, instead_of, by=by)
    application.kind, application.way = TRANSFER_IN, Way.TAKEN_IN
    application.policy = newest_version(scheme=account.scheme)
    application.area, application.area_code = origin.area.strip(), origin.area_code.strip()
    application.document, application.amount = origin.document.strip(), origin.amount
    application.evidence = [
        {"code": "transfer_letter", "number": application.document, "day": day.isoformat()}
    ]
    _save(application)
    return application


@transaction.atomic
def undo(done: Application, *, reason: str, by: Staff) -> Application:
    """Ask for what was done to be undone: the money moves back and the account opens again."""
    done = Application.objects.select_for_update().get(pk=done.pk)
    if done.state != ApplicationState.DONE or done.way == Way.UNDOING:
        raise ValidationError(_("Only what was done can be undone, and once."))
    undoing = Application(
        account=done.account,
        kind=UNDOING,
        way=Way.UNDOING,
        policy=done.policy,
        reverses=done,
        reason=reason,
        applied_by=by,
        applied_at=timezone.now(),
    )
    _save(undoing)
    return undoing


def steps_of(application: Application) -> list[StepKind]:
    return STEPS.get(application.way, USUAL_STEPS)


def signatures_of(application: Application) -> list[ApplicationApproval]:
    """The signatures that count: those of what the application is now."""
    signed = application.approvals.filter(hash=hash_of(application)).select_related("person", "on_behalf_of")
    return list(signed.order_by("number"))


def hash_of(application: Application) -> str:
    [(found,)] = _asked(
        "select accounts_application_hash(asked) from accounts_application asked where id = %s",
        application.pk,
    )
    return found


def next_step(application: Application) -> StepKind | None:
    """The step that waits to be signed; None where nothing does."""
    if application.state not in (ApplicationState.APPLIED, ApplicationState.REVIEWED):
        return None
    return steps_of(application)[len(signatures_of(application))]


def standing_of(application: Application, staff: Staff) -> Standing:
    """Whether somebody may sign the next step, in their own right or in that of whoever delegated it."""
    return standing_to_sign(
        next_step(application),
        staff=staff,
        county=application.account.person.county_id,
        asked_by=application.applied_by,
        signed=signatures_of(application),
    )


@transaction.atomic
def sign(application: Application, *, by: Staff, seen: str | None = None) -> Application:
    """Sign the next step; with the last one it is done: money moves, and the account is closed or opened.

    `seen` is `seen_of` what was looked at: what has changed since is not signed.
    """
    if application.closes or application.reverses_id:
        keep_years_apart(application.account.scheme)
    application = Application.objects.select_for_update(of=["self"]).get(pk=application.pk)
    hold(application.account)
    standing = standing_of(application, by)
    if standing.refusal:
        raise ValidationError(standing.refusal)
    if seen not in (None, seen_of(application)):
        raise ValidationError(_("This was changed or signed since you looked at it; look again."))
    step, number = next_step(application), len(signatures_of(application)) + 1
    ApplicationApproval.objects.create(
        application=application,
        number=number,
        step=step,
        person=by,
        on_behalf_of=standing.on_behalf_of,
        hash=hash_of(application),
    )
    if number < len(steps_of(application)):
        application.state = ApplicationState.REVIEWED
        application.save(update_fields=["state"])
    else:
        carry_out(application)
    return application


def seen_of(application: Application) -> str:
    """What a page carries, so that only what was looked at is signed: steps, hash and balance."""
    balance = Account.objects.values_list("balance", flat=True).get(pk=application.account_id)
    return f"{len(signatures_of(application))} {hash_of(application)} {balance}"


def send_back(application: Application, *, reason: str) -> None:
    """Give it back to be corrected and asked for anew."""
    if application.way in (Way.UNDOING,):
        raise ValidationError(_("An undoing is agreed to or cancelled."))
    _change(application, ApplicationState.RETURNED, reason=reason)


def cancel(application: Application, *, reason: str) -> None:
    _change(application, ApplicationState.CANCELLED, reason=reason)


def _change(application: Application, state: ApplicationState, *, reason: str) -> None:
    if not reason.strip():
        raise ValidationError({"reason": _("Give a reason.")})
    changed = Application.objects.filter(pk=application.pk, state__in=OPEN).update(
        state=state, reason=reason.strip()
    )
    if not changed:
        raise ValidationError(_("This is over: look at how things stand now."))


def _begin(account: Account, instead_of: Application | None, *, by: Staff) -> Application:
    account = Account.objects.get(pk=account.pk)
    if account.closed_on:
        raise ValidationError(_("The account was closed on %(day)s.") % {"day": account.closed_on})
    if instead_of is None:
        return Application(account=account, applied_by=by, applied_at=timezone.now())
    application = Application.objects.select_for_update(of=["self"]).get(pk=instead_of.pk)
    if application.state != ApplicationState.RETURNED:
        raise ValidationError(_("Only what was sent back is corrected."))
    application.shares.all().delete()
    application.revision += 1
    application.state = ApplicationState.APPLIED
    application.applied_by, application.applied_at = by, timezone.now()
    return application


def _save(application: Application) -> None:
    application.validate_constraints()
    try:
        with transaction.atomic():
            application.save()
    except IntegrityError:
        raise ValidationError(_("There is an open application for this account already.")) from None


def _share_out(application: Application, payees: Sequence[Payee], *, scheme: str) -> None:
    if application.way == Way.NOBODY:
        return
    several = application.way in (Way.HEIRS, Way.HEIR_ACCOUNTS)
    if not payees or (len(payees) > 1 and not several):
        raise ValidationError(_("Say who is paid.") if not payees else _("Only one payee is possible here."))
    if application.way == Way.PERSON and payees[0].name.strip() != application.account.person.name:
        raise ValidationError(
            _("The bank account has to be in the name of the person, %(name)s.")
            % {"name": application.account.person.name}
        )
    for payee in payees:
        share = Share(application=application, name=payee.name.strip(), parts=payee.parts)
        if application.way in BY_BANK:
            if not (share.name and payee.bank_name.strip() and payee.bank_account.strip()):
                raise ValidationError(_("Give holder, bank and number of the bank account."))
            share.pay_into(
                bank_name=payee.bank_name.strip(), bank_account=payee.bank_account.replace(" ", "")
            )
        else:
            share.account = _heirs_own(application, payee, scheme=scheme)
        share.save()


def account_of_heir(document: bytes, *, name: str, scheme: str) -> int | None:
    """The number of an heir's open account, in whatever county; for whoever knows name and document."""
    [(found,)] = _asked("select accounts_of_heir(%s, %s, %s)", document, name, scheme)
    return found


def _heirs_own(application: Application, payee: Payee, *, scheme: str) -> Account:
    number = document_index(payee.document_number.strip().upper())
    found = account_of_heir(number, name=payee.name.strip(), scheme=scheme)
    if found is None or found == application.account_id:
        raise ValidationError(
            _("No open personal account is on record of %(name)s with this document.") % {"name": payee.name}
        )
    return Account(pk=found, scheme=scheme)


def _demand_evidence(pack: Pack, rule: PayoutRule, way: str, evidence: dict) -> None:
    lacking = [
        str(text_of(pack.evidence[code]))
        for code in rule.ways[way]
        if code not in evidence or not evidence[code][0].strip()
    ]
    if lacking:
        raise ValidationError(
            _("These documents are missing (article %(article)s): %(documents)s")
            % {"article": rule.article, "documents": "、".join(lacking)}
        )
    for code in rule.ways[way]:
        day = evidence[code][1]
        if day is not None and day > timezone.localdate():
            raise ValidationError(
                _("%(document)s: this day is still to come.") % {"document": text_of(pack.evidence[code])}
            )


def _employer_of(account: Account):
    person: Person = account.person
    spell = (
        person.enrolments.filter(scheme=account.scheme, employer__isnull=False)
        .order_by("-first_month")
        .first()
    )
    return spell and spell.employer


def text_of(text) -> str:
    """A text of a pack in the language of whoever asks."""
    return text.zh if (get_language() or "zh").startswith("zh") else text.en


def doubtful(bank_account: str) -> str:
    """Why a bank account may be mistyped, in words; cards have a check digit, other accounts none."""
    number = bank_account.replace(" ", "")
    if not (number.isascii() and number.isdigit() and 9 <= len(number) <= 30):
        return _("It is not 9 to 30 digits.")
    digits = [int(digit) for digit in reversed(number)]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    if 16 <= len(number) <= 19 and number.startswith("62") and (sum(digits[::2]) + doubled) % 10:
        return _("The check digit of this card is wrong.")
    return ""


def label_of(application: Application) -> str:
    """What is asked for, in the words of the rules."""
    if application.kind in OWN_KINDS:
        return str(OWN_KINDS[application.kind])
    return text_of(rule_of(pack_of(application.policy), application.kind).text)


def _asked(question: str, *parameters) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(question, parameters)
        return cursor.fetchall()
