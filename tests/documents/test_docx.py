"""DOCX: the same words as python-docx reads, each with its place, and what it does not hand out."""

from __future__ import annotations

import io

import docx
import pytest
from tests.documents import made
from tests.documents.made import paragraph
from tests.documents.reading import places, read, with_limits

from openverdict.errors import InputError


def ticked(inner: str) -> str:
    return f'<w:p><w:r><w:fldChar w:fldCharType="begin"><w:ffData>{inner}</w:ffData></w:fldChar></w:r></w:p>'


def says(inner: str, **more: object) -> list[tuple[str, str]]:
    return places(read("a.docx", made.docx(inner, **more)))  # type: ignore[arg-type]


def test_paragraphs_tables_headers_and_footers_are_those_of_python_docx():
    written = docx.Document()
    for text in ("The first.", "", "With\ta tab.", "Naïve – café ☒ 𝔘"):
        written.add_paragraph(text)
    table = written.add_table(2, 3)
    for row in range(2):
        for column in range(3):
            table.cell(row, column).text = f"r{row}c{column}"
    written.add_paragraph("After the table.")
    written.sections[0].header.paragraphs[0].text = "The head"
    written.sections[0].footer.paragraphs[0].text = "The foot"
    out = io.BytesIO()
    written.save(out)
    found = dict(places(read("a.docx", out.getvalue())))
    again = docx.Document(io.BytesIO(out.getvalue()))
    expected = {f"paragraph {n}": p.text for n, p in enumerate(again.paragraphs, 1) if p.text}
    for r, row in enumerate(again.tables[0].rows, 1):
        expected |= {
            f"table 1, row {r}, cell {c}": cell.text for c, cell in enumerate(row.cells, 1)
        }
    expected |= {"header 1": again.sections[0].header.paragraphs[0].text, "footer 1": "The foot"}
    assert found == expected


def test_the_cells_of_a_row_stand_in_one_line_and_rows_in_lines_of_their_own():
    def row(*cells: str) -> str:
        return "<w:tr>" + "".join(f"<w:tc>{paragraph(c)}</w:tc>" for c in cells) + "</w:tr>"

    inner = "<w:tbl>" + row("Ketamine", "Not detected") + row("", "GHB", "310 mg/L") + "</w:tbl>"
    document = read("a.docx", made.docx(inner + paragraph("After.")))
    assert document.text == "Ketamine\tNot detected\nGHB\t310 mg/L\nAfter."
    assert document.where(0, 8) == "table 1, row 1, cell 1"
    assert document.where(0, 12) == "table 1, row 1, cell 1 to table 1, row 1, cell 2"


def test_a_table_within_a_cell_has_a_place_of_its_own():
    inside = f"<w:tbl><w:tr><w:tc>{paragraph('inner')}</w:tc></w:tr></w:tbl>"
    cells = f"<w:tc>{paragraph('one')}{inside}{paragraph('two')}</w:tc><w:tc>{paragraph('other')}</w:tc>"
    assert says(f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>") == [
        ("table 1, row 1, cell 1", "one"),
        ("table 1, row 1, cell 1, table 1, row 1, cell 1", "inner"),
        ("table 1, row 1, cell 1, paragraph 2", "two"),
        ("table 1, row 1, cell 2", "other"),
    ]


def test_deleted_text_is_no_text_and_inserted_text_is():
    changed = (
        '<w:p><w:r><w:t xml:space="preserve">Phone </w:t></w:r>'
        '<w:del w:id="1"><w:r><w:delText>present</w:delText></w:r></w:del>'
        '<w:ins w:id="2"><w:r><w:t>missing</w:t></w:r></w:ins>'
        '<w:moveFrom w:id="3"><w:r><w:t>moved away</w:t></w:r></w:moveFrom>'
        '<w:moveTo w:id="4"><w:r><w:t>.</w:t></w:r></w:moveTo></w:p>'
    )
    document = read("a.docx", made.docx(changed))
    assert document.text == "Phone missing."
    assert "2 deleted or moved away and left out, 2 inserted" in document.notes[0]
    assert "accept or reject" in document.notes[0]


def test_hidden_text_is_left_out_and_said_with_its_place_whoever_hides_it():
    styles = made.story(
        "styles",
        '<w:style w:styleId="Base"><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:styleId="Above"><w:basedOn w:val="Base"/></w:style>'
        '<w:style w:styleId="Loop"><w:basedOn w:val="Loop"/></w:style>',
    )

    def run(text: str, properties: str = "") -> str:
        return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"

    def styled(kind: str, style: str) -> str:
        return f'<w:{kind}Style w:val="{style}"/>'

    hidden, shown_again = "<w:vanish/>", '<w:vanish w:val="0"/>'
    once = f"<w:rPrChange><w:rPr>{hidden}</w:rPr></w:rPrChange>"
    inner = "".join(
        f"<w:p>{each}</w:p>"
        for each in (
            run("seen") + run("gone", hidden),
            f"<w:pPr>{styled('p', 'Above')}</w:pPr>" + run("gone") + run("shown", shown_again),
            f"<w:pPr><w:rPr>{hidden}</w:rPr></w:pPr>" + run("only its mark is hidden"),
            run("gone", styled("r", "Base")) + run("kept", styled("r", "Loop")),
            run("was hidden once", once),
        )
    )
    data = made.docx(inner, {"word/styles.xml": styles}, {"styles.xml": "styles"})
    document = read("a.docx", data)
    shown = ["seen", "shown", "only its mark is hidden", "kept", "was hidden once"]
    assert [text for _, text in places(document)] == shown
    assert "12 characters of hidden text, left out, in paragraph 1; paragraph 2; paragraph 4" in document.notes[0]  # fmt: skip


def test_a_text_box_is_read_once_after_the_paragraph_that_holds_it():
    content = f"<w:txbxContent>{paragraph('in the box')}{paragraph('below')}</w:txbxContent>"
    inner = (
        "<w:p><w:r><w:t>around</w:t></w:r><w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wps:txbx>"
        f"{content}</wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>{content}</v:textbox></w:pict>"
        f"</mc:Fallback></mc:AlternateContent></w:r></w:p>{paragraph('next')}"
    )
    assert says(inner) == [
        ("paragraph 1", "around"),
        ("text box 1 at paragraph 1", "in the box"),
        ("text box 1 at paragraph 1, paragraph 2", "below"),
        ("paragraph 2", "next"),
    ]


def test_notes_are_numbered_as_they_are_shown_and_comments_are_read():
    def note(kind: str, identity: int, text: str, more: str = "") -> str:
        return f'<w:{kind} w:id="{identity}" {more}>{paragraph(text)}</w:{kind}>'

    inner = '<w:p><w:r><w:t>x</w:t><w:footnoteReference w:id="7"/><w:footnoteReference w:id="5"/></w:r></w:p>'
    parts = {
        "word/footnotes.xml": made.story(
            "footnotes",
            note("footnote", 0, "---", 'w:type="separator"') + note("footnote", 5, "second")
            + note("footnote", 7, "first") + note("footnote", 9, "nobody refers to it"),
        ),
        "word/comments.xml": made.story("comments", note("comment", 3, "Was the phone found?", 'w:author="N. N."')),
    }  # fmt: skip
    related = {"footnotes.xml": "footnotes", "comments.xml": "comments"}
    document = read("a.docx", made.docx(inner, parts, related))  # type: ignore[arg-type]
    assert places(document)[1:] == [
        ("footnote 2", "second"), ("footnote 1", "first"), ("comment 1", "Was the phone found?"),
    ]  # fmt: skip
    assert "1 footnotes or endnotes that its text does not refer to" in document.notes[0]
    assert "N. N." not in document.text


def test_forms_give_what_was_filled_in_and_not_their_prompts():
    inner = (
        ticked('<w:checkBox><w:default w:val="0"/><w:checked/></w:checkBox>')
        + ticked('<w:checkBox><w:default w:val="1"/><w:checked w:val="0"/></w:checkBox>')
        + ticked('<w:ddList><w:result w:val="1"/><w:listEntry w:val="prone"/><w:listEntry w:val="supine"/></w:ddList>')
        + "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>" + paragraph("Click here") + "</w:sdtContent></w:sdt>"
        + "<w:sdt><w:sdtContent>" + paragraph("filled") + "</w:sdtContent></w:sdt>"
        + '<w:p><w:r><w:sym w:font="Wingdings" w:char="F0FE"/><w:noBreakHyphen/><w:softHyphen/><w:br/><w:t>x</w:t></w:r></w:p>'
        + "<w:p><w:r><w:instrText>PAGE</w:instrText></w:r><m:oMath><m:r><m:t>a=b</m:t></m:r></m:oMath></w:p>"
    )  # fmt: skip
    document = read("a.docx", made.docx(inner))
    assert [text for _, text in places(document)] == ["☒", "☐", "supine", "filled", "☒-\nx", "a=b"]
    assert "1 empty fields" in document.notes[0]


def test_what_is_not_read_is_said():
    inner = (
        paragraph("x")
        + '<w:p><w:r><w:drawing><pic:pic/></w:drawing></w:r></w:p><w:altChunk r:id="r9"/>'
    )
    document = read("a.docx", made.docx(inner))
    assert {"1 × picture: not read", "1 × embedded document: not read"} <= set(document.notes)
    related = {"header1.xml": "header"}
    assert "named and not there" in read("a.docx", made.docx(related=related)).notes[0]


def test_text_keeps_to_one_form_of_line_end_and_holds_no_unseen_signs():
    assert says(paragraph("keta\u00admine\u200b\u202e\u00a0x")) == [("paragraph 1", "ketamine x")]


def test_dates_and_authors_are_what_the_file_says_of_itself():
    core = (
        '<cp:coreProperties xmlns:cp="x" xmlns:dc="y"><dc:creator>desk 4</dc:creator><created>2014-06-19</created>'
        "</cp:coreProperties>"
    )
    root = made.ROOT.replace(
        "</Relationships>",
        '<Relationship Id="r2" Type="x/core-properties" Target="docProps/core.xml"/></Relationships>',
    )
    data = made.docx(parts={"docProps/core.xml": core, "_rels/.rels": root})
    assert read("a.docx", data).metadata == {"author": "desk 4", "created": "2014-06-19"}


MACROS = made.TYPES.replace("document.main+xml", "document.macroEnabled.main+xml")
SHEET = made.TYPES.replace("wordprocessingml", "spreadsheetml")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (made.docx(parts={"[Content_Types].xml": MACROS}), "carries macros"),
        (made.docx(parts={"word/vbaProject.bin": b"x"}), "carries macros"),
        (made.docx(parts={"[Content_Types].xml": SHEET}), "another kind"),
        (made.zipped({"a.txt": "x"}), "no DOCX"),
        (made.docx(parts={"_rels/.rels": "<Relationships/>"}), "names no document"),
        (made.docx(document="<w:document"), "damaged in word/document.xml"),
        (made.docx(document=b'<?xml version="1.0" encoding="x-nope"?><a/>'), "damaged"),
        (made.docx(document=made.LAUGHS), "document type"),
        (made.docx(inner="<w:p>" * 500 + "</w:p>" * 500), "nested more than"),
        (made.docx(inner=paragraph("")), "holds no text"),
        (made.docx(inner="<w:p><w:r><w:drawing><pic:pic/></w:drawing></w:r></w:p>"), "pictures and no text"),
        (made.docx(inner="<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>x</w:t></w:r></w:p>"), "hidden or deleted"),
        (made.docx()[:-30], "damaged zip"),
        (made.docx().replace(b"word/document.xml", b"word/dXcument.xml"), "lacks its part"),
        (made.docx(parts={"WORD/document.xml": "x"}), "twice"),
        (made.big_zip(), "unpacks to 10,737"),
        (made.overlapping_zip(), "unpacks to"),
        (made.overlapping_zip(100), "more than 250 times"),
        (made.lying_zip(8 << 20), "damaged"),
        (made.docx(parts={f"word/{n}.xml": "x" for n in range(2_000)}), "parts"),
    ],
)  # fmt: skip
def test_a_docx_that_is_none_or_hostile_is_refused_with_its_reason(data, says):
    with pytest.raises(InputError, match=says) as refused:
        read("a.docx", data)
    assert str(refused.value).startswith("a.docx: ")
    assert "\n" not in str(refused.value)


def test_parts_that_overlap_and_parts_without_end_are_refused_in_small_too():
    with pytest.raises(InputError, match="overlap"):
        read("a.docx", made.overlapping_zip(3, 100_000))
    with pytest.raises(InputError, match="more than 1,000 bytes"):
        read("a.docx", made.docx(paragraph("x" * 2_000)), with_limits(unpacked_bytes=1_000))


def test_an_encrypted_zip_says_so():
    data = bytearray(made.docx())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    with pytest.raises(InputError, match="encrypted"):
        read("a.docx", bytes(data))
