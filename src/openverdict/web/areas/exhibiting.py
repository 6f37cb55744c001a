"""Exhibits and devices of a case: what was found, where and how it was kept, what is missing, and what became of it."""

from __future__ import annotations

from dataclasses import asdict

from openverdict.decisions import exhibits as room
from openverdict.decisions.enquiries import enquiries
from openverdict.decisions.roles import Operation
from openverdict.web.answers import Go, GoneError, Page
from openverdict.web.areas.enquiring import told
from openverdict.web.areas.of_case import (
    FORM,
    about_case,
    back_to,
    case_of,
    choices,
    may_of,
    plain,
    words_field,
)
from openverdict.web.ask import Ask
from openverdict.web.forms import Choices, Field, Filled, Form, Kind, begin
from openverdict.web.route import Route


def list_exhibits(ask: Ask) -> Page:
    """The exhibits of a case."""
    case = case_of(ask)
    rows = [
        {**asdict(each), "to": ask.to("cases.exhibit", case=case, exhibit=each.exhibit)}
        for each in room.exhibits(ask.store, user=ask.who, case=case)
    ]
    may = may_of(ask, case, Operation.REGISTER)
    return Page(
        {"case": case, "exhibits": rows, "may": may},
        title=f"Exhibits of case {case}",
        crumbs=back_to(ask, case),
    )


def list_devices(ask: Ask) -> Page:
    """The devices of a case, each with what became of it last."""
    case = case_of(ask)
    rows = [
        {**asdict(each), "to": ask.to("cases.device", case=case, device=each.device)}
        for each in room.devices(ask.store, user=ask.who, case=case)
    ]
    may = may_of(ask, case, Operation.REGISTER)
    return Page(
        {"case": case, "devices": rows, "may": may},
        title=f"Devices of case {case}",
        crumbs=back_to(ask, case),
    )


def one_exhibit(ask: Ask) -> Page:
    """One exhibit in words, and the enquiries on it."""
    case, number = case_of(ask), ask.params["exhibit"]
    for each in room.exhibits(ask.store, user=ask.who, case=case):
        if each.exhibit == number:
            break
    else:
        raise GoneError(f"exhibit {number}: case {case} has none of this number; see its list")
    on = enquiries(ask.store, ask.store.clock(), user=ask.who, case=case)
    data = {
        **asdict(each),
        "text": room.exhibit_words(ask.store, number, user=ask.who),
        "enquiries": [told(ask, one) for one in on if one.exhibit == number],
        "may": may_of(ask, case, Operation.ENQUIRE),
    }
    return Page(data, title=f"Exhibit {number}", crumbs=_crumbs(ask, case, "exhibits"))


def before_adding(ask: Ask) -> Page:
    """Of which case."""
    case = case_of(ask)
    return Page({"lede": f"Case {case}.", "case": case}, crumbs=_crumbs(ask, case, "exhibits"))


def add_exhibit(ask: Ask, filled: Filled) -> Go:
    """Register an object or a document."""
    case = case_of(ask)
    with ask.writing() as writer:
        number = room.register_exhibit(
            ask.store,
            writer,
            case,
            filled["kind"],
            found_where=filled["found_where"],
            packaging=filled["packaging"],
            text=filled["text"],
        )
    return Go(ask.to("cases.exhibits", case=case), f"Exhibit {number} is registered.")


def before_adding_device(ask: Ask) -> Page:
    """Of which case."""
    case = case_of(ask)
    lede = f"Case {case}. A device that the person had and that is missing is registered, too: that it is missing is a fact."
    return Page({"lede": lede, "case": case}, crumbs=_crumbs(ask, case, "devices"))


def add_device(ask: Ask, filled: Filled) -> Go:
    """Register a device."""
    case = case_of(ask)
    exhibit = None if filled["exhibit"] is None else int(filled["exhibit"])
    with ask.writing() as writer:
        number = room.register_device(
            ask.store,
            writer,
            case,
            filled["kind"],
            filled["status"],
            exhibit=exhibit,
            text=filled["text"],
        )
    return Go(ask.to("cases.devices", case=case), f"Device {number} is registered.")


def before_status(ask: Ask) -> Page:
    """What the device is now."""
    case, each = _device(ask)
    lede = f"Case {case}: {each.kind}, {plain(each.status)} so far. What was said before stays in the record."
    data = {"lede": lede, **asdict(each)}
    filled = begin(STATUS, {"status": each.status})
    return Page(
        data, title=f"Device {each.device}", filled=filled, crumbs=_crumbs(ask, case, "devices")
    )


def set_status(ask: Ask, filled: Filled) -> Go | None:
    """Say what became of it."""
    case, each = _device(ask)
    if filled["status"] == each.status:
        filled.error(
            "status",
            f"What became of it: it is {plain(each.status)} already; choose another, or leave it",
        )
        return None
    with ask.writing() as writer:
        room.device_is(ask.store, writer, each.device, filled["status"], filled["text"])
    said = f"Device {each.device} is {plain(filled['status'])}."
    return Go(ask.to("cases.devices", case=case), said)


def _device(ask: Ask) -> tuple[str, room.DeviceState]:
    case, number = case_of(ask), ask.params["device"]
    for each in room.devices(ask.store, user=ask.who, case=case):
        if each.device == number:
            return case, each
    raise GoneError(f"device {number}: case {case} has none of this number; see its list")


def _crumbs(ask: Ask, case: str, what: str) -> tuple[tuple[str, str], ...]:
    return back_to(ask, case, (what.capitalize(), ask.to(f"cases.{what}", case=case)))


def _held(ask: Ask) -> Choices:
    """The exhibits of the case of the address that are devices."""
    return tuple(
        (str(each.exhibit), f"{each.exhibit}: {plain(each.kind)}, {plain(each.found_where)}")
        for each in room.exhibits(ask.store, user=ask.who, case=ask.params["case"])
    )


ADDING = Form(
    (
        Field("kind", "What is it?", Kind.PICK, choices=choices(room.EXHIBIT_KINDS)),
        Field("found_where", "Where was it found?", Kind.PICK, choices=choices(room.FOUND_WHERE)),
        Field("packaging", "How is it packed?", Kind.PICK, choices=choices(room.PACKAGING)),
        words_field(
            "What it is, in words", hint="With the number that it has in your store of exhibits."
        ),
    ),
    button="Register it",
)
DEVICE = Form(
    (
        Field("kind", "What is it?", Kind.PICK, choices=choices(room.DEVICE_KINDS)),
        Field("status", "Where is it?", Kind.CHOICE, choices=choices(room.DEVICE_STATUS)),
        Field("exhibit", "Registered as which exhibit?", Kind.PICK, required=False, choices=_held),
        words_field("In words", required=False, hint="Make and number, where they are known."),
    ),
    button="Register it",
)
STATUS = Form(
    (
        Field("status", "What became of it?", Kind.CHOICE, choices=choices(room.DEVICE_STATUS)),
        words_field("In words", required=False),
    ),
    button="Record it",
)
PAGES = "enquiries/"
ROUTES: tuple[Route, ...] = (
    about_case("exhibits", "cases.exhibits", list_exhibits, "Exhibits", Operation.LIST,
               template=f"{PAGES}exhibits.html", csv="exhibits"),
    about_case("exhibits/add", "cases.add_exhibit", before_adding, "Register an exhibit", Operation.REGISTER,
               form=ADDING, act=add_exhibit, template=FORM),
    about_case("exhibits/<number:exhibit>", "cases.exhibit", one_exhibit, "Exhibit", Operation.VIEW,
               template=f"{PAGES}exhibit.html"),
    about_case("devices", "cases.devices", list_devices, "Devices", Operation.LIST,
               template=f"{PAGES}devices.html", csv="devices"),
    about_case("devices/add", "cases.add_device", before_adding_device, "Register a device", Operation.REGISTER,
               form=DEVICE, act=add_device, template=FORM),
    about_case("devices/<number:device>", "cases.device", before_status, "What became of a device",
               Operation.REGISTER, form=STATUS, act=set_status, template=FORM),
)  # fmt: skip
