"""The packaged template with its functions as container images."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra import image, package
from infra.build import images
from infra.functions import functions
from infra.stages import STAGES

HANDLERS = {function.handler for function in functions().values()}


@pytest.mark.slow
def test_the_template_of_images_is_valid_in_both_regions_and_runs_every_handler(tmp_path: Path) -> None:
    sam = package.sam_template(STAGES["hohhot"])
    before = json.dumps(sam)

    made = images(sam)

    target = tmp_path / "images.json"
    target.write_text(json.dumps(made), encoding="utf-8")
    package.check_template(target)
    assert json.dumps(sam) == before, "the template of archives stays as it was"
    found = [r["Properties"] for r in made["Resources"].values() if r["Type"] == "AWS::Serverless::Function"]
    assert {properties["ImageConfig"]["Command"][0] for properties in found} == HANDLERS
    for properties in found:
        assert properties["PackageType"] == "Image"
        assert properties["ImageUri"] == {"Ref": "ImageUri"}
        assert not {"Runtime", "Handler", "CodeUri"} & properties.keys()
        assert {"Timeout", "MemorySize", "Environment", "Role"} <= properties.keys()


def test_a_part_that_outgrows_its_budget_stops_the_build() -> None:
    with pytest.raises(image.ImageError, match="more than"):
        image.within_budget(image.BUDGET + 1)


def test_the_containerfile_takes_nothing_but_the_two_folders_of_its_context() -> None:
    lines = image.CONTAINERFILE.read_text(encoding="utf-8").splitlines()

    copied = [line.split()[1] for line in lines if line.startswith(("COPY", "ADD"))]

    assert copied == ["dependencies/", "code/"]
    assert "ARG BASE=public.ecr.aws/lambda/python:3.13" in lines
    assert [line for line in lines if line.startswith("FROM")] == ["FROM ${BASE}"]


def test_an_archive_that_lambda_would_refuse_for_its_size_is_refused_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import zipfile

    archive = tmp_path / "deployment.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("much.py", "#" * 2_000)
    package.check_size(archive)
    monkeypatch.setattr(package, "UNPACKED_LIMIT", 1_000)
    with pytest.raises(package.PackagingError, match="unpacked"):
        package.check_size(archive)
