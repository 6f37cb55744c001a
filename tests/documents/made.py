"""Documents made on the fly: small sound ones, and small ones that are made to hurt."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from email.message import EmailMessage

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
P = "http://schemas.openxmlformats.org/package/2006"
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
TYPES = (
    f'<Types xmlns="{P}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{MAIN}"/></Types>'
)
ROOT = (
    f'<Relationships xmlns="{P}/relationships"><Relationship Id="r1" Type="{R}/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)


def paragraph(text: str) -> str:
    return f'<w:p><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def body(inner: str) -> str:
    return (
        f'<w:document xmlns:w="{W}" xmlns:r="{R}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
        'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" '
        f'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"><w:body>{inner}</w:body></w:document>'
    )


def docx(
    inner: str = paragraph("He was found in the park."),
    parts: dict[str, str | bytes] | None = None,
    related: dict[str, str] | None = None,
    *,
    document: str | bytes | None = None,
) -> bytes:
    """A DOCX with this body; `parts` by name, `related` kinds of relation by the name of their part under `word/`."""
    relations = "".join(
        f'<Relationship Id="r{n}" Type="{R}/{kind}" Target="{target}"/>'
        for n, (target, kind) in enumerate((related or {}).items(), start=10)
    )
    held: dict[str, str | bytes] = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": ROOT,
        "word/document.xml": body(inner) if document is None else document,
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{P}/relationships">{relations}</Relationships>',
        **(parts or {}),
    }
    return zipped(held)


def story(name: str, inner: str) -> str:
    """A part such as `hdr` or `footnotes`."""
    return f'<w:{name} xmlns:w="{W}">{inner}</w:{name}>'


def zipped(parts: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def lying_zip(size: int = 10 << 30) -> bytes:
    """A DOCX whose body says that it unpacks to less than it does: a run of blanks without end."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = body("").partition("<w:body>")[0].encode() + b"<w:body>"
    packed = packer.compress(start) + b"".join(
        packer.compress(b" " * (1 << 20)) for _ in range(size >> 20)
    )
    packed += packer.flush()
    sound = docx()
    return _with_body(sound, packed, declared=1_000)


def big_zip() -> bytes:
    """A DOCX with an entry that says it unpacks to 10 GB."""
    return _with_body(docx(), zlib.compress(b" " * 100_000)[2:-4], declared=10 << 30)


def _with_body(sound: bytes, packed: bytes, declared: int) -> bytes:
    """A sound DOCX with the stored bytes of its body replaced, its size as declared."""
    out, directory = b"", b""
    with zipfile.ZipFile(io.BytesIO(sound)) as archive:
        for entry in archive.infolist():
            data = archive.read(entry)
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            small = packer.compress(data) + packer.flush()
            crc, size = zlib.crc32(data), len(data)
            if entry.filename == "word/document.xml":
                small, size = packed, declared
            zip64 = b"" if size < 1 << 32 else struct.pack("<HHQQ", 1, 16, size, len(small))
            said = min(size, 0xFFFFFFFF), min(len(small), 0xFFFFFFFF if zip64 else len(small))
            name = entry.filename.encode()
            common = struct.pack(
                "<HHHHHIIIHH",
                45,
                0,
                8,
                0,
                33,
                crc,
                0xFFFFFFFF if zip64 else said[1],
                said[0],
                len(name),
                len(zip64),
            )
            directory += b"PK\x01\x02" + struct.pack("<H", 45) + common
            directory += struct.pack("<HHHII", 0, 0, 0, 0, len(out)) + name + zip64
            out += b"PK\x03\x04" + common + name + zip64 + small
        count = len(archive.infolist())
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(out), 0)
    return out + directory + b"PK\x05\x06" + end


def overlapping_zip(entries: int = 200, size: int = 1 << 20) -> bytes:
    """Many entries of the directory that all point to one packed run, so that the whole is far more than its bytes."""
    data = b" " * size
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    name = b"word/document.xml"
    common = struct.pack(
        "<HHHHHIIIHH", 20, 0, 8, 0, 33, zlib.crc32(data), len(packed), len(data), len(name), 0
    )
    out = b"PK\x03\x04" + common + name + packed
    directory = b""
    for number in range(entries):
        other = f"word/{number:012}.xml".encode()
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + common[:-4]
        directory += struct.pack("<HHHHHII", len(other), 0, 0, 0, 0, 0, 0) + other
    end = struct.pack("<HHHHIIH", 0, 0, entries, entries, len(directory), len(out), 0)
    return out + directory + b"PK\x05\x06" + end


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + f']><w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>&j;</w:t></w:r></w:p></w:body></w:document>'
)


def pdf(objects: Sequence[bytes], *, root: int = 1, trailer: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1, with a table of where they stand."""
    out, offsets = (
        bytearray(b"%PDF-1.7\n"),
        [],
    )  # which grows in place: some have a hundred thousand objects
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % at for at in offsets)
    return bytes(out) + b"trailer\n<< /Size %d /Root %d 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        root,
        trailer,
        start,
    )


def stream(data: bytes, more: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), more, data)


def shown(lines: Iterable[str]) -> bytes:
    """The drawing of some lines of text."""
    rows = b" T* ".join(
        b"(%s) Tj" % line.encode("latin-1").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
        for line in lines
    )  # fmt: skip
    return b"BT /F1 11 Tf 14 TL 72 760 Td " + rows + b" ET"


FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
PICTURE = stream(
    b"\xff" * 100,
    b"/Type /XObject /Subtype /Image /Width 10 /Height 10 /ColorSpace /DeviceGray /BitsPerComponent 8",
)


def pages_pdf(
    pages: Sequence[Sequence[str] | None],
    *,
    more: bytes = b"",
    page_more: bytes = b"",
    extra: Sequence[bytes] = (),
    drawing: bytes = b"",
    trailer: bytes = b"",
) -> bytes:
    """A PDF with one page for each list of lines; None is a page with a picture and no text.

    `more` goes into the catalogue, `page_more` into every page, `extra` are objects after the others (the first is the
    number that `pages_end` gives), `drawing` stands before the text of every page.
    """
    kids = b" ".join(b"%d 0 R" % (5 + 2 * n) for n in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % more,
        b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), kids),
        FONT,
        PICTURE,
    ]
    for number, lines in enumerate(pages):
        content = b"q 500 0 0 700 40 40 cm /Im1 Do Q" if lines is None else shown(lines)
        resources = b"/Font << /F1 3 0 R >>" + (
            b" /XObject << /Im1 4 0 R >>" if lines is None or drawing else b""
        )
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << %s >> /Contents %d 0 R %s >>"
            % (resources, 6 + 2 * number, page_more),
            stream(drawing + content),
        ]
    return pdf([*objects, *extra], trailer=trailer)


def pages_end(pages: int) -> int:
    """The number of the first extra object of `pages_pdf`."""
    return 5 + 2 * pages


def mail(
    text: str | None = "He was found in the park.\n",
    html: str | None = None,
    attached: Sequence[tuple[str, str, bytes]] = (),
    **headers: str,
) -> bytes:
    """An e-mail; `attached` as (file name, type, bytes)."""
    message = EmailMessage()
    message["From"] = headers.pop("sender", "Officer 7 <officer7@example.org>")
    message["Date"] = "Thu, 19 Jun 2014 10:00:00 +0100"
    message["Subject"] = headers.pop("subject", "Report")
    for name, value in headers.items():
        message[name] = value
    if text is not None:
        message.set_content(text)
    if html is not None:
        if text is None:
            message.set_content(html, subtype="html")
        else:
            message.add_alternative(html, subtype="html")
    for name, kind, data in attached:
        main, _, sub = kind.partition("/")
        message.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


def nested_mail(parts: int) -> bytes:
    """A multipart within a multipart, so many deep."""
    head = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(parts)
    )
    return b"From: a@example.org\nSubject: deep\n" + head + b"Content-Type: text/plain\n\nat last\n"


def hostile_pdfs() -> dict[str, bytes]:
    """PDFs that are damaged, or that a careless reader would never finish."""
    sound = pages_pdf([["He was found in the park."]])
    catalogue = b"<< /Type /Catalog /Pages 2 0 R >>"
    bomb = zlib.compress(zlib.compress(b"0 " * (8 << 20), 9), 9)
    deep = b"[" * 100_000 + b"]" * 100_000
    form = (
        b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /Fm %d 0 R >> >>"
    )
    loop, wide = stream(b"/Fm Do", form % 4), stream(b"/Fm Do " * 50, form)
    page = (
        b"<< /Type /Page /Parent 2 0 R /Resources << /XObject << /Fm 4 0 R >> >> /Contents 5 0 R >>"
    )
    one = b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>"
    return {
        "cyclic_pages": pdf([catalogue, b"<< /Type /Pages /Count 9 /Kids [2 0 R 2 0 R] >>"]),
        "cyclic_parents": pdf(
            [catalogue, b"<< /Type /Pages /Count 1 /Kids [3 0 R] /Parent 3 0 R >>", b"<< /Type /Pages /Kids [2 0 R] >>"]
        ),
        "pages_without_end": pdf(
            [catalogue, *(b"<< /Type /Pages /Kids [%s] >>" % (b"%d 0 R " % (n + 1) * 10) for n in range(2, 40)),
             b"<< /Type /Page >>"]
        ),
        "root_of_itself": pdf([b"1 0 R"]),
        "object_stream_in_itself": pdf(
            [b"<< /Type /Catalog /Pages 3 0 R >>",
             stream(b"3 0 << /Type /Pages /Kids [3 0 R] >>", b"/Type /ObjStm /N 1 /First 4 /Extends 2 0 R")]
        ),
        "previous_table_is_itself": sound.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev 0")
        .replace(b"/Prev 0", b"/Prev %d" % sound.index(b"xref\n0")),
        "truncated": sound[: len(sound) // 2],
        "no_table": sound.partition(b"xref\n")[0],
        "wrong_table": sound.replace(b" 00000 n", b" 00007 n").replace(b"0000000", b"9999999"),
        "deep_arrays": pdf([b"<< /Type /Catalog /Pages 2 0 R /X %s >>" % deep, one]),
        "deep_contents": pdf([catalogue, one, page, loop, stream(deep)]),
        "bomb": pdf([catalogue, one, page, loop, stream(bomb, b"/Filter [/FlateDecode /FlateDecode]")]),
        "form_in_itself": pdf([catalogue, one, page, loop, stream(b"/Fm Do")]),
        "forms_without_end": pdf(
            [catalogue, one, page, *((wide % n) if n != 6 else stream(b"/Fm Do") for n in (6, 5, 7, 8, 9, 10, 4))]
        ),
        "negative_length": sound.replace(b"/Length ", b"/Length -"),
        "count_of_pages_lies": sound.replace(b"/Count 1", b"/Count 99999999"),
        "only_a_head": b"%PDF-1.7\n",
        "zeros": b"%PDF-1.7\n" + bytes(100_000),
    }  # fmt: skip
