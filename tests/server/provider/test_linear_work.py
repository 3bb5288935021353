"""No call of the provider API does more than linear work in its input and in the workspace."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any, get_args

import httpx2
import pytest

from emulator.emulator import Emulator
from emulator.server.app import application
from emulator.server.provider.listing import Sorted
from tests.server.provider.conftest import EXAMPLES, each_operation, filled

if TYPE_CHECKING:
    from types import FrameType

    from emulator.server.operations import Operation
    from emulator.workspace.workspace import Workspace

FEW, MANY = 25, 100
MOST = 1.2 * MANY / FEW
"""Linear work grows fourfold, quadratic work sixteenfold."""

SPARE = 1_000
"""Instructions by which work differs that does not grow."""


@pytest.mark.slow
@each_operation
def test_the_work_of_a_call_grows_as_its_input_and_the_workspace(operation: Operation) -> None:
    """Counted in bytecode instructions, so loops inside of C functions are not seen."""
    asyncio.run(_instructions(operation, 1))  # draws the library, and imports the routes
    fixed, few, many = (asyncio.run(_instructions(operation, count)) for count in (1, FEW, MANY))
    assert many - fixed < MOST * (few - fixed) + SPARE


async def _instructions(operation: Operation, count: int) -> int:
    """Call *operation* on *count* records of each kind, and return what the call executes."""
    executed = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal executed
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        executed += event == "opcode"
        return trace

    async with Emulator(seed=7, clock="virtual") as emulator:
        ids = _fill(emulator.workspace("crowd"), count)
        transport = httpx2.ASGITransport(application(emulator))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            client.headers["Authorization"] = "Bearer crowd"
            path, request = operation.path.format_map(ids), _request(operation, ids, count)
            before = sys.gettrace()
            sys.settrace(trace)
            try:
                answer = await client.request(operation.method, path, **request)
            finally:
                sys.settrace(before)
    assert answer.status_code == operation.status, answer.text
    return executed


def _fill(workspace: Workspace, count: int) -> dict[str, str]:
    """Make *count* records of each kind, and invite one person as often; return ids for a call."""
    access, library = workspace.access, workspace.state.library
    for number in range(count):
        job = workspace.create_assessment(tests=[next(iter(library.tests))])
        hook = workspace.add_webhook(
            name="ats", payload_url="https://example.com/hook", events=["candidate.rejected"]
        )
        access.generate_token(note=f"note {number}")
        access.send_code(f"l{number}@example.com")
        member = {"email": f"m{number}@example.com", "role": "ADMIN", "role_id": "x"}
        access.invite_members([member])
    for number in range(count):
        workspace.invite(job.id, email=f"p{number}@example.com")
        ada = workspace.expire(workspace.invite(job.id, email="ada@example.com").id)
    return {
        "assessmentId": job.id,
        "candidateId": ada.candidate_id,
        "questionId": next(iter(library.questions)),
        "id": hook.id,
        "testLibraryId": next(iter(library.tests)),
        "templateId": next(role.id for role in library.job_roles if role.has_template),
        "workspaceUrl": "customer",
        "email": "eve@example.com",
        "otp": access.send_code("eve@example.com").code,
        "accesskey": access.verify_code(
            "in-eve@example.com", access.send_code("in-eve@example.com").code
        ),
    }


def _request(operation: Operation, ids: dict[str, str], count: int) -> dict[str, Any]:
    """Return the example of a call, with *count* of what its body lists, for all rows."""
    example: dict[str, Any] = filled(EXAMPLES.get(operation.id, {}), ids)
    body = example.get("json", {})
    for name in {"events", "testLibraryIds"} & body.keys():
        body[name] = body[name] * min(count, 50)
    if "members" in body:
        body["members"] = _several(body["members"], [f"n{one}" for one in range(count)])
    if "candidateInvites" in body:
        names = [f"{kind}{one}" for kind in "np" for one in range(count)]  # new and known people
        body["candidateInvites"] = _several(body["candidateInvites"], [*names, *["ada"] * count])
    fields = operation.query.__struct_encode_fields__
    rows = {"limit": 1_000, "query": "e", "q": "e"}
    asked = {name: one for name, one in rows.items() if name in fields}
    if issubclass(operation.query, Sorted):
        asked["colName"] = get_args(operation.answer)[0].__struct_encode_fields__[0]
    return example | {"params": asked}


def _several(example: list[dict[str, str]], names: list[str]) -> list[dict[str, str]]:
    return [example[0] | {"email": f"{name}@example.com"} for name in names]
