"""Built packages contain their data, and imports stay small."""

from __future__ import annotations

import inspect
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import emulator

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
LATE = (
    "faker", "hypothesis", "schemathesis", "jinja2", "junitparser", "rich", "referencing", "httpx2",
    "ruamel",
)  # fmt: skip
"""What is imported where it is used, so that starting is fast."""


def run(*command: str | Path, cwd: Path = ROOT, **variables: str) -> str:
    # Coverage of a subprocess would start with the interpreter; these ask for an empty one.
    environment = {key: one for key, one in os.environ.items() if not key.startswith("COV")}
    environment |= variables
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tracked(folder: str) -> set[str]:
    return set(run("git", "ls-files", "-z", "--", folder).split("\0")) - {""}


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source distribution, and the wheel built from it."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT)
    return out


def test_the_wheel_built_from_the_sdist_carries_every_schema_and_scenario(dist: Path) -> None:
    """The wheel's data is exactly the data that git tracks."""
    (wheel,) = dist.glob("*.whl")
    names = {one for one in zipfile.ZipFile(wheel).namelist() if one.startswith("emulator/_data/")}
    expected = tracked("schemas") | tracked("scenarios")
    assert len(expected) > 30
    assert names == {f"emulator/_data/{name}" for name in expected}


def test_the_wheel_carries_every_module_and_the_mark_of_types(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    names = {one for one in zipfile.ZipFile(wheel).namelist()
             if one.startswith("emulator/") and not one.startswith("emulator/_data/")}  # fmt: skip
    assert names == tracked("emulator")
    assert "emulator/py.typed" in names


def test_the_sdist_can_run_its_own_tests(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    tops = {name.partition("/")[0] for name in names}
    assert {"emulator", "schemas", "scenarios", "tests", "scripts", "pyproject.toml"} <= tops
    assert "tests/conftest.py" in names
    assert tracked("schemas") | tracked("scenarios") <= names


@pytest.fixture(scope="session")
def site(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the wheel is installed."""
    (wheel,) = dist.glob("*.whl")
    target = tmp_path_factory.mktemp("site")
    run(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
        "--no-deps", "--no-index", "--target", target, wheel)  # fmt: skip
    return target


def test_an_installed_wheel_finds_its_data_from_anywhere(site: Path, tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import emulator\n"
        "from emulator import data\n"
        "from emulator.contracts.validation import Contracts\n"
        "assert emulator.__file__.startswith(sys.argv[1]), emulator.__file__\n"
        "print(emulator.__version__, len(Contracts().events('v1')),"
        " sum(one.name.endswith('.yaml') for one in data.scenarios().iterdir()))\n"
    )
    found = run(sys.executable, "-I", "-c", code, site, cwd=tmp_path).split()
    scenarios = sum(name.endswith(".yaml") for name in tracked("scenarios"))
    assert found == [emulator.__version__, "13", str(scenarios)]


def test_an_installed_wheel_brings_its_pytest_plugin(site: Path, tmp_path: Path) -> None:
    """The how-tos run with it, as they are."""
    shutil.copytree(ROOT / "tests" / "examples", tmp_path / "examples")
    (tmp_path / "examples" / "test_where.py").write_text(
        "import emulator, os\n"
        "def test_it_is_the_wheel_s():\n"
        "    assert emulator.__file__.startswith(os.environ['PYTHONPATH'])\n"
    )
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nfilterwarnings = error\ntestlify_scenarios = examples\n"
        "asyncio_default_fixture_loop_scope = function\n"
    )
    run(sys.executable, "-m", "pytest", "-q", cwd=tmp_path, PYTHONPATH=str(site))


def loaded(code: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has loaded after *code*."""
    output = run(sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)")
    return {name.partition(".")[0] for name in output.split()}


def test_an_emulator_is_made_without_modules_that_it_needs_later() -> None:
    code = "from emulator.emulator import Emulator\nEmulator(seed=1)"
    assert loaded(code) & set(LATE) == set()


def test_a_server_imports_the_page_and_the_calls_of_the_apis_with_the_first_of_them() -> None:
    output = run(sys.executable, "-c", "import emulator.server.app, sys; print(*sys.modules)")
    rooms = ("emulator.server.ui", "emulator.server.html", "emulator.server.provider.", "jinja2")
    control = "emulator.server.control."
    health = {f"{control}about", f"{control}operation"}
    found = {one for one in output.split() if one.startswith((*rooms, control))}
    assert found == health


def test_a_run_in_a_pipe_needs_no_report_library() -> None:
    code = "import emulator.cli.run_verb, emulator.cli.local_runs, emulator.reports.folder"
    assert loaded(code) & {"jinja2", "junitparser", "rich"} == set()


def test_the_package_alone_loads_none_of_its_parts() -> None:
    output = run(sys.executable, "-c", "import emulator, sys; print(*sys.modules)")
    assert [name for name in output.split() if name.startswith("emulator")] == ["emulator"]


PUBLIC = {
    "Assessment", "AsyncTestlify", "Attempt", "Candidate", "Delivery", "Emulator", "EmulatorError",
    "Profile", "Receiver", "RunningEmulator", "RunningWorkspace", "Settings", "Testlify",
    "TestlifyOptions", "Webhook", "Workspace", "__version__", "running",
    "testlify_sequences",
}  # fmt: skip


def test_the_public_names_are_these() -> None:
    """A name more or less is a decision, and docs/python.md has each."""
    assert set(emulator.__all__) == PUBLIC
    assert emulator.__version__.count(".") == 2
    page = (ROOT / "docs" / "python.md").read_text()
    assert [name for name in PUBLIC if f"`{name}`" not in page] == []


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_a_public_name_is_handed_out_and_no_module_hides_it(name: str) -> None:
    """A module of the same name would take its place once that was imported."""
    assert getattr(emulator, name) is not None
    assert not inspect.ismodule(getattr(emulator, name))
    assert not (ROOT / "emulator" / f"{name}.py").exists()


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError) as caught:
        emulator.Emulater  # noqa: B018 - asking is the test
    assert str(caught.value) == "module 'emulator' has no attribute 'Emulater'"
