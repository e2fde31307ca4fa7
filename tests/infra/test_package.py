"""The package as it would be uploaded, built from the copy of what ships."""

from __future__ import annotations

import hashlib
import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from infra import build, package
from infra.stages import STAGES

MOST_UNPACKED = 230_000_000
"""Lambda takes 250 MB; the rest is room for what comes."""


@pytest.mark.slow
def test_a_stage_is_packaged_whole_and_the_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    """Dependencies are in, the application can be imported from the archive alone, cfn-lint finds nothing."""
    sam = package.package(STAGES["hohhot"], tmp_path / "hohhot")
    archive = sam.parent / "deployment.zip"
    with zipfile.ZipFile(archive) as packed:
        names = packed.namelist()
        unpacked = sum(entry.file_size for entry in packed.infolist())
    assert unpacked < MOST_UNPACKED
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    assert not {"infra", "tests", "docs"} & {name.split("/")[0] for name in names}
    again = package.package(STAGES["hohhot"], tmp_path / "again")
    digests = [hashlib.sha256(path.read_bytes()).digest() for path in (archive, again.parent / "deployment.zip")]
    assert digests[0] == digests[1]
    packaged = build.cloudformation(json.loads(sam.read_text(encoding="utf-8")))
    assert packaged == package.stack_template(STAGES["hohhot"])


def test_an_archive_that_lacks_a_dependency_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "deployment.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("app.py", "import pynamodb\napp = None\n")
    with pytest.raises(package.PackagingError, match="pynamodb"):
        package.check_archive(archive)


def test_a_template_with_a_dangling_reference_is_refused(tmp_path: Path) -> None:
    sam = tmp_path / "sam.json"
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Nowhere"}}}
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {"Queue": queue},
    }
    sam.write_text(json.dumps(template), encoding="utf-8")
    with pytest.raises(package.PackagingError, match="Nowhere"):
        package.check_template(sam)


def test_a_dependency_that_chalice_only_mentions_as_missing_stops_the_packaging(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chalice exits with 0 when a dependency could not be built, and ships without it."""
    said = "Creating deployment package.\nCould not install dependencies:\npycrypto==2.6.1\n"
    monkeypatch.setattr(package, "_run", lambda command: subprocess.CompletedProcess(command, 0, said, ""))
    with pytest.raises(package.PackagingError, match="pycrypto"):
        package.package(STAGES["hohhot"], tmp_path / "out")


def test_what_could_not_be_found_stops_the_packaging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def copy_with_impossible_requirement(source: Path, *, with_dependencies: bool) -> None:
        copy(source, with_dependencies=with_dependencies)
        (source / "requirements.txt").write_text(f"{tmp_path.as_uri()}/absent-1.0.tar.gz\n", encoding="utf-8")

    copy = package._copy_shipped
    monkeypatch.setattr(package, "_copy_shipped", copy_with_impossible_requirement)
    with pytest.raises(package.PackagingError, match="chalice package"):
        package.package(STAGES["hohhot"], tmp_path / "out")
    assert not (tmp_path / "out").exists()
