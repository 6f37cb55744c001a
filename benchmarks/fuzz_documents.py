"""Damaged and made-up input for every reader of files: whatever comes, it is read or refused with a reason.

    python benchmarks/fuzz_documents.py --minutes 30               # every target by turns; writes results/fuzz.json
    python benchmarks/fuzz_documents.py --minutes 5 --only pdf eml # some of them
    python benchmarks/fuzz_documents.py --again out/fuzz/pdf/crash-… --only pdf

With atheris (`pip install atheris`: Linux, CPython) the mutations follow the branches that they reach; without it hypothesis
makes them. Seeds are made here, by the makers of the tests. A finding is an error that is none of ours, an answer that its own
checker refuses, an input that takes longer than `--slowest` seconds, or more memory than a reader may have; its bytes are kept
under `--findings`. Each target runs in a process of its own.
"""

from __future__ import annotations

import argparse
import atexit
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
RESULTS = ROOT / "benchmarks" / "results" / "fuzz.json"
INSTRUMENTED = ["openverdict", "pypdf", "email", "html", "zipfile", "csv", "tests.documents"]
MEMORY = 6 << 30  # of a fuzzing process, with everything that is instrumented in it
LONGEST = 200_000  # bytes of an input
MOST = 20  # findings of a target, after which it is left
Reader = Callable[[bytes], None]


def document(kind: str) -> Reader:
    """A parser of documents without the nets that the parsing process spreads under it, and the check of its answer."""
    from openverdict.documents import LIMITS
    from openverdict.documents.answer import checked
    from openverdict.documents.child import READERS
    from openverdict.documents.kinds import checked_kind
    from openverdict.documents.pieces import Pieces
    from openverdict.errors import InputError

    limits = replace(LIMITS, characters=500_000, places=20_000, pages=200, unpacked_bytes=8 << 20)

    def read(data: bytes) -> None:
        pieces = Pieces(limits)
        try:
            checked_kind(f"a.{kind}", data)
            READERS[kind](data, pieces)
        except (InputError, RecursionError):
            return
        answer = json.dumps(pieces.answer(), ensure_ascii=False).encode("utf-8")
        checked(f"a.{kind}", "0" * 64, len(data), kind, answer, limits)

    return read


def docx_body() -> Reader:
    """The body of a DOCX, in a sound container."""
    from tests.documents import made

    read = document("docx")
    return lambda data: read(made.docx(document=data))


def pdf_page() -> Reader:
    """The drawing of a page, in a sound PDF."""
    from tests.documents import made

    read = document("pdf")
    return lambda data: read(made.pages_pdf([["x"]], drawing=data))


def pdf_remark() -> Reader:
    """A form field or a remark, on a page of a sound PDF."""
    from tests.documents import made

    read = document("pdf")
    more = b"/Annots [%d 0 R]" % made.pages_end(1)
    return lambda data: read(made.pages_pdf([["x"]], page_more=more, extra=[data]))


def mail_html() -> Reader:
    """The HTML of an e-mail."""
    read = document("eml")
    head = b"From: a@example.org\nContent-Type: text/html; charset=utf-8\n\n"
    return lambda data: read(head + data)


def table(ending: str) -> Reader:
    """A register or a facts file, from its bytes to the cases."""
    from openverdict import read_register

    return through_file(ending, read_register)


def toxicology() -> Reader:
    """A table of laboratory results."""
    from openverdict.toxicology import read_results

    return through_file(".csv", read_results)


def through_file(ending: str, read: Callable[[Path], Any]) -> Reader:
    from openverdict.errors import OpenverdictError

    folder = Path(tempfile.mkdtemp(prefix="fuzz"))
    atexit.register(shutil.rmtree, folder, True)
    path = folder / f"a{ending}"

    def one(data: bytes) -> None:
        path.write_bytes(data)
        try:
            read(path)
        except OpenverdictError as error:
            check_line(error)

    return one


def xlsx_sheet() -> Reader:
    """The XML of a sheet, in a sound workbook."""
    import io
    import zipfile

    read, sound = table(".xlsx"), workbook()

    def one(data: bytes) -> None:
        out = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(sound)) as archive,
            zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made,
        ):
            for name in archive.namelist():
                is_sheet = name == "xl/worksheets/sheet1.xml"
                made.writestr(name, data if is_sheet else archive.read(name))
        read(out.getvalue())

    return one


def check_line(error: Exception) -> None:
    """A reason is one line."""
    assert "\n" not in str(error)


def fhir() -> Reader:
    """A message or a case document."""
    from openverdict.errors import OpenverdictError
    from openverdict.fhir import read_bundle, read_document, read_message

    def one(data: bytes) -> None:
        try:
            bundle = read_bundle("a.json", data)
            (read_document if bundle.kind == "document" else read_message)(bundle, None)
        except OpenverdictError as error:
            check_line(error)

    return one


TARGETS: dict[str, Callable[[], Reader]] = {
    "txt": lambda: document("txt"),
    "docx": lambda: document("docx"),
    "docx_body": docx_body,
    "pdf": lambda: document("pdf"),
    "pdf_page": pdf_page,
    "pdf_remark": pdf_remark,
    "eml": lambda: document("eml"),
    "mail_html": mail_html,
    "csv": lambda: table(".csv"),
    "xlsx": lambda: table(".xlsx"),
    "xlsx_sheet": xlsx_sheet,
    "json_facts": lambda: table(".json"),
    "fhir": fhir,
    "toxicology": toxicology,
}
REGISTER = (
    "case_id,kind,found_at,last_known_alive_at,known_from,found_lat,found_lon,age_years,sex,substances_detected,indicators,"
    "items_missing,persons,closed_at,narrative\n"
    "C1,death,2014-06-19T04:18,2014-06-18,2014-06-20,51.539,0.081,23,male,ghb;ethanol,body_moved,phone,finder:P1,,"
    '"Found, ""cold"""\n'
    "C2,,2015-04-03T10:00+01:00,unknown,,51.5,-0.1,unknown,,none,not_tested,none,,2016-01-01,\n"
)
RESULTS_TABLE = (
    "case_id,substance,outcome,operator,value,unit,specimen,preservative,panel,decomposition,taken_at,reported_at\n"
    "C1,GHB,,=,310,mg/L,femoral_blood,fluoride,,none,2014-06-20,2014-07-01\nC1,ketamine,not_detected,,,,urine,,,,,\n"
    "C2,alcohol,,<,10,mg/100 mL,vitreous,,,,,\n"
)


def workbook() -> bytes:
    """A register as a workbook, with a formula, a date and an error among its cells."""
    import io

    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("register")
        for row, line in enumerate(
            ("case_id,found_at,age_years,narrative", "C1,2014-06-19,23,text")
        ):
            for column, cell in enumerate(line.split(",")):
                sheet.write(row, column, cell)
        sheet.write_formula(2, 0, '="C"&2', None, "C2")
        sheet.write_datetime(2, 1, datetime(2014, 6, 19), book.add_format({"num_format": "d/m/y"}))
        sheet.write_formula(2, 2, "=1/0", None, "#DIV/0!")
        sheet.write_formula(2, 3, '=HYPERLINK("x")', None, "")
    return out.getvalue()


def seeds(target: str) -> list[bytes]:
    """Small sound and unsound inputs of a target."""
    import zipfile
    from io import BytesIO

    import typst
    from tests.documents import made
    from tests.fhir import freeman

    paragraph = made.paragraph("He was found in the park.")
    table_xml = f"<w:tbl><w:tr><w:tc>{paragraph}</w:tc><w:tc>{paragraph}</w:tc></w:tr></w:tbl>"
    changes = (
        "<w:p><w:pPr><w:pStyle w:val='A'/></w:pPr><w:ins><w:r><w:rPr><w:vanish/></w:rPr><w:t>a</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>b</w:delText></w:r></w:del>"
        "<w:r><w:tab/><w:br/><w:sym w:char='F0FE'/><w:footnoteReference w:id='1'/></w:r></w:p>"
    )
    note = made.story("footnotes", f"<w:footnote w:id='1'>{paragraph}</w:footnote>")
    box = f"<w:p><w:r><w:pict><v:textbox><w:txbxContent>{paragraph}</w:txbxContent></v:textbox></w:pict></w:r></w:p>"
    inner = [paragraph, table_xml, changes, box]
    pages = made.pages_pdf([["He was found.", "No phone."], None])
    sheet = zipfile.ZipFile(BytesIO(workbook())).read("xl/worksheets/sheet1.xml")
    kinds: dict[str, list[bytes]] = {
        "txt": ["Found in the park.\nNo phone.\n".encode(e) for e in ("utf-8", "utf-16", "cp1252")],
        "docx": [
            made.docx(each, {"word/footnotes.xml": note}, {"footnotes.xml": "footnotes"}) for each in inner
        ],
        "docx_body": [made.body(each).encode() for each in inner],
        "pdf": [
            pages, typst.compile(b"The body was found.\n#pagebreak()\nNo phone."),
            *(made.hostile_pdfs()[name] for name in ("wrong_table", "cyclic_pages", "form_in_itself")),
        ],
        "pdf_page": [made.shown(["He was found."]), b"q 1 0 0 1 0 0 cm /Im1 Do Q BT 3 Tr ET", b"BI /W 1 /H 1 ID x EI"],
        "pdf_remark": [
            b"<< /Subtype /Widget /FT /Tx /T (a) /V (prone) /Parent 5 0 R >>", b"<< /Subtype /FreeText /Contents (x) >>",
            b"<< /Subtype /Widget /FT /Btn /T (a) /AS /Yes /F 2 >>",
        ],
        "mail_html": [
            b"<p>One <b>word</b><br><table><tr><td>a<td>b</table><div style='display:none'>x</div><script>y</script>&amp;",
            b"<!DOCTYPE html><html><head><title>t</title></head><body hidden><![CDATA[x]]><!-- c --><?p?><img src=x></body>",
        ],
        "eml": [
            made.mail("Text\n", "<p>Text <b>x</b><table><tr><td>a<td>b</table>"),
            made.mail("Text\n", attached=[("a.txt", "text/plain", b"x"), ("a.pdf", "application/pdf", pages)]),
            made.nested_mail(5),
        ],
        "csv": [
            REGISTER.encode(), REGISTER.replace(",", ";").encode("cp1252"),
            b"case_id,field,value,known_from\nC1,found_at,2014-06-19,2014-06-20\n",
        ],
        "xlsx": [workbook()],
        "xlsx_sheet": [sheet],
        "json_facts": [
            json.dumps([{"case_id": "C1", "field": "found_at", "value": "2014-06-19", "known_from": "2014-06-20"},
                        {"case_id": "C1", "field": "indicators", "value": ["body_moved"], "status": "recorded"}]).encode(),
            b'{"facts": [{"case_id": "C1", "field": "age_years", "value": 23.5, "status": "unknown"}]}',
        ],
        "fhir": [json.dumps(freeman.message()).encode(), json.dumps(freeman.document()).encode()],
        "toxicology": [RESULTS_TABLE.encode()],
    }  # fmt: skip
    return [seed for seed in kinds[target] if len(seed) <= LONGEST]


def with_atheris(target: str, seconds: int, folder: Path, slowest: int) -> None:
    """Fuzz one target in this process, which the fuzzer ends."""
    atheris: Any = import_module("atheris")  # not everywhere to be had

    with atheris.instrument_imports(include=INSTRUMENTED, enable_loader_override=False):
        read = TARGETS[target]()
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(target)):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [
        f"-max_total_time={seconds}", f"-timeout={slowest}", f"-rss_limit_mb={MEMORY >> 20}", f"-max_len={LONGEST}",
        f"-artifact_prefix={folder}/", "-print_final_stats=1", "-verbosity=0",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus)], read)
    atheris.Fuzz()


def with_hypothesis(target: str, seconds: int, folder: Path, slowest: int) -> None:
    """The same by mutations of the seeds that hypothesis draws."""
    from hypothesis import HealthCheck, given, seed, settings
    from hypothesis import strategies as st

    read, sound = TARGETS[target](), seeds(target)
    edits = st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 40), st.one_of(st.binary(max_size=8), st.sampled_from(sound))),
        max_size=6,
    )  # fmt: skip
    runs, end = 0, time.monotonic() + seconds
    last = b""

    @settings(
        max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.sampled_from(sound), edits)
    def one(data: bytes, changes: list[tuple[float, int, bytes]]) -> None:
        nonlocal runs, last
        for place, gone, put in changes:
            at = int(place * len(data))
            data = (data[:at] + put + data[at + gone :])[:LONGEST]
        last, began = data, time.monotonic()
        runs += 1
        read(data)
        assert time.monotonic() - began < slowest, "too slow"

    turn = 0
    try:
        while time.monotonic() < end:
            seed(turn)(one)()
            turn += 1
    except BaseException:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"crash-{turn}").write_bytes(last)
        raise
    finally:
        print(f"stat::number_of_executed_units: {runs}", file=sys.stderr)


def confined() -> None:
    """Hold this process to its memory, where the system can."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (4 * MEMORY, 4 * MEMORY))


def run(target: str, share: int, findings: Path, slowest: int) -> dict[str, int]:
    """One target for its share of the time, in seconds, in processes of its own; after a finding it goes on."""
    folder = findings / target
    folder.mkdir(parents=True, exist_ok=True)
    began, computed, runs, failed = time.monotonic(), _computed(), 0, 0
    while (left := share - (time.monotonic() - began)) > 1:
        command = [sys.executable, __file__, "--one", target, "--seconds", str(int(left) + 1),
                   "--findings", str(findings), "--slowest", str(slowest)]  # fmt: skip
        with (folder / "log.txt").open("a+", encoding="utf-8", errors="replace") as log:
            log.truncate(0)
            code = subprocess.run(command, stdout=log, stderr=log, check=False).returncode
            log.seek(0)
            said = log.read()
        counts = re.findall(r"number_of_executed_units:\s+(\d+)|#(\d+)\s", said)
        runs += max((int(a or b) for a, b in counts), default=0)
        if code:
            failed += 1
            (folder / f"finding-{failed}.txt").write_text(said[-20_000:], encoding="utf-8")
            if failed >= MOST:
                break
    spent = round(_computed() - computed)
    print(f"{target}: {runs:,} inputs in {spent:,} s of computing, {failed} findings", flush=True)
    return {"inputs": runs, "computing_s": spent, "findings": failed}


def as_table(told: dict[str, Any]) -> str:
    """What was run, as the guide shows it."""
    rows = [
        f"| `{name}` | {found['inputs']:,} | {found['computing_s'] / 60:.0f} | {found['findings']} |"
        for name, found in told["targets"].items()
    ]
    every = [
        sum(found[key] for found in told["targets"].values())
        for key in ("inputs", "computing_s", "findings")
    ]
    rows.append(f"| all | {every[0]:,} | {every[1] / 60:.0f} | {every[2]} |")
    head = ["| reader | inputs | minutes of computing | findings |", "|---|---:|---:|---:|"]
    return "\n".join([*head, *rows])


def _computed() -> float:
    """Computing time of the processes that ended, in seconds; a machine may be kept waiting."""
    spent = os.times()
    return spent.children_user + spent.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="for all targets together")
    parser.add_argument("--only", nargs="+", choices=list(TARGETS), default=list(TARGETS))
    parser.add_argument("--findings", type=Path, default=ROOT / "out" / "fuzz")
    parser.add_argument("--slowest", type=int, default=60, help="seconds that one input may take")
    parser.add_argument(
        "--again", type=Path, help="read one kept input once, and let the error through"
    )
    parser.add_argument("--no-results", action="store_true", help="leave results/fuzz.json alone")
    parser.add_argument("--one", choices=list(TARGETS), help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=int, default=60, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.again:
        TARGETS[asked.only[0]]()(asked.again.read_bytes())
        return
    engine = "atheris" if find_spec("atheris") else "hypothesis"
    if asked.one:
        confined()
        fuzz = with_atheris if engine == "atheris" else with_hypothesis
        fuzz(asked.one, asked.seconds, asked.findings / asked.one, asked.slowest)
        return
    share = max(5, int(asked.minutes * 60 / len(asked.only)))
    for target in asked.only:
        told = {target: run(target, share, asked.findings.resolve(), asked.slowest)}
        if not asked.no_results:
            out = added(told, engine, asked.slowest)
            RESULTS.write_text(json.dumps(out, indent=2) + "\n", encoding="utf-8")


def added(told: dict[str, Any], engine: str, slowest: int) -> dict[str, Any]:
    """What was run, added to what was run before by the same engine on the same libraries."""
    out: dict[str, Any] = {
        "engine": f"{engine} {version(engine)}",
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "libraries": {name: version(name) for name in ("pypdf", "python-calamine", "polars")},
        "slowest_s": slowest,
    }
    before = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    same = all(before.get(key) == value for key, value in out.items())
    targets = dict(before.get("targets", {})) if same else {}
    for name, found in told.items():
        kept = targets.get(name, {})
        targets[name] = {key: kept.get(key, 0) + value for key, value in found.items()}
    return {**out, "targets": {name: targets[name] for name in TARGETS if name in targets}}


if __name__ == "__main__":
    main()
