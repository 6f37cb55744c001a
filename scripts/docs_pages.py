"""MkDocs hook: the reference pages made from the package's own data, so that no table is copied by hand."""

from __future__ import annotations

import inspect
import json
import posixpath
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from typer.main import get_command

from openverdict.cases import Indicator, checks, dictionary, indicators, substances
from openverdict.cli import app
from openverdict.decisions.roles import roles_tables
from openverdict.decisions.words import reasons_table
from openverdict.evaluation.validation_page import as_markdown
from openverdict.evidence.variables import load_variables
from openverdict.ledger import configure
from openverdict.ledger.events import events_table

# A made page is no file in the repository. Pages link to the list of them, by name, and to a heading by name--heading.
AT_THE_TOP = ("validation-report", "store-performance", "security-policy")
_MADE = re.compile(r"\]\((?:\.\./)*(?:reference/)?made\.md#(?P<name>[a-z-]+)\)")
ROOT = Path(__file__).parents[1]
STANDARDS = {
    "M": "medical examiner and coroner death investigation data set (McDIDS, CDC 1995)",
    "O": "medicolegal data commonly collected and exchanged (OSAC/NIST 2021)",
    "F": "HL7 FHIR medicolegal death investigation (MDI) and vital records death reporting (VRDR)",
    "N": "National Violent Death Reporting System (NVDRS)",
    "S": "State Unintentional Drug Overdose Reporting System (SUDORS)",
    "P": "lessons of published inquiries",
    "D": "data-protection and retention law",
    "T": "toxicology literature",
}
DIRECTIONS = {
    "S": "raises the need for enquiry",
    "L": "supports a link between records",
    "E": "lowers concern: the innocent reading",
    "Q": "quality or uncertainty only",
}

ORIGINS = {
    "barking": "public record of the four deaths of 2014 and 2015",
    "fpu": "review of post-mortems by the Home Office Forensic Pathology Unit, 2015",
    "geb": "literature on equivocal deaths",
    "fer": "literature on staged deaths",
    "hmi": "inspection of 2023",
    "pfd": "report to prevent future deaths, 2022",
    "acmd": "advice on GHB of 2020",
    "iopc22": "the watchdog's learning from a death of 2022",
    "rss": "Royal Statistical Society, 2022",
    "map": "clustering of unsolved deaths, United States",
    "scas": "analysis of serious crime, United Kingdom",
    "byf": "public inquiry into a missed series",
    "shi": "public inquiry into a missed series",
    "opp": "public inquiry into a missed series",
    "eps": "public inquiry into a missed series",
    "cor14": "toxicology literature",
    "and15": "toxicology literature",
    "kor14": "toxicology literature",
    "kin04": "toxicology literature",
    "t": "toxicology literature",
    "sudors": "State Unintentional Drug Overdose Reporting System, United States",
    "nvdrs": "National Violent Death Reporting System, United States",
    "k": "general knowledge, unchecked",
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add every generated page to the site."""
    pages: dict[str, Callable[[], str]] = {
        "reference/fields.md": fields_page,
        "reference/variables.md": variables_page,
        "reference/indicators.md": indicators_page,
        "reference/substances.md": substances_page,
        "reference/checks.md": checks_page,
        "reference/commands.md": commands_page,
        "reference/events.md": events_page,
        "validation-report.md": validation_report_page,
        "reference/roles.md": roles_page,
        "reference/tables.md": tables_page,
        "store-performance.md": store_performance_page,
        "contributing.md": lambda: _root_page("CONTRIBUTING.md"),
        "security-policy.md": lambda: _root_page("SECURITY.md"),
        "changelog.md": lambda: _root_page("CHANGELOG.md"),
    }
    for path, write in pages.items():
        files.append(File.generated(config, path, content=write()))
    return files


def fields_page() -> str:
    """The field dictionary, one section a group."""
    groups = defaultdict(list)
    for field in dictionary().values():
        groups[field.group].append(field)
    parts = [
        "# Field dictionary\n",
        "Every field that a case can have. A field marked *template* is a column of the register template; any field "
        "can stand in a facts file. A field marked *evidence* may be read by evidence variables, triage and leads; "
        "one marked *equality* belongs to the separate [equality record](../explanation/equality.md) and is never "
        "evidence.\n",
    ]
    for group, members in groups.items():
        parts.append(f"## {group}\n")
        for field in members:
            marks = [
                word
                for word, given in (
                    ("required", field.required),
                    ("template", field.template),
                    ("evidence", field.evidence),
                    ("equality", field.equality),
                )
                if given
            ]
            kind = field.type.value + (f", in {field.unit}" if field.unit else "")
            parts += [
                f"### `{field.name}` {{ #{field.name} }}\n",
                f"**{field.label}** · {kind}"
                + (f" · *{', '.join(marks)}*" if marks else "")
                + "\n",
                f"{field.description}\n",
            ]
            if field.minimum is not None and field.maximum is not None:
                parts.append(f"From {field.minimum:g} to {field.maximum:g}.\n")
            if field.vocabulary:
                parts.append(f"Codes: see [{field.vocabulary}]({field.vocabulary}.md).\n")
            if field.values:
                codes = ", ".join(f"`{value}`" for value in field.values)
                more = "; a register may add its own" if field.open else ""
                parts.append(f"Codes: {codes}{more}.\n")
            if field.standard:
                parts.append(f"Standard: {', '.join(field.standard.split())}.\n")
    parts.append("## Standards\n")
    parts += [f"- **{letter}**: {words}" for letter, words in STANDARDS.items()]
    return "\n".join(parts) + "\n"


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Fill the tables that stand inside a written page, and lead links to made pages to them."""
    here = posixpath.dirname(page.file.src_uri) or "."
    markdown = _MADE.sub(lambda found: _to_made(found, here), markdown)
    return markdown.replace("<!-- report terms -->", _report_terms()).replace(
        "<!-- verbal scale -->", _verbal_scale()
    )


def _to_made(found: re.Match[str], here: str) -> str:
    """A link to `reference/made.md`, where readers of the repository find what a page is made from, as a link to the page."""
    page, _, anchor = found["name"].partition("--")
    target = f"{page}.md" if page in AT_THE_TOP else f"reference/{page}.md"
    return f"]({posixpath.relpath(target, here)}{f'#{anchor}' if anchor else ''})"


def variables_page() -> str:
    """The evidence variables, with their consistency priors and where these come from."""
    rows = (
        (
            f"`{v.name}`",
            v.label,
            v.kernel,
            ", ".join(f"[`{name}`](fields.md#{name})" for name in v.fields),
            f"{v.theta:.2f}, Beta({v.beta[0]:g}, {v.beta[1]:g})",
            v.source,
        )
        for v in load_variables()
    )
    return "\n".join(
        [
            "# Evidence variables\n",
            "What a pair of cases is compared by. Symbols and kernels: [the model](../methods/model.md). *Elicited* "
            "means set by judgement, and open to change by series that are known.\n",
            _table(("Name", "Variable", "Kernel", "Reads", "Consistency θ", "Source of θ"), rows),
        ]
    )


def _report_terms() -> str:
    raw = (
        package_files("openverdict.reports")
        .joinpath("data/glossary.toml")
        .read_text(encoding="utf-8")
    )
    terms = tomllib.loads(raw)["terms"]
    return "\n\n".join(f"{term['term']}\n: {term['meaning']}" for term in terms)


def _verbal_scale() -> str:
    raw = (
        package_files("openverdict.reports").joinpath("data/scale.toml").read_text(encoding="utf-8")
    )
    scale = tomllib.loads(raw)
    rows = ((f"{step['from_ratio']:,}", step["words"]) for step in scale["steps"])
    return f"{_table(('Ratio from', 'Words beside it'), rows)}\n{scale['source']}\n"


def indicators_page() -> str:
    """The indicator list, with direction and origin."""
    origins = {code for i in indicators().values() for code in i.origins}
    rows = (
        (
            i.number,
            f"{i.label} `{i.name}`" + "".join(f" *{mark}*" for mark in _marks(i)),
            i.description,
            " ".join(i.directions),
            " ".join(i.origins),
        )
        for i in indicators().values()
    )
    return "\n".join(
        [
            "# Indicators\n",
            "None of them proves anything; a report shows each with the fields it rests on.\n",
            *(f"- **{letter}** {words}" for letter, words in DIRECTIONS.items()),
            "\nA *hard* indicator is never cancelled by an innocent reading. A *derived* one is worked out from other "
            "fields or other cases where they are recorded; a record may also say it outright.\n",
            _table(("No.", "Indicator", "Meaning", "Direction", "Origin"), rows),
            "## Origins\n",
            *(f"- **{code}** {ORIGINS[code]}" for code in sorted(origins)),
        ]
    )


def substances_page() -> str:
    """The substance vocabulary: what means it, and what only looks so."""
    parts = [
        "# Substances\n",
        "The words that mean a substance, the words that mean it only in context, and the words that look like it and "
        "are something else. A substance that no routine screen covers is *not tested* unless somebody asked for it: "
        "its absence means nothing.\n",
    ]
    for s in substances().values():
        about = [s.klass, f"family `{s.family}`" if s.family else ""]
        about.append("" if s.routine_screen else "**in no routine screen**")
        parts += [
            f"## {s.label} {{ #{s.code} }}\n",
            " · ".join([f"`{s.code}`", *filter(None, about)]) + "\n",
        ]
        for words, says in (
            ((*s.synonyms, *s.misspellings), "Read as it"),
            (s.in_text, "In running text"),
            (s.ambiguous, "Only in context"),
            (s.traps, "Never read as it"),
        ):
            if words:
                parts.append(f"{says}: {', '.join(words)}\n")
    return "\n".join(parts)


def checks_page() -> str:
    """The enquiries that can be made."""
    rows = ((f"`{c.name}`", c.label, c.description, c.expected) for c in checks().values())
    return "\n".join(
        [
            "# Checks\n",
            "The enquiries whose absence a report names. A check that is not recorded is shown as missing, never as "
            "failed.\n",
            _table(("Code", "Check", "Meaning", "Expected"), rows),
        ]
    )


def events_page() -> str:
    """Every event that the audit log knows, read from its classes."""
    return "\n".join(
        [
            "# Audit events\n",
            "Each entry of the [audit log](../methods/audit-log.md) is one of these. All of them say who (`actor`), when "
            "(`at`, UTC) and why (`purpose`, a code), and commit to the rows that were written with them (`rows`). An "
            "event carries no prose and no value of a person's record: it holds a commitment to it.\n",
            events_table(),
        ]
    )


def validation_report_page() -> str:
    """The validation report, from the results that are stored in the repository."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from benchmarks.validate import stored

    return as_markdown(stored()[1])


def roles_page() -> str:
    """Who may do what, and the reasons a decision may give, from the program's own tables."""
    return (
        "# Roles and reasons\n\n"
        "What a role may do, by how a case stands to the person: *own* (within their grants) / *other* / *restricted* "
        "(no grant for that very case). One word stands for all three. The same table is what the program asks; how to use it "
        "stands under [Decide, and say who may](../how-to/decisions.md).\n\n"
        f"{roles_tables()}\n## Reason codes\n\nA reason that *needs* something can't be given until that is recorded.\n\n"
        f"{reasons_table()}"
    )


def store_performance_page() -> str:
    """How fast the store is, from the results that are stored in the repository."""
    results = ROOT / "benchmarks" / "results"
    store = json.loads((results / "store.json").read_text(encoding="utf-8"))
    kill = json.loads((results / "kill.json").read_text(encoding="utf-8"))
    parts = [
        "# Performance of the store\n",
        "How fast a review is stands under [Performance](performance.md). This page is about the [store](how-to/store.md): "
        "`benchmarks/store.py` measures it, on simulated registers with about 22 facts a case.\n",
        f"Machine: {store.pop('machine')}, shared with other work while this was measured (the load average stands below the "
        "figures); a machine of its own is faster. PostgreSQL ran beside it with its durable settings.\n",
    ]
    for cases, engines in sorted(store.items(), key=lambda item: int(item[0])):
        parts.append(f"## {int(cases):,} cases\n")
        rows = [
            (name, *(f"{_figure(engines[engine], path)}" for engine in engines))
            for name, path in FIGURES
        ]
        parts.append(_table(("", *engines), rows))
    parts += [
        "An intake is one transaction. *Verified* counts every entry, every row and every node of the tree, read from the "
        "database and hashed anew. A proof is read node by node from the database. A restore writes every row, verifies "
        "all of them and only then commits.\n",
        "## Killed while writing\n",
        "`benchmarks/kill.py` lets eight writers write facts, corrections, decisions with what was shown and the first view, "
        "concerns and categories with their clocks, and checkpoints into one store, kills all of them with `kill -9`, looks "
        "at the store, and begins again. In every tenth round the PostgreSQL server, too, goes down without notice.\n",
        _table(
            ("", *kill),
            [
                (name, *(_figure(kill[engine], key) for engine in kill))
                for name, key in (
                    ("rounds", "rounds"),
                    ("writers killed", "kills"),
                    ("crashes of the server", "server_crashes"),
                    ("transactions acknowledged", "acknowledged"),
                    ("entries in the end", "entries"),
                    ("decisions in the end", "decisions"),
                )
            ]
            + [
                (
                    "gaps, half acts, losses, broken proofs, writers that failed",
                    *(str(len(kill[e]["faults"])) for e in kill),
                )
            ],
        ),
    ]
    return "\n".join(parts) + "\n"


FIGURES = (
    ("commits a second, `durability=full`", "appends_per_s.full"),
    ("commits a second, `durability=normal`", "appends_per_s.normal"),
    ("intake, cases a second", "intake.cases_per_s"),
    ("intake, facts a second", "intake.facts_per_s"),
    ("intake, seconds", "intake.s"),
    ("verified, rows a second", "verify.rows_per_s"),
    ("verified, seconds", "verify.s"),
    ("read back as a register, seconds", "read_back.s"),
    ("proof that an entry is in, µs", "inclusion_proof_us"),
    ("proof between two sizes, µs", "consistency_proof_us"),
    ("backup, seconds", "backup.s"),
    ("backup, MB", "backup.mb"),
    ("restore into SQLite and verify, seconds", "restore_into_sqlite.s"),
    ("the store as a SQLite file, MB", "sqlite_mb"),
    ("load average afterwards", "load_average"),
)


def _figure(found: Any, path: str) -> str:
    for key in path.split("."):
        if key not in found:
            return "not measured"
        found = found[key]
    return f"{found:,.0f}" if found >= 20 or isinstance(found, int) else f"{found:g}"


def tables_page() -> str:
    """The tables of a store, read from their models."""
    configure()
    from openverdict.ledger.derived import every_table
    from openverdict.ledger.models import Event, Node
    from openverdict.ledger.rows import all_recorded

    parts = [
        "# Tables of the store\n",
        "The same on SQLite and PostgreSQL; how to use a store stands under [Keep a record in a store](../how-to/store.md). "
        "Times are text, ISO 8601. A row has a number, `id`, given without a gap, and names the entry of the "
        "[audit log](../methods/audit-log.md) that it was written with, `event_id`; that entry commits to all of its columns. "
        "*Erasable* tables hold personal content: their rows stand behind a salt.\n",
        _model(Event),
        _model(Node),
    ]
    parts += [_model(model) for model in all_recorded()]
    parts += [
        "# Worked out from these\n",
        "Kept up to date in the transaction of whatever they follow, so that lists are fast. No entry commits to them: they "
        "can be made anew from the tables above, and `verify` does so and compares.\n",
    ]
    parts += [_model(model) for each in every_table() for model in each.models]
    return "\n".join(parts) + "\n"


def _model(model: Any) -> str:
    meta = model._meta
    says = " ".join(inspect.cleandoc(model.__doc__).split())
    mark = " · *erasable*" if getattr(model, "erasable", False) else ""
    columns = [
        field.column for field in meta.concrete_fields if field.column not in ("id", "event_id")
    ]
    named = ", ".join(f"`{column}`" for column in columns)
    return f"## `{meta.db_table}`\n\n{says}\n\n{named}{mark}\n"


def commands_page() -> str:
    """The command line, read from the program itself."""
    parts = [
        "# Commands\n",
        "Exit codes: **0** done; **1** done, but rows were rejected and `--strict` was given; **2** the call or the "
        "input was unusable, and one line says what, where, and the mend. `verify`, `witness check` and `restore` "
        "say with **1** that something is broken, and with **2** that they can't tell.\n",
    ]
    parts += _command(get_command(app), "openverdict", depth=1)
    return "\n".join(parts) + "\n"


def _command(command: Any, path: str, depth: int) -> list[str]:
    children = getattr(command, "commands", {})
    parts = []
    if depth > 1:
        parts.append(f"{'#' * min(depth, 4)} `{path}`\n")
    if command.help:
        parts.append(f"{_paragraphs(command.help)}\n")
    if not children:
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        usage = " ".join([path, "[OPTIONS]", *(_metavar(a) for a in arguments)])
        parts.append(f"```text\n{usage}\n```\n")
        rows = [
            (
                f"`{_metavar(p)}`"
                if p in arguments
                else ", ".join(f"`{o}`" for o in [*p.opts, *p.secondary_opts]),
                " ".join((getattr(p, "help", None) or "").split()),
                "" if p.default in (None, (), False) or callable(p.default) else f"`{p.default}`",
            )
            for p in command.params
            if not getattr(p, "hidden", False)
        ]
        if rows:
            parts.append(_table(("Parameter", "Meaning", "Default"), rows))
    for name, child in children.items():
        if not child.hidden:
            parts += _command(child, f"{path} {name}", depth + 1)
    return parts


def _metavar(argument: Any) -> str:
    name = (argument.metavar or argument.name or "").upper()
    return f"{name}..." if argument.nargs == -1 else name


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(block.split()) for block in text.replace("\b", "").split("\n\n"))


def _marks(indicator: Indicator) -> list[str]:
    marks = (("hard", indicator.hard), ("derived", indicator.derived))
    return [word for word, given in marks if given]


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [
        [str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in (head, *rows)
    ]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _root_page(name: str) -> str:
    """A page that stands at the root of the repository; its links into docs/ are made relative to docs/."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("](docs/", "](")
    text = text.replace("](SECURITY.md)", "](security-policy.md)")
    for other in ("CHANGELOG.md", "CONTRIBUTING.md"):
        text = text.replace(f"]({other})", f"]({other.lower()})")
    return text
