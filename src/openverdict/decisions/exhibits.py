"""Exhibits and devices: what was found, where and how it was kept, what is missing, and what became of it.

An examination that somebody advised is an enquiry (`enquiries`), and so are the data of a telephone: both have a clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openverdict.decisions.access import footing, may
from openverdict.decisions.guarding import act, case_by, look
from openverdict.decisions.models import About, Device, DeviceStatus, Exhibit
from openverdict.decisions.roles import Access, Operation
from openverdict.decisions.showing import STRUCK_OUT, content_of
from openverdict.decisions.steps import must_have, one_of, said
from openverdict.errors import InputError
from openverdict.ledger.commitment import commit
from openverdict.ledger.events import DeviceRegistered, DeviceStatusChanged, ExhibitRegistered
from openverdict.ledger.store import Store
from openverdict.ledger.writing import Writer

EXHIBIT_KINDS = (
    "note",
    "covering",
    "clothing",
    "container",
    "paraphernalia",
    "swab",
    "specimen",
    "weapon",
    "document",
    "device",
    "other",
)
FOUND_WHERE = (
    "on_body",
    "under_body",
    "beside_body",
    "in_clothing",
    "at_scene",
    "at_home",
    "in_vehicle",
    "elsewhere",
    "handed_in",
    "not_recorded",
)
PACKAGING = ("packaged_apart", "packaged_with_others", "not_packaged", "not_recorded")
DEVICE_KINDS = ("phone", "tablet", "computer", "storage", "camera", "watch", "other")
MISSING = "missing"
IN_HAND = ("present", "found_later")
DEVICE_STATUS = (*IN_HAND, MISSING, "returned")


@dataclass(frozen=True)
class ExhibitState:
    """An exhibit as it was registered, in codes. `entry` of the log holds what it is in words."""

    exhibit: int
    case: str
    kind: str
    found_where: str
    packaging: str
    entry: int


@dataclass(frozen=True)
class DeviceState:
    """A device with what became of it last."""

    device: int
    case: str
    kind: str
    status: str
    exhibit: int | None
    since_entry: int


@act(Operation.REGISTER, "case")
def register_exhibit(
    store: Store,
    writer: Writer,
    case: str,
    kind: str,
    *,
    found_where: str,
    packaging: str,
    text: str,
) -> int:
    """Register an object or a document, with what it is in words; its number.

    Raises:
        InputError: the store has no such case, a code is unknown, or there are no words.
    """
    must_have(store, case)
    one_of(kind, EXHIBIT_KINDS)
    one_of(found_where, FOUND_WHERE)
    one_of(packaging, PACKAGING)
    opening = commit(said(text, "exhibit"))
    row = Exhibit(
        case_id=case, kind=kind, found_where=found_where, packaging=packaging, user=writer.actor
    )
    writer.record(
        ExhibitRegistered,
        [row, About(case_id=case)],
        openings={"text": opening},
        exhibit=str(writer.next_id(Exhibit)),
        case=case,
        exhibit_kind=kind,
        found_where=found_where,
        packaging=packaging,
        text=opening.commitment,
    )
    return int(row.id)


@act(Operation.REGISTER, "case")
def register_device(
    store: Store,
    writer: Writer,
    case: str,
    kind: str,
    status: str,
    *,
    exhibit: int | None = None,
    text: str | None = None,
) -> int:
    """Register a device that is present, or that the person had and is missing; its number.

    Raises:
        InputError: the store has no such case or no such exhibit of it, or a code is unknown.
    """
    must_have(store, case)
    one_of(kind, DEVICE_KINDS)
    one_of(status, DEVICE_STATUS)
    if exhibit is not None:
        of_case(store, Exhibit, exhibit, case)
    opening = commit(text.strip()) if text and text.strip() else None
    row = Device(case_id=case, kind=kind, status=status, exhibit=exhibit)
    writer.record(
        DeviceRegistered,
        [row, About(case_id=case)],
        openings={"text": opening} if opening else None,
        device=str(writer.next_id(Device)),
        case=case,
        device_kind=kind,
        status=status,
        exhibit=None if exhibit is None else str(exhibit),
        text=opening.commitment if opening else None,
    )
    return int(row.id)


@act(Operation.REGISTER, "device", case_by(Device))
def device_is(
    store: Store, writer: Writer, device: int, status: str, text: str | None = None
) -> None:
    """Say what became of a device: found later, returned, missing again.

    Raises:
        InputError: there is no such device, or that is what it is already.
    """
    one_of(status, DEVICE_STATUS)
    row = store.rows(Device).filter(id=device).first()
    if row is None:
        raise InputError(f"device {device}: there is none of this number")
    if (now := _last(store, [device]).get(device, row)).status == status:
        raise InputError(f"device {device} is {now.status} already")
    opening = commit(text.strip()) if text and text.strip() else None
    writer.record(
        DeviceStatusChanged,
        [DeviceStatus(device=device, status=status), About(case_id=row.case_id)],
        openings={"text": opening} if opening else None,
        device=str(device),
        case=row.case_id,
        status=status,
        text=opening.commitment if opening else None,
    )


@look(Operation.LIST)
def exhibits(
    store: Store, *, user: str | None = None, case: str | None = None
) -> list[ExhibitState]:
    """The exhibits of the cases that a person may list, or of one of these, in the order in which they came."""
    return [
        ExhibitState(r.id, r.case_id, r.kind, r.found_where, r.packaging, r.event_id)
        for r in listed(store, Exhibit, user, case)
    ]


@look(Operation.LIST)
def devices(store: Store, *, user: str | None = None, case: str | None = None) -> list[DeviceState]:
    """The devices of the cases that a person may list, or of one of these, each with what became of it last."""
    rows = listed(store, Device, user, case)
    last = _last(store, [row.id for row in rows])
    return [
        DeviceState(
            r.id,
            r.case_id,
            r.kind,
            last.get(r.id, r).status,
            r.exhibit,
            last.get(r.id, r).event_id,
        )
        for r in rows
    ]


@look(Operation.VIEW, "exhibit", case_by(Exhibit), seen=True)
def exhibit_words(
    store: Store, exhibit: int, *, user: str | None = None, access: Access = Access.YES
) -> str | None:
    """What an exhibit is, in the words of who registered it; None where there is none, or they were erased."""
    row = store.rows(Exhibit).filter(id=exhibit).first()
    if row is None:
        return None
    return STRUCK_OUT if access is Access.REDACTED else content_of(store, row.event_id, "text")


def listed(store: Store, model: Any, user: str | None, case: str | None) -> list[Any]:
    """Rows with a column `case_id` that a person may list."""
    rows = store.rows(model)
    if case is not None:
        rows = rows.filter(case_id=case)
        if user is not None and not _may_list(store, user, case):
            return []
    elif user is not None:
        rows = rows.filter(may(store, user, Operation.LIST, at=store.clock()))
    return list(rows.order_by("id"))


def _may_list(store: Store, user: str, case: str) -> bool:
    stance = footing(store, user, (case,), at=store.clock())
    return stance.answer(Operation.LIST, case).allowed


def of_case(store: Store, model: Any, number: int, case: str) -> None:
    """Raise InputError unless there is such a row of the case."""
    if not store.rows(model).filter(id=number, case_id=case).exists():
        name = model.__name__.lower()
        raise InputError(f"{name} {number}: case {case} has none of this number; see its list")


def _last(store: Store, numbers: Sequence[int]) -> dict[int, DeviceStatus]:
    rows = store.rows(DeviceStatus).filter(device__in=list(numbers)).order_by("id")
    return {row.device: row for row in rows}
