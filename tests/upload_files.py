"""Files made for tests: sound ones of every type that is taken, and more than forty that are not what they seem."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.domain.file_checks import Flaw, MediaType
from chalicelib.domain.uploads import Wish

NAMES = {MediaType.PDF: "证明.pdf", MediaType.JPEG: "照片.jpg", MediaType.PNG: "扫描.png", MediaType.OFD: "版式.ofd"}


def wish(content: bytes, media_type: MediaType = MediaType.PDF, *, material: str = "m1") -> Wish:
    """What an honest client announces."""
    return Wish(material, NAMES[media_type], str(media_type), len(content), hashlib.sha256(content).hexdigest())


# -- PDF --------------------------------------------------------------------------------------------------


def pdf(
    *objects: bytes, catalog: bytes = b"", version: bytes = b"1.7", trailer: bytes = b"", tail: bytes = b""
) -> bytes:
    """A small document; ``objects`` are bodies of further objects."""
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R " + catalog + b" >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
        stream(b"BT /F1 12 Tf (hello) Tj ET"),
        *objects,
    ]
    made = b"%PDF-" + version + b"\n%\xe2\xe3\xcf\xd3\n"
    places = []
    for number, body in enumerate(bodies, 1):
        places.append(len(made))
        made += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    made += b"trailer\n<< /Size %d /Root 1 0 R " % (len(bodies) + 1) + trailer + b">>\n"
    return made + b"startxref\n%d\n%%%%EOF\n" % start + tail


def stream(content: bytes, told: bytes = b"/Filter /FlateDecode", *, pack: bool = True) -> bytes:
    packed = zlib.compress(content) if pack else content
    return b"<< /Length %d " % len(packed) + told + b" >>\nstream\n" + packed + b"\nendstream"


# -- PNG --------------------------------------------------------------------------------------------------


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*extra: bytes, width: int = 8, height: int = 8, data: bytes | None = None, tail: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + bytes(width * 3) for _ in range(height)) if data is None else data
    chunks = [chunk(b"IHDR", header), *extra, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + tail


# -- JPEG -------------------------------------------------------------------------------------------------


def segment(kind: int, data: bytes) -> bytes:
    return bytes([0xFF, kind]) + struct.pack(">H", len(data) + 2) + data


def jpeg(*extra: bytes, width: int = 16, height: int = 16, scans: int = 1, tail: bytes = b"") -> bytes:
    frame = segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")
    scan = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\x34\xff\x00\x56\xff\xd0\x78"
    start = b"\xff\xd8" + segment(0xE0, b"JFIF\0\x01\x01\x00\x00\x01\x00\x01\x00\x00")
    return start + b"".join(extra) + segment(0xDB, bytes(65)) + frame + scan * scans + b"\xff\xd9" + tail


# -- OFD --------------------------------------------------------------------------------------------------

ROOT = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016" Version="1.1"'
    b' DocType="OFD"><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>'
)
PAGE = (
    '<?xml version="1.0" encoding="UTF-8"?><ofd:Page xmlns:ofd="http://www.ofdspec.org/2016">申请表</ofd:Page>'.encode()
)


def ofd(*parts: tuple[str | zipfile.ZipInfo, bytes], root: bytes | None = ROOT, stored: bool = False) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as package:
        if root is not None:
            package.writestr("OFD.xml", root)
        package.writestr("Doc_0/Pages/Page_0/Content.xml", PAGE)
        for name, content in parts:
            package.writestr(name, content)
    return made.getvalue()


def zipped(**parts: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name.replace("_", "."), content)
    return made.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = 0xA1FF << 16
    return info


def _streamed_ofd() -> bytes:
    """As Java writes it: sizes stand behind the data."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

    made = Pipe()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("OFD.xml", ROOT)
        package.writestr("Doc_0/Document.xml", PAGE)
    return made.getvalue()


SOUND: dict[str, tuple[MediaType, bytes]] = {
    "a small PDF": (MediaType.PDF, pdf()),
    "a PDF with compressed objects": (
        MediaType.PDF,
        pdf(stream(b"6 0 << /Title (x) >>", b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode")),
    ),
    "a PDF with a damaged font": (MediaType.PDF, pdf(stream(b"rubbish", pack=False))),
    "a PDF with a picture": (
        MediaType.PDF,
        pdf(stream(b"\xff\xd8\xff", b"/Subtype /Image /Filter /DCTDecode", pack=False)),
    ),
    "a PDF with an incremental update": (MediaType.PDF, pdf() + pdf()[len(b"%PDF-1.7\n") :]),
    "a small PNG": (MediaType.PNG, png()),
    "a PNG with texts": (
        MediaType.PNG,
        png(chunk(b"tEXt", b"Title\0x"), chunk(b"zTXt", b"T\0\0" + zlib.compress(b"x"))),
    ),
    "a small JPEG": (MediaType.JPEG, jpeg()),
    "a progressive JPEG": (MediaType.JPEG, jpeg(scans=10)),
    "a JPEG with a preview behind it": (MediaType.JPEG, jpeg(tail=jpeg())),
    "a small OFD": (MediaType.OFD, ofd()),
    "an OFD with a seal and a font": (
        MediaType.OFD,
        ofd(("Doc_0/Signs/Sign_0/Seal.esl", b"\x30\x82seal"), ("Doc_0/Res/font_1.ttf", b"\0\1\0\0" + bytes(300))),
    ),
    "an OFD that is not compressed": (MediaType.OFD, ofd(stored=True)),
    "an OFD as it was streamed": (MediaType.OFD, _streamed_ofd()),
}


@dataclass(frozen=True)
class Hostile:
    """A file that must not pass. ``flaw``: what it is refused for."""

    media_type: MediaType
    make: Callable[[], bytes]
    flaw: Flaw


_ACTION = b"<< /Type /Action /S /%s /JS (app.alert(1)) >>"
_OBJECTS = b"/Type /ObjStm /N 1 /First 4 "
_SCRIPT = b"5 0 << /S /JavaScript /JS (app.alert(1)) >>"


def _patched(content: bytes, old: bytes, new: bytes) -> bytes:
    assert old in content
    return content.replace(old, new)


def _two_headers() -> bytes:
    """The local header names another part than the directory."""
    made = bytearray(ofd(("Doc_0/a.xml", PAGE)))
    at = made.index(b"Doc_0/a.xml")
    made[at : at + 11] = b"Doc_0/b.xml"
    return bytes(made)


def _overlapping() -> bytes:
    """Two entries of the directory share the same data."""
    made = bytearray(ofd(("Doc_0/a.xml", PAGE), ("Doc_0/b.xml", PAGE)))
    first, second = made.index(b"PK\x01\x02"), made.rindex(b"PK\x01\x02")
    made[second + 42 : second + 46] = made[first + 42 : first + 46]
    return bytes(made)


def _smaller_than_told() -> bytes:
    made = bytearray(ofd(("Doc_0/a.xml", b"<a>" + b" " * 40_000 + b"</a>")))
    last = made.rindex(b"PK\x01\x02")
    local = made.index(b"Doc_0/a.xml") - 30
    made[last + 24 : last + 28] = made[local + 22 : local + 26] = struct.pack("<I", 10)
    return bytes(made)


def _encrypted_zip() -> bytes:
    made = bytearray(ofd(("Doc_0/a.xml", PAGE)))
    last = made.rindex(b"PK\x01\x02")
    made[last + 8] |= 1
    return bytes(made)


P, J, N, O = MediaType.PDF, MediaType.JPEG, MediaType.PNG, MediaType.OFD  # noqa: E741
HOSTILE: dict[str, Hostile] = {
    # not what the name says
    "a web page named PDF": Hostile(P, lambda: b"<html><script>alert(1)</script></html>", Flaw.OTHER_TYPE),
    "a program named PDF": Hostile(P, lambda: b"MZ\x90\0" + bytes(100), Flaw.OTHER_TYPE),
    "a program named JPEG": Hostile(J, lambda: b"\x7fELF" + bytes(100), Flaw.OTHER_TYPE),
    "a PNG named JPEG": Hostile(J, png, Flaw.OTHER_TYPE),
    "an SVG named PNG": Hostile(N, lambda: b"<svg onload='alert(1)'/>", Flaw.OTHER_TYPE),
    "nothing but zeros": Hostile(P, lambda: bytes(100), Flaw.OTHER_TYPE),
    "a PDF behind other bytes": Hostile(P, lambda: b"GIF89a" + pdf(), Flaw.OTHER_TYPE),
    "a Word document named OFD": Hostile(O, lambda: zipped(word_document_xml=b"<w/>"), Flaw.OTHER_TYPE),
    "a package without OFD.xml": Hostile(O, lambda: ofd(root=None), Flaw.OTHER_TYPE),
    "a package with a foreign OFD.xml": Hostile(O, lambda: ofd(root=b"<a/>"), Flaw.OTHER_TYPE),
    # two files in one
    "a PDF that is a ZIP as well": Hostile(P, lambda: pdf() + zipped(a_txt=b"x"), Flaw.TWO_IN_ONE),
    "a PDF with a script behind it": Hostile(P, lambda: pdf(tail=b"<script>alert(1)</script>"), Flaw.TWO_IN_ONE),
    "a PDF with a web page in a comment": Hostile(P, lambda: pdf(b"% <HTML><body>"), Flaw.TWO_IN_ONE),
    "a PDF with RAR in it": Hostile(P, lambda: pdf(stream(b"Rar!\x1a\x07\0", b"", pack=False)), Flaw.TWO_IN_ONE),
    "a JPEG with PHP in its comment": Hostile(J, lambda: jpeg(segment(0xFE, b"<?php x();")), Flaw.TWO_IN_ONE),
    "a JPEG that is a JAR as well": Hostile(J, lambda: jpeg(tail=zipped(A_class=b"\xca\xfe")), Flaw.TWO_IN_ONE),
    "a JPEG that is a PDF as well": Hostile(J, lambda: jpeg(segment(0xFE, b"%PDF-1.4\n")), Flaw.TWO_IN_ONE),
    "a PNG with a script in a text": Hostile(
        N, lambda: png(chunk(b"tEXt", b"Title\0<script>x()</script>")), Flaw.TWO_IN_ONE
    ),
    "a PNG with an archive behind it": Hostile(N, lambda: png(tail=b"7z\xbc\xaf\x27\x1c" + bytes(9)), Flaw.TWO_IN_ONE),
    # PDF that acts
    "a PDF with a script": Hostile(P, lambda: pdf(_ACTION % b"JavaScript"), Flaw.ACTIVE),
    "a PDF with an escaped script": Hostile(P, lambda: pdf(_ACTION % b"J#61va#53cript"), Flaw.ACTIVE),
    "a PDF that starts a program": Hostile(P, lambda: pdf(b"<< /S /Launch /F (cmd.exe) >>"), Flaw.ACTIVE),
    "a PDF that carries a file": Hostile(
        P, lambda: pdf(stream(b"MZ", b"/Type /EmbeddedFile /Filter /FlateDecode")), Flaw.ACTIVE
    ),
    "a PDF with an attachment tree": Hostile(P, lambda: pdf(catalog=b"/Names << /EmbeddedFiles 5 0 R >>"), Flaw.ACTIVE),
    "a PDF that sends its form away": Hostile(P, lambda: pdf(b"<< /S /SubmitForm /F (http://x) >>"), Flaw.ACTIVE),
    "a PDF with an XFA form": Hostile(P, lambda: pdf(catalog=b"/AcroForm << /XFA 5 0 R >>"), Flaw.ACTIVE),
    "a PDF with rich media": Hostile(P, lambda: pdf(b"<< /Subtype /RichMedia >>"), Flaw.ACTIVE),
    "a PDF with a script among compressed objects": Hostile(
        P, lambda: pdf(stream(_SCRIPT, _OBJECTS + b"/Filter /FlateDecode")), Flaw.ACTIVE
    ),
    "a PDF with a script in a stream without a type": Hostile(P, lambda: pdf(stream(_SCRIPT)), Flaw.ACTIVE),
    "a PDF with a script far inside a stream": Hostile(
        P, lambda: pdf(stream(b" " * ((1 << 20) - 10) + _SCRIPT)), Flaw.ACTIVE
    ),
    # PDF that hides
    "an encrypted PDF": Hostile(P, lambda: pdf(trailer=b"/Encrypt 5 0 R "), Flaw.ENCRYPTED),
    "a PDF with objects packed twice": Hostile(
        P,
        lambda: pdf(
            stream(zlib.compress(_SCRIPT).hex().encode(), _OBJECTS + b"/Filter [/AHx /FlateDecode]", pack=False)
        ),
        Flaw.OBSCURE,
    ),
    "a PDF with objects in LZW": Hostile(
        P, lambda: pdf(stream(b"\x80\x0b", _OBJECTS + b"/Filter /LZWDecode", pack=False)), Flaw.OBSCURE
    ),
    "a PDF with objects under a predictor": Hostile(
        P,
        lambda: pdf(stream(b"x", _OBJECTS + b"/Filter /FlateDecode /DecodeParms << /Predictor 12 >>")),
        Flaw.OBSCURE,
    ),
    "a PDF whose object stream is out of sight": Hostile(
        P,
        lambda: pdf(stream(_SCRIPT, _OBJECTS + b"/Filter /AHx /X (" + b" " * 3000 + b")")),
        Flaw.OBSCURE,
    ),
    "a PDF with a damaged object stream": Hostile(
        P, lambda: pdf(stream(b"rubbish", _OBJECTS + b"/Filter /FlateDecode", pack=False)), Flaw.OBSCURE
    ),
    "a PDF without its end": Hostile(P, lambda: pdf()[:-8], Flaw.DAMAGED),
    "a PDF whose end points nowhere": Hostile(
        P, lambda: pdf().rpartition(b"startxref")[0] + b"startxref\n99999\n%%EOF", Flaw.DAMAGED
    ),
    "a PDF with something behind it": Hostile(P, lambda: pdf(tail=b"surplus" * 10), Flaw.TRAILING),
    "a PDF of a future version": Hostile(P, lambda: pdf(version=b"9.9"), Flaw.DAMAGED),
    "a PDF bomb": Hostile(P, lambda: pdf(*[stream(bytes(50 << 20))] * 3), Flaw.EXPANDS),
    # pictures
    "a PNG of a billion pixels": Hostile(N, lambda: png(width=60_000, height=60_000, data=b""), Flaw.PICTURE_SIZE),
    "a PNG that unpacks to more than it says": Hostile(N, lambda: png(data=bytes(1 << 24)), Flaw.EXPANDS),
    "a PNG that unpacks to less than it says": Hostile(N, lambda: png(data=b"\0"), Flaw.DAMAGED),
    "a PNG with a bomb in a text": Hostile(
        N, lambda: png(chunk(b"zTXt", b"T\0\0" + zlib.compress(bytes(30 << 20)))), Flaw.EXPANDS
    ),
    "a PNG with a wrong checksum": Hostile(
        N, lambda: _patched(png(chunk(b"tEXt", b"A\0b")), b"A\0b", b"A\0c"), Flaw.DAMAGED
    ),
    "a PNG with a program behind it": Hostile(N, lambda: png(tail=b"MZ" + bytes(50)), Flaw.TRAILING),
    "a PNG cut short": Hostile(N, lambda: png()[:-12], Flaw.DAMAGED),
    "a PNG of no size": Hostile(N, lambda: png(width=0), Flaw.DAMAGED),
    "a JPEG of four billion pixels": Hostile(J, lambda: jpeg(width=65_535, height=65_535), Flaw.PICTURE_SIZE),
    "a JPEG of a thousand scans": Hostile(J, lambda: jpeg(scans=1_000), Flaw.PICTURE_SIZE),
    "a JPEG with a film behind it": Hostile(J, lambda: jpeg(tail=b"\0\0\0\x18ftypmp42"), Flaw.TRAILING),
    "a JPEG cut short": Hostile(J, lambda: jpeg()[:-6], Flaw.DAMAGED),
    "a JPEG without a picture": Hostile(J, lambda: b"\xff\xd8\xff\xd9", Flaw.DAMAGED),
    "a JPEG whose segment is longer than the file": Hostile(
        J, lambda: b"\xff\xd8\xff\xe0\xff\xff" + bytes(20), Flaw.DAMAGED
    ),
    # packages
    "an OFD that leads out of its folder": Hostile(O, lambda: ofd(("Doc_0/../../x.xml", PAGE)), Flaw.ENTRY_NAME),
    "an OFD with an absolute path": Hostile(O, lambda: ofd(("/etc/x.xml", PAGE)), Flaw.ENTRY_NAME),
    "an OFD with a path of Windows": Hostile(O, lambda: ofd(("C:\\x.xml", PAGE)), Flaw.ENTRY_NAME),
    "an OFD with a part twice": Hostile(O, lambda: ofd(("doc_0/pages/page_0/CONTENT.xml", PAGE)), Flaw.ENTRY_NAME),
    "an OFD with a symbolic link": Hostile(O, lambda: ofd((link("Doc_0/x.xml"), b"/etc/passwd")), Flaw.ENTRY_NAME),
    "an OFD with a script": Hostile(O, lambda: ofd(("Doc_0/x.js", b"alert(1)")), Flaw.ENTRY_TYPE),
    "an OFD with a program as picture": Hostile(O, lambda: ofd(("Doc_0/x.png", b"MZ\x90\0")), Flaw.ENTRY_TYPE),
    "an OFD with an archive": Hostile(O, lambda: ofd(("Doc_0/x.zip", zipped(a_txt=b"x"))), Flaw.ENTRY_TYPE),
    "an OFD with an archive as picture": Hostile(O, lambda: ofd(("Doc_0/x.png", zipped(a_txt=b"x"))), Flaw.NESTED),
    "an OFD with gzip as font": Hostile(O, lambda: ofd(("Doc_0/x.ttf", b"\x1f\x8b\x08" + bytes(9))), Flaw.NESTED),
    "an OFD of 1,001 parts": Hostile(O, lambda: ofd(*((f"D/{i}.xml", PAGE) for i in range(999))), Flaw.ENTRIES),
    "an OFD bomb": Hostile(O, lambda: ofd(("Doc_0/x.bmp", bytes(60 << 20))), Flaw.EXPANDS),
    "an OFD that declares entities": Hostile(
        O, lambda: ofd(("Doc_0/x.xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a/>')), Flaw.ACTIVE
    ),
    "an OFD that hides entities in UTF-16": Hostile(
        O, lambda: ofd(("Doc_0/x.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a/>'.encode("utf-16"))), Flaw.OBSCURE
    ),
    "an OFD with a web page in it": Hostile(O, lambda: ofd(("Doc_0/x.xml", b"<a><script>x</script></a>")), Flaw.ACTIVE),
    "an encrypted OFD": Hostile(O, _encrypted_zip, Flaw.ENCRYPTED),
    "an OFD whose headers contradict each other": Hostile(O, _two_headers, Flaw.DAMAGED),
    "an OFD whose parts overlap": Hostile(O, _overlapping, Flaw.DAMAGED),
    "an OFD whose part is larger than told": Hostile(O, _smaller_than_told, Flaw.DAMAGED),
    "an OFD with something before it": Hostile(O, lambda: b"PK\x03\x04" + ofd(), Flaw.DAMAGED),
    "an OFD with something behind it": Hostile(O, lambda: ofd() + b"surplus", Flaw.DAMAGED),
}
