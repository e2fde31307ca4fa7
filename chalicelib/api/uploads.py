"""Electronic copies of materials: announce, post into quarantine, have checked, fetch."""

from __future__ import annotations

from typing import Any

from chalicelib import wiring
from chalicelib.api import views
from chalicelib.data import problems
from chalicelib.domain.uploads import Upload, Wish
from chalicelib.edge.api import ApiBlueprint, Reply, Request, receipt_reply
from chalicelib.services import uploads
from chalicelib.services.upload_ports import PostForm

bp = ApiBlueprint(__name__, tag="uploads")

_WRITE = ("case.act-not-yours", "case.wrong-state", "authority.not-in-force", "store.conflict")
_READ = ("upload.not-found", "case.act-not-yours")


@bp.route_v1(
    "POST",
    "/cases/{case_id}/uploads",
    summary=("申报上传文件", "Announce a file"),
    request="uploads/wish",
    response="elements/receipt",
    status=201,
    keyed=True,
    problems=(
        "case.not-found",
        *_WRITE,
        "material.surplus",
        "upload.media-type",
        "upload.name",
        "upload.name-type",
        "upload.too-large",
        "upload.too-many",
        "text.direction-control",
        "text.invisible",
        "text.look-alike",
        "text.radical",
    ),
)
def announce_upload(request: Request) -> Reply:
    """Says which file will be uploaded, for which material of the case's version. The upload's own address then
    gives the form to post the file with.
    """
    body = request.body
    wish = Wish(body["material"], body["name"], body["media_type"], body["size"], body["sha256"])
    return receipt_reply(
        uploads.announce(wiring.current(), request.who, request.path["case_id"], wish, key=request.once)
    )


@bp.route_v1(
    "GET",
    "/cases/{case_id}/uploads",
    summary=("上传文件列表", "The uploads of a case"),
    response="uploads/list",
    problems=("case.not-found", "case.act-not-yours"),
)
def list_uploads(request: Request) -> Reply:
    """All of them, oldest first, for those who may read the application."""
    found = uploads.of_case(wiring.current(), request.who, request.path["case_id"])
    return Reply({"items": [_view(upload, None) for upload in found]})


@bp.route_v1(
    "GET",
    "/uploads/{upload_id}",
    summary=("查看上传文件", "Read an upload"),
    response="uploads/upload",
    problems=_READ,
)
def read_upload(request: Request) -> Reply:
    """How it stands. While the file is awaited, applicant and filer also get the form: a fresh one each time, good
    for five minutes. Post its fields first and the file last, as ``file``.
    """
    upload, form = uploads.read(wiring.current(), request.who, request.path["upload_id"])
    return Reply(_view(upload, form), etag=upload.version)


@bp.route_v1(
    "POST",
    "/uploads/{upload_id}/finalisation",
    summary=("核验上传文件", "Have the file checked"),
    response="elements/receipt",
    keyed=True,
    problems=(*_READ, *_WRITE, "upload.not-there", "scanner.unavailable", "objects.unavailable"),
)
def finalise_upload(request: Request) -> Reply:
    """Checks size, checksum, type by content and structure. The result's ``state`` is ``clean`` or ``refused``; only
    a clean file counts as a material, named by its digest.
    """
    return receipt_reply(uploads.finalise(wiring.current(), request.who, request.path["upload_id"], key=request.once))


@bp.route_v1(
    "GET",
    "/uploads/{upload_id}/content",
    summary=("下载上传文件", "Where the file can be fetched"),
    response="uploads/content",
    problems=(*_READ, "upload.not-clean"),
)
def read_upload_content(request: Request) -> Reply:
    """An address good for five minutes, as a download, for everybody who may read the application. No redirect: the
    token of this interface must not follow there.
    """
    upload, link = uploads.link(wiring.current(), request.who, request.path["upload_id"])
    return Reply(
        {
            "url": link.url,
            "expires_in": link.expires_in,
            "name": upload.name,
            "media_type": str(upload.media_type),
            "size": upload.size,
            "sha256": upload.sha256,
        }
    )


def _view(upload: Upload, form: PostForm | None) -> dict[str, Any]:
    return {
        "id": upload.id,
        "case": upload.case_id,
        "state": views.labelled("upload", upload.state),
        "material": upload.material,
        "name": upload.name,
        "media_type": str(upload.media_type),
        "size": upload.size,
        "sha256": upload.sha256,
        "opened_at": views.instant(upload.opened_at),
        "changed_at": views.instant(upload.changed_at),
        "flaws": [_told(flaw) for flaw in upload.flaws],
        "scanned": upload.scanned,
        "form": {"url": form.url, "fields": dict(form.fields), "expires_in": form.expires_in} if form else None,
    }


def _told(code: str) -> dict[str, str]:
    text = problems()[code]
    return {"code": str(code), "zh": text["zh"], "en": text["en"]}
