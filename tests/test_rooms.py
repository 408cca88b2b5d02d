"""The picture of the house: what each package says of its rooms is all of them, and nothing else."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("forms", "omr", "webapp", "webapp/dataset", "webapp/views")
NAMES_FROM = 26
"""Column from which a line of the picture names modules."""


def said(file: Path) -> str:
    return ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_names_its_modules(package: str) -> None:
    picture = [line for line in said(ROOT / package / "__init__.py").splitlines() if line.startswith("    ")]
    # What ends in a slash is a folder, told in words.
    told = {name for line in picture if "/" not in line[:NAMES_FROM] for name in line[NAMES_FROM:].split()}
    there = {file.stem for file in (ROOT / package).glob("*.py")} - {"__init__"}
    assert told == there, f"the picture of the rooms in {package}/__init__.py names other modules than there are"


def test_every_module_says_what_it_is_for() -> None:
    files = [f for p in ("forms", "omr", "webapp") for f in (ROOT / p).rglob("*.py")]
    assert len(files) > 100
    assert [str(f.relative_to(ROOT)) for f in files if not said(f)] == []
