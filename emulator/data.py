"""Locates the bundled data, in a wheel or in a checkout: schemas, scenarios, texts, facts."""

from __future__ import annotations

from pathlib import Path

from emulator.errors import MissingDataError


def schemas() -> Path:
    """Return the folder of JSON Schemas: ``v1/<event type>.json``, and ``scenario.json``."""
    return _data() / "schemas"


def scenarios() -> Path:
    """Return the folder of bundled scenarios: ``<name>.yaml``."""
    return _data() / "scenarios"


def library() -> bytes:
    """Return the JSON from which the tests, questions and job roles of a workspace are drawn."""
    return _of_the_domain("library.json")


def facts() -> bytes:
    """Return the JSON with the facts about the provider."""
    return _of_the_domain("fidelity.json")


def _of_the_domain(name: str) -> bytes:
    return (Path(__file__).resolve().parent / "domain" / name).read_bytes()


def _data() -> Path:
    # A wheel has both folders inside the package (pyproject.toml, force-include). An editable
    # install and a checkout have them at the repository root, which has a pyproject.toml, unlike
    # a site-packages that happens to have a folder called schemas.
    package = Path(__file__).resolve().parent
    packaged = package / "_data"
    if packaged.is_dir():
        return packaged
    root = package.parent
    if (root / "pyproject.toml").is_file():
        return root
    message = f"no schemas and scenarios: looked in {packaged} and {root}"
    raise MissingDataError(message)
