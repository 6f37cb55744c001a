"""Who may do what: the one table of roles, operations and cases, from which rules, documentation and tests are made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is here for."""

    READER = "reader"
    REVIEWER = "reviewer"
    SUPERVISOR = "supervisor"
    DATA_MANAGER = "data_manager"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Operation(StrEnum):
    """What somebody may want to do; those of `HOUSE` are about no case."""

    LIST = "list"
    VIEW = "view"
    REPORT = "make_report"
    RAISE_CONCERN = "raise_concern"
    ENTER_FACTS = "enter_facts"
    FIRST_VIEW = "record_first_view"
    DECIDE = "decide"
    DECIDE_TOO = "decide_as_second_or_third"
    DECIDE_TOGETHER = "decide_together"
    SUPERSEDE = "supersede"
    CATEGORISE = "record_category"
    SIGN_OFF = "sign_off"
    ASSIGN = "assign"
    REFER = "refer"
    ANSWER = "answer_referral_or_concern"
    REOPEN = "reopen"
    REGISTER = "register_exhibit_or_device"
    ENQUIRE = "request_enquiry"
    RESULT = "record_result_of_enquiry"
    RETAIN = "set_retention"
    HOLD = "hold_or_release"
    APPROVE_ERASURE = "approve_erasure"
    RESTRICT = "restrict_or_lift"
    BREAK_GLASS = "break_glass"
    DISCLOSE = "disclose"
    ERASE = "erase"
    COLLECT = "collect"
    RUN = "run_review"
    SUGGEST = "suggest_from_narratives"
    INSPECT_LOG = "inspect_log"
    EXPORT_LOG = "export_log"
    MANAGE_ACCOUNTS = "manage_accounts"
    ADOPT_POLICY = "adopt_policy"
    ESCALATE = "escalate"


class Standing(StrEnum):
    """How a case stands to a person: within their grants, outside them, or restricted without a grant for that very case."""

    OWN = "own"
    OTHER = "other"
    RESTRICTED = "restricted"


class Access(StrEnum):
    """What the table says."""

    YES = "yes"
    REDACTED = "redacted"
    GLASS = "after break-glass"
    COUNTED = "counted only"
    NO = "no"


@dataclass(frozen=True)
class Cell:
    """What one role may do in one operation, by how the case stands."""

    own: Access
    other: Access
    restricted: Access

    def of(self, standing: Standing) -> Access:
        """The access for one standing."""
        return {
            Standing.OWN: self.own,
            Standing.OTHER: self.other,
            Standing.RESTRICTED: self.restricted,
        }[standing]


HOUSE = frozenset(
    {
        Operation.COLLECT,
        Operation.RUN,
        Operation.SUGGEST,
        Operation.INSPECT_LOG,
        Operation.EXPORT_LOG,
        Operation.MANAGE_ACCOUNTS,
        Operation.ADOPT_POLICY,
        Operation.ESCALATE,
    }
)
# What the program may do by itself, by the clock and by its own rules.
BY_ITSELF = frozenset({Operation.ESCALATE, Operation.LIST})
OPEN = frozenset({Access.YES, Access.REDACTED})
# Own, other, restricted: Y yes, R redacted, G after break-glass (counted until then), C counted only, - no.
_LETTERS = {
    "Y": Access.YES,
    "R": Access.REDACTED,
    "G": Access.GLASS,
    "C": Access.COUNTED,
    "-": Access.NO,
}
_ORDER = tuple(Role)
#                             reader reviewer supervisor data manager auditor administrator
_TABLE = {
    Operation.LIST: "            YCC YGG YGG YCC RCC ---",
    Operation.VIEW: "            Y-- YGG YGG Y-- R-- ---",
    Operation.REPORT: "          Y-- Y-- Y-- --- R-- ---",
    Operation.RAISE_CONCERN: "   YYY YYY YYY YYY --- ---",
    Operation.ENTER_FACTS: "     --- Y-- Y-- Y-- --- ---",
    Operation.FIRST_VIEW: "      --- Y-- Y-- --- --- ---",
    Operation.DECIDE: "          --- Y-- Y-- --- --- ---",
    Operation.DECIDE_TOO: "      --- Y-- Y-- --- --- ---",
    Operation.DECIDE_TOGETHER: " --- Y-- Y-- --- --- ---",
    Operation.SUPERSEDE: "       --- Y-- Y-- --- --- ---",
    Operation.CATEGORISE: "      --- Y-- Y-- --- --- ---",
    Operation.SIGN_OFF: "        --- --- Y-- --- --- ---",
    Operation.ASSIGN: "          --- --- Y-- --- --- ---",
    Operation.REFER: "           --- Y-- Y-- --- --- ---",
    Operation.ANSWER: "          --- Y-- Y-- --- --- ---",
    Operation.REOPEN: "          --- Y-- Y-- --- --- ---",
    Operation.REGISTER: "        --- Y-- Y-- Y-- --- ---",
    Operation.ENQUIRE: "         --- Y-- Y-- --- --- ---",
    Operation.RESULT: "          --- Y-- Y-- Y-- --- ---",
    Operation.RETAIN: "          --- --- Y-- Y-- --- ---",
    Operation.HOLD: "            --- --- Y-- --- --- ---",
    Operation.APPROVE_ERASURE: " --- --- Y-- --- --- ---",
    Operation.RESTRICT: "        --- --- Y-- --- --- ---",
    Operation.BREAK_GLASS: "     --- YYY YYY --- --- ---",
    Operation.DISCLOSE: "        --- --- Y-- --- --- ---",
    Operation.ERASE: "           --- --- --- Y-- --- ---",
    Operation.COLLECT: "         --- --- --- YYY --- ---",
    Operation.RUN: "             --- YYY YYY YYY --- ---",
    Operation.SUGGEST: "         --- YYY YYY YYY --- ---",
    Operation.INSPECT_LOG: "     --- --- --- --- YYY ---",
    Operation.EXPORT_LOG: "      --- --- --- --- YYY ---",
    Operation.MANAGE_ACCOUNTS: " --- --- --- --- --- YYY",
    Operation.ADOPT_POLICY: "    --- --- YYY --- --- ---",
    Operation.ESCALATE: "        --- --- YYY --- --- ---",
}
TABLE: dict[Role, dict[Operation, Cell]] = {
    role: {
        operation: Cell(*(_LETTERS[letter] for letter in line.split()[place]))
        for operation, line in _TABLE.items()
    }
    for place, role in enumerate(_ORDER)
}
DESCRIPTIONS = {
    Role.READER: "reads cases and what was decided on them",
    Role.REVIEWER: "looks at pairs, leads and cases, and decides",
    Role.SUPERVISOR: "assigns, signs off what others decided, restricts cases, discloses",
    Role.DATA_MANAGER: "takes registers in, corrects facts, erases when the time has come",
    Role.AUDITOR: "sees the log, and cases with what names people struck out; decides nothing",
    Role.ADMINISTRATOR: "makes and locks accounts and gives roles; reads no case",
}


def roles_with(operation: Operation, standing: Standing, *access: Access) -> tuple[Role, ...]:
    """The roles for which the table has one of these accesses there."""
    return tuple(role for role in Role if TABLE[role][operation].of(standing) in access)


def roles_tables() -> str:
    """The table as Markdown, for the documentation: one row an operation, one column a role."""
    parts = ["| Role | |", "|---|---|"]
    parts += [f"| {role.value.replace('_', ' ')} | {DESCRIPTIONS[role]} |" for role in Role]
    head = " | ".join(role.value.replace("_", " ") for role in Role)
    parts += ["", f"| Operation | {head} |", "|---" * (len(Role) + 1) + "|"]
    for operation in Operation:
        cells = [_cell(TABLE[role][operation]) for role in Role]
        parts.append(f"| `{operation.value}` | {' | '.join(cells)} |")
    return "\n".join(parts) + "\n"


def _cell(cell: Cell) -> str:
    said = [cell.of(standing).value for standing in Standing]
    return said[0] if len(set(said)) == 1 else " / ".join(said)
