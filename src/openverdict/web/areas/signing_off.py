"""Categories, signatures and what goes up: a case is put into a category, another person signs it or a decision off."""

from __future__ import annotations

from typing import Any

from openverdict.cases import checks
from openverdict.decisions import duties
from openverdict.decisions.categories import categories_of
from openverdict.decisions.models import Category, Decision
from openverdict.decisions.roles import Operation
from openverdict.decisions.subjects import Kind as SubjectKind
from openverdict.decisions.subjects import Subject, cases_of
from openverdict.decisions.turns import position
from openverdict.reports.labels import check_label
from openverdict.reports.subject_page import decided_on
from openverdict.web.answers import Go, GoneError, Page
from openverdict.web.areas.subjects import address_of, words_of
from openverdict.web.ask import Ask
from openverdict.web.forms import Field, Filled, Form, Kind
from openverdict.web.route import Route


def category_words(category: str) -> str:
    """A category as people say it."""
    return category.replace("_", " ")


def before_category(ask: Ask) -> Page:
    """What the case was put into so far."""
    case = ask.params["case"]
    found = categories_of(ask.store, case, user=ask.who)
    lede = "It is provisional until another person signs it off. " + (
        f"So far it is {category_words(found[-1].category)}, by {found[-1].user}."
        if found
        else "Nobody has put the case into one yet."
    )
    home = ask.to("cases.case", case=case)
    return Page({"lede": lede}, title="Category", crumbs=((f"Case {case}", home),))


def categorise(ask: Ask, filled: Filled) -> Go:
    """Put the case into a category."""
    case = ask.params["case"]
    with ask.writing() as writer:
        number = duties.categorise(
            ask.store, writer, case, filled["category"], filled["text"], done=filled["done"]
        )
    line = next(e for e in categories_of(ask.store, case, user=ask.who) if e.number == number)
    early = " Fewer checks than are always expected were done, so it is marked premature."
    said = f"Category {number} is recorded. Another person has to sign it off."
    return Go(ask.to("cases.case", case=case), said + (early if line.premature else ""))


def before_signing_category(ask: Ask) -> Page:
    """The category that is to be signed."""
    number = ask.params["category"]
    row = ask.store.rows(Category).filter(id=number).first()
    if row is None:
        raise GoneError(f"category {number}: there is none of this number")
    line = next(
        each
        for each in categories_of(ask.store, row.case_id, user=ask.who)
        if each.number == number
    )
    what = f"Case {row.case_id}: {category_words(line.category)}, by {line.user}"
    done = f"{line.checks_done} of {line.checks_needed} checks that are always expected were done"
    lede = f"{what}. {done}{': this is premature' if line.premature else ''}."
    home = ask.to("cases.case", case=row.case_id)
    return Page(
        {"lede": lede}, title=f"Sign category {number}", crumbs=((f"Case {row.case_id}", home),)
    )


def before_signing_decision(ask: Ask) -> Page:
    """The decision that is to be signed; not for who has still to say what they think themselves."""
    number, subject = _decision(ask)
    home = address_of(subject.kind, subject.key)
    if position(ask.store, subject, user=ask.who).hides_opinions:
        raise GoneError(
            f"decision {number}: you see what it says once you have said what you think; open {subject} first"
        )
    told = next(
        each for each in decided_on(ask.store, subject, user=ask.who) if each["decision"] == number
    )
    name = words_of(ask.store, subject.kind, subject.key)
    lede = f"{name}: {told['words']}, by {told['user']}. “{told['text']}”"
    return Page(
        {"lede": lede},
        title=f"Sign decision {number}",
        crumbs=((name, home),),
    )


def sign_category(ask: Ask, filled: Filled) -> Go:
    """Sign, or dissent."""
    number = ask.params["category"]
    row = ask.store.rows(Category).filter(id=number).first()
    said = _sign(ask, filled, "category", number)
    return Go(
        ask.to("record.waiting") if row is None else ask.to("cases.case", case=row.case_id), said
    )


def sign_decision(ask: Ask, filled: Filled) -> Go:
    """Sign, or dissent."""
    number, subject = _decision(ask)
    said = _sign(ask, filled, "decision", number)
    return Go(f"{address_of(subject.kind, subject.key)}#decide", said)


def _sign(ask: Ask, filled: Filled, kind: str, number: int) -> str:
    agrees = filled["agrees"] == "yes"
    with ask.writing() as writer:
        duties.sign_off(ask.store, writer, kind, number, agrees=agrees, dissent=filled["text"])
    return f"{kind.capitalize()} {number} is signed off." if agrees else "Your dissent is recorded."


def _decision(ask: Ask) -> tuple[int, Subject]:
    number = ask.params["decision"]
    row = ask.store.rows(Decision).filter(id=number).first()
    if row is None:
        raise GoneError(f"decision {number}: there is none of this number")
    kind = SubjectKind(row.subject_kind)
    return number, Subject(kind, row.subject, cases_of(ask.store, kind, row.subject))


def before_escalating(ask: Ask) -> Page:
    """How much is over its time."""
    waiting = duties.waiting(ask.store, ask.store.clock(), user=ask.who)
    late = sum(bool(each.days_over) for each in waiting)
    lede = (
        f"{late} answers about cases that you may list are over their time. Each goes up once, to the owner of its case "
        "or to whom you name; it is still waited for, and its clock does not stop."
    )
    return Page({"lede": lede})


def escalate(ask: Ask, filled: Filled) -> Go:
    """Let what is over its time go up."""
    with ask.writing() as writer:
        gone = duties.escalate(ask.store, writer, filled["to"] or None)
    said = f"{len(gone)} went up." if gone else "Nothing was left to go up."
    return Go(ask.to("record.waiting"), said)


def told_categories(ask: Ask, case: str) -> list[dict[str, Any]]:
    """The categories of a case for its page; `to`: where one that waits is signed."""
    return [
        {
            "number": each.number,
            "category": each.category,
            "words": category_words(each.category),
            "by": each.user,
            "at": each.at,
            "checks_done": each.checks_done,
            "checks_needed": each.checks_needed,
            "premature": each.premature,
            "signed_by": each.signed.user if each.signed else None,
            "agrees": each.signed.agrees if each.signed else None,
            "to": None if each.signed else ask.to("record.sign_category", category=each.number),
        }
        for each in categories_of(ask.store, case, user=ask.who)
    ]


SIGNING = Form(
    (
        Field(
            "agrees",
            "Do you agree?",
            Kind.CHOICE,
            choices=(("yes", "Yes, I sign it off"), ("no", "No, I dissent; the words say why")),
        ),
        Field("text", "Why not, in words", Kind.WORDS, required=False, longest=20_000),
    ),
    button="Record it",
)
CATEGORY = Form(
    (
        Field(
            "category",
            "Category",
            Kind.CHOICE,
            choices=tuple((code, category_words(code)) for code in duties.CATEGORIES),
        ),
        Field(
            "done",
            "Checks that were done",
            Kind.CHOICES,
            required=False,
            choices=tuple((code, check_label(code)) for code in checks()),
        ),
        Field("text", "Why, in words", Kind.WORDS, longest=20_000),
    ),
    button="Put it into this category",
)
ESCALATING = Form(
    (Field("to", "To whom, in place of the owners?", required=False),), button="Let it go up"
)
FORM = "layout/form.html"
ABOVE = ("house.home", "record.waiting")
ROUTES: tuple[Route, ...] = (
    Route("cases/<key:case>/category", "record.category", before_category,
          operation=Operation.CATEGORISE, case="case", title="Category", form=CATEGORY,
          act=categorise, template=FORM, crumbs=("house.home", "cases.list")),
    Route("duties/category/<number:category>/sign", "record.sign_category", before_signing_category,
          operation=Operation.SIGN_OFF, title="Sign a category", form=SIGNING, act=sign_category,
          template=FORM, crumbs=ABOVE),
    Route("duties/decision/<number:decision>/sign", "record.sign_decision", before_signing_decision,
          operation=Operation.SIGN_OFF, title="Sign a decision", form=SIGNING, act=sign_decision,
          template=FORM, crumbs=ABOVE),
    Route("duties/escalate", "record.escalate", before_escalating, operation=Operation.ESCALATE,
          title="Let go up what is over its time", form=ESCALATING, act=escalate, template=FORM,
          crumbs=ABOVE),
)  # fmt: skip
