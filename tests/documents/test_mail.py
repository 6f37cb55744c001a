"""E-mails: subject and body as text, sender and date as what it says of itself, attachments each by its kind."""

from __future__ import annotations

import hashlib
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.documents import made
from tests.documents.made import mail, pages_pdf
from tests.documents.reading import places, read, with_limits

from openverdict.errors import InputError

HEAD = b"From: a@example.org\nSubject: s\n"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def test_sender_and_date_are_no_text_and_the_subject_is():
    document = read("a.eml", mail("First line.\n\nThird line.\n", subject="Café – case 7"))
    assert places(document) == [
        ("subject", "Café – case 7"), ("body, line 1", "First line."), ("body, line 3", "Third line."),
    ]  # fmt: skip
    assert document.metadata == {
        "sent": "Thu, 19 Jun 2014 10:00:00 +0100",
        "from": "Officer 7 <officer7@example.org>",
    }
    assert "example.org" not in document.text


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cf", "Zs", "Zl", "Zp"]),
    min_size=1,
    max_size=30,
)
LINES = st.lists(WORDS, min_size=1, max_size=8)


@given(LINES)
def test_what_the_standard_library_writes_is_read_back(lines):
    message = EmailMessage()
    message["From"] = "a@example.org"
    message.set_content("\n".join(lines) + "\n")
    found = [text for _, text in places(read("a.eml", message.as_bytes()))]
    assert found == lines


def test_of_two_forms_the_plain_one_is_read_and_html_where_it_is_alone():
    assert "bold" not in read("a.eml", mail("Plain.\n", "<b>bold</b>")).text
    assert places(read("a.eml", mail(" \n", "<b>bold</b>")))[1] == ("body, paragraph 1", "bold")
    html = (
        "<html><head><title>t</title><style>p{}</style></head><body><p>One <b>word</b>,<br>two&nbsp;&amp; more"
        "<script>alert(1)</script><table><tr><td>Ketamine</td><td>Not detected</td></tr><tr><td>GHB<td>310</table>"
        '<div style="display: none">unseen</div><p hidden>unseen</p><img src="https://elsewhere.example/x.png"></body>'
    )
    document = read("a.eml", mail(None, html))
    assert document.text == "Report\nOne word,\ntwo & more\nKetamine\tNot detected\nGHB\t310"
    assert any("12 characters of its HTML are not shown" in note for note in document.notes)
    assert any("not fetched" in note for note in document.notes)


@pytest.mark.parametrize(
    "inner",
    ["<![CDATA[x]]>", "<![if !mso]>", "<![x", "<!x>", "<!-- x", "<?x", "</", "&#x110000;", "<a <b"],
)
def test_damaged_html_costs_no_more_than_the_damage(inner):
    text = read("a.eml", mail(None, f"<p>Before</p>{inner} <p>After</p>")).text
    assert text.startswith("Report\nBefore")


def test_attachments_of_the_kinds_that_are_read_are_read_and_all_are_hashed_and_named():
    picture, scan = b"\x89PNG....", pages_pdf([None])
    data = mail(
        "Body.\n",
        attached=[
            ("letter.pdf", "application/pdf", pages_pdf([["One."], None])),
            ("scene.docx", DOCX, made.docx()),
            ("scan.pdf", "application/pdf", scan),
            ("photo.png", "image/png", picture),
            ("notes.txt", "application/octet-stream", b"A note."),
            ("old.doc", "application/msword", b"\xd0\xcf\x11\xe0"),
            ("fake.pdf", "application/pdf", b"MZ this is a program"),
        ],
    )
    document = read("a.eml", data)
    assert places(document)[2:] == [
        ("attachment 1 (letter.pdf), page 1", "One."),
        ("attachment 2 (scene.docx), paragraph 1", "He was found in the park."),
        ("attachment 5 (notes.txt), line 1", "A note."),
    ]
    assert {u.where: u.reason.split(";")[0] for u in document.unread} == {
        "attachment 1 (letter.pdf), page 2": "holds a picture or a drawing and no text",
        "attachment 3 (scan.pdf)": "holds pictures of pages and no text (page 1 of 1)",
        "attachment 4 (photo.png)": "is a picture",
        "attachment 6 (old.doc)": "is an old Word document",
        "attachment 7 (fake.pdf)": "is a program, not a PDF",
    }
    assert [a.is_read for a in document.attachments] == [
        True,
        True,
        False,
        False,
        True,
        False,
        False,
    ]
    assert document.attachments[2].sha256 == hashlib.sha256(scan).hexdigest()
    assert document.attachments[3].size_bytes == len(picture)


def test_an_email_within_an_email_keeps_its_own_date_as_a_note():
    inner = EmailMessage()
    inner["From"], inner["Date"], inner["Subject"] = (
        "b@example.org",
        "Fri, 20 Jun 2014 09:00:00 +0000",
        "Inner",
    )
    inner.set_content("Inside.\n")
    outer = EmailMessage()
    outer["From"], outer["Subject"] = "a@example.org", "Outer"
    outer.set_content("Outside.\n")
    outer.add_attachment(inner)
    outer.add_attachment(
        inner.as_bytes(), maintype="application", subtype="x", filename="again.eml"
    )
    document = read("a.eml", outer.as_bytes())
    assert places(document) == [
        ("subject", "Outer"), ("body, line 1", "Outside."),
        ("attachment 1 (e-mail), subject", "Inner"), ("attachment 1 (e-mail), body, line 1", "Inside."),
        ("attachment 2 (again.eml), subject", "Inner"), ("attachment 2 (again.eml), body, line 1", "Inside."),
    ]  # fmt: skip
    assert document.metadata == {"from": "a@example.org"}
    assert any("attachment 1 (e-mail): sent Fri, 20 Jun 2014" in note for note in document.notes)
    deeper = read("a.eml", outer.as_bytes(), with_limits(mail_nesting=1))
    reason = "is one of more than 1 e-mails within each other"
    assert [u.reason.split(";")[0] for u in deeper.unread] == [reason] * 2


def test_flowed_lines_and_encodings_and_old_line_ends_are_read():
    flowed = HEAD + b"Content-Type: text/plain; format=flowed\n\nno evidence of \nketamine\n"
    assert read("a.eml", flowed).text == "s\nno evidence of ketamine"
    latin = HEAD.replace(b"\n", b"\r\n") + b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\ncaf\xe9\r\n"  # fmt: skip
    assert read("a.eml", latin).text == "s\ncafé"
    wrong = read("a.eml", HEAD + b"Content-Type: text/plain; charset=nonsense\n\ncaf\xc3\xa9\n")
    assert wrong.text == "s\ncafé"
    assert "'nonsense', which does not fit" in wrong.notes[0]


def test_signed_and_cut_off_messages_are_read_with_a_note():
    body = (
        b'Content-Type: multipart/signed; boundary="b"\n\n--b\nContent-Type: text/plain\n\nSigned words.\n'
        b"--b\nContent-Type: application/pgp-signature\n\nxx\n"
    )
    document = read("a.eml", HEAD + body)
    assert document.text == "s\nSigned words."
    assert any("signature was not checked" in note for note in document.notes)
    assert any("may have been cut off" in note for note in document.notes)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"Just some words without a header\n", "no header of an e-mail"),
        (b"From someone Thu Jun 19\nFrom: a@b\n\nx", "mailbox"),
        (HEAD + b"\na\0b", "NUL byte"),
        (HEAD + b"X: " + b"a" * (1 << 20) + b"\n\nx", "256 KiB of headers"),
        (HEAD + b"Content-Type: multipart/encrypted; boundary=b\n\n--b\n\nx\n--b--", "is encrypted"),
        (HEAD + b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nx", "is encrypted"),
        (b"From: a@example.org\n\n \n", "holds no text"),
        (b"From: a@example.org\nContent-Type: application/zip; name=a.zip\n\nx", r"attachment 1 \(a.zip\): is an archive"),
        (made.nested_mail(10_000), "more than 200 parts"),
        (HEAD + b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 10_000, "more than 200 parts"),
        (mail(None, "<div>" * 5_000 + "x"), "nested more than"),
        (pages_pdf([["x"]]), "is a PDF, not an e-mail"),
    ],
)  # fmt: skip
def test_what_is_no_email_or_is_hostile_is_refused_with_its_reason(data, says):
    with pytest.raises(InputError, match=says):
        read("a.eml", data)


def test_text_beyond_the_limit_is_no_matter_of_one_attachment():
    data = mail("Body.\n", attached=[("a.txt", "text/plain", b"word " * 500)])
    with pytest.raises(InputError, match="more than 1,000 characters"):
        read("a.eml", data, with_limits(characters=1_000))


def test_attachments_of_attachments_are_counted_together():
    inner = mail("x\n", attached=[(f"{n}.txt", "text/plain", b"x") for n in range(3)])
    outer = mail("x\n", attached=[(f"{n}.eml", "application/x", inner) for n in range(3)])
    assert len(read("a.eml", outer).attachments) == 12
    with pytest.raises(InputError, match="more than 10 attachments"):
        read("a.eml", outer, with_limits(mail_parts=10))


def test_names_from_a_message_are_one_short_line():
    name = "evil\x1b[31m\u202e" + "x" * 300 + ".txt"
    (_, _, (where, _)) = places(read("a.eml", mail("B\n", attached=[(name, "text/plain", b"x")])))
    assert where.isprintable()
    assert len(where) < 120
