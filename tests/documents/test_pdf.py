"""PDF: the text layer by page, filled fields, remarks; scanned, locked, garbled and damaged files said to be so."""

from __future__ import annotations

import io
from typing import Any

import pypdf
import pytest
import typst
from tests.documents import made
from tests.documents.made import pages_end, pages_pdf
from tests.documents.reading import places, read, with_limits

from openverdict.documents import pdf
from openverdict.errors import InputError

LETTER = """
The body was lying in the churchyard when a dog walker found it, and there was no evidence of
ketamine in the blood.

Alcohol was not detected.
"""


def protected(user: str, algorithm: str) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pages_pdf([["Locked up."]])))
    writer.encrypt(user, "owner", algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_the_text_that_typst_sets_is_read_with_its_pages():
    source = f"{LETTER}\n#pagebreak()\nThe second page: naïve café, 310 mg/L, fi ffl."
    data = typst.compile(source.encode())
    document = read("a.pdf", data)
    (first, one), (second, two) = places(document)
    assert (first, second) == ("page 1", "page 2")
    assert " ".join(one.split()) == " ".join(LETTER.split())
    assert "no evidence of ketamine" in one
    assert two == "The second page: naïve café, 310 mg/L, fi ffl."
    assert document.metadata["pages"] == "2"


def test_a_scan_is_said_to_be_one_and_not_to_be_empty():
    with pytest.raises(
        InputError, match=r"pictures of pages and no text \(pages 1–3 of 3\); recognise"
    ):
        read("a.pdf", pages_pdf([None] * 3))
    with pytest.raises(InputError, match="no text on its 1 page;"):
        read("a.pdf", pages_pdf([[]]))


def test_a_file_scanned_in_part_names_its_pages():
    document = read("a.pdf", pages_pdf([["One."], None, [], None, None, ["Six."]]))
    assert places(document) == [("page 1", "One."), ("page 6", "Six.")]
    assert [u.where for u in document.unread] == ["pages 2, 4–5"]
    assert "recognise the characters" in document.unread[0].reason


def test_a_page_of_drawn_letters_is_no_empty_page():
    curves = b"0 0 m 10 10 l 20 5 l f\n" * 100
    document = read("a.pdf", pages_pdf([["One."], []], drawing=curves))
    assert [u.where for u in document.unread] == ["page 2"]


def test_text_recognised_under_a_picture_is_read_and_said_to_be_that():
    document = read("a.pdf", pages_pdf([["Recognised."]], drawing=b"/Im1 Do 3 Tr "))
    assert places(document) == [("page 1", "Recognised.")]
    assert "lies unseen over a picture" in document.notes[0]


def test_a_scan_with_a_stamp_is_not_passed_off_as_read():
    full = ["A line of the text that fills a page, more or less as lines do."] * 5
    document = read(
        "a.pdf", pages_pdf([["Page 1 of 3"], full, ["Page 3 of 3"]], drawing=b"/Im1 Do ")
    )
    assert "fewer than 200 characters of text beside it: pages 1, 3" in document.notes[0]
    assert len(document.notes) == 1
    assert read("a.pdf", pages_pdf([["Short."]])).notes == ()


def test_letters_that_no_font_explains_are_not_passed_on_as_text():
    document = read(
        "a.pdf", pages_pdf([["Sound."], ["\x01\x02\x03\x04\x05"], ["(cid:12)(cid:44)"]])
    )
    assert places(document) == [("page 1", "Sound.")]
    assert document.unread[0].where == "pages 2–3"
    assert "does not say which letters" in document.unread[0].reason


def field(inner: bytes) -> bytes:
    return b"<< /Type /Annot /Subtype /Widget /Rect [0 0 9 9] %s >>" % inner


def test_filled_fields_and_remarks_are_read_with_their_names():
    first = pages_end(1)
    names = b" ".join(b"%d 0 R" % (first + n) for n in range(8))
    extra = [
        field(b"/FT /Tx /T (Position) /V (prone)"),
        field(b"/FT /Tx /T (Empty)"),
        field(b"/FT /Tx /T (Unseen) /V (secret) /F 2"),
        field(b"/Parent %d 0 R /T (b) /AS /Yes" % (first + 8)),
        field(b"/FT /Ch /T (List) /V [(one) (two)]"),
        b"<< /Type /Annot /Subtype /FreeText /Contents (Written on the page) >>",
        b"<< /Type /Annot /Subtype /Link /Contents (no text) >>",
        b"<< /Type /Annot /Subtype /Redact >>",
        b"<< /FT /Btn /T (a) /Parent %d 0 R >>" % (first + 8),
    ]
    document = read("a.pdf", pages_pdf([["Text."]], page_more=b"/Annots [%s]" % names, extra=extra))
    assert places(document) == [
        ("page 1", "Text."),
        ("page 1, form field Position", "prone"),
        ("page 1, form field a.a.a.a.a.a.a.b", "☒"),
        ("page 1, form field List", "one; two"),
        ("page 1, remark 1", "Written on the page"),
    ]
    assert "redaction, which was not applied" in document.notes[0]


def test_files_inside_and_forms_of_another_kind_are_said():
    more = b"/Names << /EmbeddedFiles << /Names [] >> >> /AcroForm << /XFA [] >>"
    notes = read("a.pdf", pages_pdf([["Text."]], more=more)).notes
    assert [note.split()[0] for note in notes] == ["has", "is"]
    assert "attached inside" in notes[0]
    with pytest.raises(InputError, match="XFA"):
        read(
            "a.pdf",
            pages_pdf([["Please wait"]], more=b"/AcroForm << /XFA [] >> /NeedsRendering true"),
        )


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_a_locked_file_is_refused_and_one_that_anybody_can_open_is_read(algorithm):
    with pytest.raises(InputError, match="is encrypted; open it with its password"):
        read("a.pdf", protected("secret", algorithm))
    assert places(read("a.pdf", protected("", algorithm))) == [("page 1", "Locked up.")]


def test_what_the_file_says_of_itself_is_kept_apart_from_its_text():
    info = b"<< /Author (desk 4) /CreationDate (D:20140619) /Title (Report) /Custom (x) >>"
    data = pages_pdf([["Text."]], extra=[info], trailer=b"/Info %d 0 R" % pages_end(1))
    document = read("a.pdf", data)
    told = {"pages": "1", "author": "desk 4", "created": "D:20140619", "title": "Report"}
    assert document.metadata == told
    assert document.text == "Text."


def test_one_damaged_page_does_not_take_the_others_with_it(monkeypatch):
    kept = pypdf.PageObject.extract_text

    def broken(page: Any, **options: Any) -> str:
        if b"Two" in page.get_contents().get_data():
            raise ZeroDivisionError
        return kept(page, **options)

    monkeypatch.setattr(pypdf.PageObject, "extract_text", broken)
    document = read("a.pdf", pages_pdf([["One."], ["Two."]]))
    assert document.text == "One."
    assert [u.where for u in document.unread] == ["page 2"]
    with pytest.raises(InputError, match="damaged PDF"):
        read("a.pdf", pages_pdf([["Two."]]))


def test_too_many_pages_are_refused():
    with pytest.raises(InputError, match="has 4 pages, more than 3; split it"):
        read("a.pdf", pages_pdf([["x"]] * 4), with_limits(pages=3))


READ_ALL_THE_SAME = {
    "previous_table_is_itself",
    "wrong_table",
    "negative_length",
    "count_of_pages_lies",
}


@pytest.mark.parametrize("name", made.hostile_pdfs())
def test_a_damaged_or_endless_pdf_is_refused_or_read(name):
    data = made.hostile_pdfs()[name]
    limits = with_limits(unpacked_bytes=1 << 20)
    if name in READ_ALL_THE_SAME:
        assert read("a.pdf", data, limits).text == "He was found in the park."
        return
    with pytest.raises(InputError) as refused:
        read("a.pdf", data, limits)
    assert "; " in str(refused.value)
    assert "holds no text" not in str(refused.value)


def test_the_library_calls_no_program_for_pictures():
    assert pdf._configuration(with_limits())["jbig2dec_binary"] is None


def test_an_object_that_names_itself_as_its_parent_ends():
    loop = field(b"/FT /Tx /T (x) /V (y) /Parent %d 0 R" % pages_end(1))
    data = pages_pdf([["T"]], page_more=b"/Annots [%d 0 R]" % pages_end(1), extra=[loop])
    assert places(read("a.pdf", data))[1][1] == "y"
