"""The docs against the code: names, links, generated pages, and examples that run."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import pytest

from emulator import errors
from emulator.cli.main import cli
from emulator.conformance import consumer_file
from emulator.domain import assessment, candidate, fidelity
from emulator.domain.events import EVENT_TYPES
from emulator.pytest_plugin import plugin
from emulator.pytest_plugin.expectations import ExpectOptions
from emulator.pytest_plugin.options import TestlifyOptions
from emulator.scenario.loading import read
from emulator.server.control import routes as control
from emulator.server.provider import routes as provider
from emulator.server.routes import ROUTES
from emulator.twin import EmulatorOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlette.routing import Route

ROOT = Path(__file__).parents[1]
DOCS = {path.name: path.read_text() for path in sorted((ROOT / "docs").glob("*.md"))}
PAGES = {
    str(path.relative_to(ROOT)): path.read_text()
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))
}
PROVIDER = DOCS["provider-api.md"]
COMMANDS: list[Route] = control.UNKNOWN_COMMANDS
CALLS = [
    (method, route)
    for route in ROUTES
    for method in sorted((route.methods or set()) - {"HEAD"})
    if route in COMMANDS or not any(one.path_regex.match(route.path) for one in COMMANDS)
]
"""All calls; those of commands as one with ``{command}``."""

VERBS = cli.list_commands(click.Context(cli))
DEADLINE = 60.0  # real seconds


# --- generated pages ------------------------------------------------------------------------


def _scripts_pages() -> Any:
    spec = importlib.util.spec_from_file_location("pages", ROOT / "scripts" / "pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES_SCRIPT = _scripts_pages()


@pytest.mark.parametrize(
    "name", ["fidelity.md", "lifecycles.md", "checks.md", "faults.md", "reports.md"]
)
def test_a_generated_page_is_up_to_date_with_the_tables(name: str) -> None:
    assert DOCS[name] == PAGES_SCRIPT.pages()[name], "run scripts/docs"


@pytest.mark.parametrize("name", PAGES_SCRIPT.schemas())
def test_a_generated_schema_is_up_to_date_with_the_types(name: str) -> None:
    assert (ROOT / "schemas" / name).read_text() == PAGES_SCRIPT.schemas()[name], "run scripts/docs"


KNOWN = fidelity.facts()
FACTS = (*KNOWN.irregularities, *KNOWN.delivery, *KNOWN.api, *KNOWN.product)


def test_each_fact_has_an_id_of_its_own() -> None:
    assert len({fact.id for fact in FACTS}) == len(FACTS)


def test_each_irregularity_of_the_examples_has_its_row() -> None:
    assert len(KNOWN.irregularities) == 27


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.id)
def test_a_fact_points_at_a_name_that_exists(fact: fidelity.Fact) -> None:
    file, _, name = fact.where.partition(":")
    assert re.search(rf"\b{name}\b", (ROOT / "emulator" / file).read_text())


# --- how-tos --------------------------------------------------------------------------------

HOW_TOS = ROOT / "tests" / "examples"


@pytest.mark.parametrize(
    "name",
    sorted(
        str(path.relative_to(HOW_TOS))
        for path in HOW_TOS.rglob("*.*")
        if path.suffix in (".py", ".yaml") and path.name != "typed_sample.py"
    ),
)
def test_each_example_that_runs_is_on_a_page_as_it_is(name: str) -> None:
    text = (HOW_TOS / name).read_text()
    pages = DOCS["pytest.md"] + DOCS["python.md"]
    assert f"```{'python' if name.endswith('.py') else 'yaml'}\n{text}```" in pages


@pytest.mark.parametrize(
    "names",
    [
        TestlifyOptions.__struct_fields__,
        (*ExpectOptions.__annotations__, "event"),
        [name for name in vars(plugin) if name.startswith("testlify")],
        ("testlify_scenarios", "testlify_set", "testlify_overlay"),
    ],
)
def test_each_option_demand_fixture_and_setting_of_the_pytest_plugin_is_named(
    names: Iterable[str],
) -> None:
    assert [name for name in names if f"| `{name}` |" not in DOCS["pytest.md"]] == []


@pytest.mark.parametrize("name", [*EmulatorOptions.__annotations__, "host", "port"])
def test_each_argument_of_an_emulator_is_named(name: str) -> None:
    rows = [line for line in DOCS["python.md"].splitlines() if line.startswith("| `")]
    assert any(f"`{name}`" in row.split("|")[1] for row in rows)


# --- names ----------------------------------------------------------------------------------


@pytest.mark.parametrize("event", EVENT_TYPES)
def test_each_event_type_is_named(event: str) -> None:
    assert f"| `{event}` |" in DOCS["fidelity.md"]
    assert f"`{event}`" in DOCS["lifecycles.md"]


@pytest.mark.parametrize("lifecycle", [candidate.LIFECYCLE, assessment.LIFECYCLE])
def test_each_lifecycle_command_is_named(lifecycle: Any) -> None:
    for row in lifecycle.rows:
        assert (
            f"| {row.state or '(new)'} | `{row.command}` | {row.next_state} |"
            in (DOCS["lifecycles.md"])
        )
    if lifecycle is candidate.LIFECYCLE:
        assert all(f"`{command}`" in DOCS["http-api.md"] for command in lifecycle.commands)


@pytest.mark.parametrize("name", VERBS)
def test_each_verb_has_a_section_with_each_of_its_options_and_variables(name: str) -> None:
    section = _section(DOCS["command-line.md"], name)
    verb = cli.get_command(click.Context(cli), name)
    assert verb is not None
    for parameter in verb.params:
        if isinstance(parameter, click.Argument):
            if isinstance(parameter.type, click.Choice):
                assert all(f"`{name} {one}`" in section for one in parameter.type.choices)
            continue
        rows = [line for line in section.splitlines() if f"| `{parameter.opts[0]}`" in line]
        assert len(rows) == 1, parameter.opts
        assert all(f"`{one}`" in rows[0] for one in parameter.secondary_opts)
        variables = [parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar
        assert all(f"`{one}`" in rows[0] for one in variables or ())


def test_no_option_is_in_the_docs_that_does_not_exist() -> None:
    for name in VERBS:
        verb = cli.get_command(click.Context(cli), name)
        assert verb is not None
        known = {one for parameter in verb.params for one in parameter.opts}
        documented = re.findall(
            r"^\| `(--[a-z-]+)`", _section(DOCS["command-line.md"], name), re.MULTILINE
        )
        assert set(documented) <= known


@pytest.mark.parametrize(
    ("method", "route"), CALLS, ids=[f"{method} {route.path}" for method, route in CALLS]
)
def test_each_call_is_named(method: str, route: Route) -> None:
    assert f"`{method} {route.path}`" in DOCS["http-api.md"] + DOCS["provider-api.md"]


def test_the_table_of_the_provider_s_calls_has_the_source_of_each() -> None:
    documented = dict(
        re.findall(r"^\| `([A-Z]+ /v1/[^`]+)` \| .* \| (\w+) \|$", PROVIDER, re.MULTILINE)
    )
    known = {
        f"{operation.method} {operation.path}": operation.provenance
        for operation in provider.OPERATIONS
        if not operation.path.startswith("/v1/webhook") or operation.id == "createWebhook"
    }
    assert documented == known


def test_no_call_is_in_the_docs_that_does_not_exist() -> None:
    known = {f"{method} {route.path}" for method, route in CALLS}
    documented = re.findall(r"^### `([A-Z]+ /.+)`$", DOCS["http-api.md"], re.MULTILINE)
    documented += re.findall(r"^\| `([A-Z]+ /v1/[^`]+)`", PROVIDER, re.MULTILINE)
    assert documented
    assert set(documented) <= known


def test_each_error_code_is_named_with_its_status() -> None:
    kinds = [errors.EmulatorError]
    for kind in kinds:
        kinds += kind.__subclasses__()
        assert f"| {kind.status} | `{kind.code}` |" in DOCS["http-api.md"]


@pytest.mark.parametrize("page", PAGES)
def test_each_relative_link_resolves(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", PAGES[page]):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        found = (ROOT / page).parent / path if path else ROOT / page
        assert found.exists(), target
        if anchor:
            assert anchor in _anchors(found.read_text()), target


# --- code blocks ----------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_each_block_of_json_or_yaml_can_be_read(page: str, tmp_path: Path) -> None:
    for kind, block in re.findall(
        r"^```(json|yaml)\n(.*?)^```", PAGES[page], re.MULTILINE | re.DOTALL
    ):
        if kind == "json":
            json.loads(block)
        elif "schemas/consumer.json" in block:
            (tmp_path / consumer_file.NAME).write_text(block)
            consumer_file.read(tmp_path / consumer_file.NAME, {})
        else:
            read(page, block.encode(), {"CONSUMER_URL": "http://127.0.0.1:9"})


@pytest.mark.parametrize(
    "line",
    [
        line
        for page in DOCS.values()
        for block in re.findall(r"^```console\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
        for line in re.findall(r"testlify-emulator ([^>&\n)\"]+)", block)
    ],
)
def test_each_command_on_a_page_can_be_called(line: str) -> None:
    name, *arguments = shlex.split(line)
    verb = cli.get_command(click.Context(cli), name)
    assert verb is not None
    verb.make_context(name, arguments)


class Example(NamedTuple):
    """A block of shell, and its output."""

    code: str
    status: str
    answer: str


EXAMPLES = [
    Example(*found)
    for found in re.findall(
        r"^```sh\n(.*?)^```\n(?:\nAnswers `(\d+)`[^\n]*\n(?:\n```json\n(.*?)^```\n)?)?",
        DOCS["http-api.md"] + PROVIDER,
        re.MULTILINE | re.DOTALL,
    )
]
_MARK = "--- end of example ---"
_PROLOGUE = r"""
curl() { command curl --write-out '%{stderr}%{http_code} %{method} %{url_effective}\n' "$@"; }
"""


class Answered(NamedTuple):
    """What came of an example: its output, and status, method and path of each of its calls."""

    output: str
    calls: list[tuple[str, str, str]]


@pytest.fixture(scope="module")
def addresses() -> Iterator[dict[str, str]]:
    """The two commands that the page starts with are running: documented address -> real one."""
    with _running("serve") as served, _running("listen", "--no-body") as listening:
        assert served.stdout is not None
        assert listening.stdout is not None
        found = re.search(r"http://([0-9.:]+)", listening.stdout.readline())
        assert found is not None
        url = json.loads(served.stdout.readline())["url"]
        yield {"127.0.0.1:4800": url.removeprefix("http://"), "127.0.0.1:9000": found[1]}
        for process in (served, listening):
            process.send_signal(signal.SIGTERM)
            assert process.wait(DEADLINE) == 0


def _running(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "emulator", *arguments, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


@pytest.fixture(scope="module")
def answered(
    addresses: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[Example, Answered]:
    """All examples of both pages of HTTP APIs, run one after the other by one shell."""
    mark = f"echo '{_MARK}'; echo '{_MARK}' >&2\n"
    script = "set -eu\n" + _PROLOGUE + mark.join(example.code for example in EXAMPLES)
    for documented, real in addresses.items():
        script = script.replace(documented, real)
    ran = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        cwd=tmp_path_factory.mktemp("examples"),
    )
    outputs, logs = ran.stdout.split(_MARK), ran.stderr.split(_MARK)
    assert len(outputs) == len(logs) == len(EXAMPLES), ran.stderr
    calls = [
        re.findall(r"^(\d{3}) ([A-Z]+) http://[^/]+([^?\s]*)", one, re.MULTILINE) for one in logs
    ]
    return dict(zip(EXAMPLES, map(Answered, outputs, calls), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.code.splitlines()[-1][:60])
def test_an_example_gives_the_answer_on_its_page(
    example: Example, answered: dict[Example, Answered], addresses: dict[str, str]
) -> None:
    output, calls = answered[example]
    assert bool(calls) == bool(example.status)
    assert [status for status, _, _ in calls[-1:]] == [example.status] * bool(calls)
    assert all(status.startswith("2") for status, _, _ in calls[:-1])
    if example.answer:
        expected = example.answer
        for documented, real in addresses.items():
            expected = expected.replace(documented, real)
        _check(json.loads(expected), json.loads(output), "$")
    else:
        assert output.strip() == ""


@pytest.mark.slow
def test_each_call_has_an_example(answered: dict[Example, Answered]) -> None:
    called = {(method, path) for one in answered.values() for _, method, path in one.calls}
    for method, route in CALLS:
        assert any(verb == method and route.path_regex.match(path) for verb, path in called), (
            f"{method} {route.path}"
        )


def _check(expected: Any, found: Any, path: str) -> None:
    """Compare an answer with the page's: `...` matches everything."""
    if isinstance(expected, dict) and isinstance(found, dict):
        more = expected.keys() - found.keys() - {"..."}
        assert not more, f"{path}: not in the answer: {more}"
        missing = set() if "..." in expected else found.keys() - expected.keys()
        assert not missing, f"{path}: not on the page: {missing}"
        for key in expected.keys() - {"...", "durationMs"}:
            _check(expected[key], found[key], f"{path}.{key}")
    elif isinstance(expected, list) and isinstance(found, list):
        assert len(expected) == len(found), path
        for index, (one, other) in enumerate(zip(expected, found, strict=True)):
            _check(one, other, f"{path}[{index}]")
    elif isinstance(expected, str) and "..." in expected:
        pattern = ".*".join(map(re.escape, expected.split("...")))
        assert re.fullmatch(pattern, str(found)), f"{path}: {found!r} is not {expected!r}"
    else:
        assert expected == found, path


def _section(page: str, name: str) -> str:
    found = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no section {name!r}"
    return found[1]


def _anchors(page: str) -> set[str]:
    """Return the anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}
