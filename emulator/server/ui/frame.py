"""Shared by all sections: the workspace, the frame of a page, and the answer to a form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from emulator import __version__
from emulator.errors import EmulatorError
from emulator.server import html
from emulator.server.html import Form
from emulator.server.http import emulator_of
from emulator.workspace.names import DEFAULT_WORKSPACE
from emulator.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = (
    "Webhooks", "Deliveries", "Candidates", "Assessments", "Time", "Faults",
    "Scenarios", "Journal",
)  # fmt: skip
SECTIONS: Mapping[str, str] = MappingProxyType({one.lower(): one for one in _NAMES})
"""Path of a section -> its name, in the order of the navigation."""

Page = Callable[[Request], Awaitable[Response]]
Action = Callable[[Request, Workspace, Form], Awaitable[str]]


def workspace_of(request: Request) -> Workspace:
    """Return the workspace that the path names.

    Raises:
        NotFoundError: it is not open.
    """
    return emulator_of(request).existing(request.path_params.get("workspace", DEFAULT_WORKSPACE))


def show(request: Request, template: str, section: str, /, **context: Any) -> Response:
    """Return a page of a workspace.

    Args:
        request: its ``state`` has the problem of a form that was refused, and the form.
        template: its name below ``templates/ui/``.
        section: of the navigation.
        context: the template's variables.
    """
    workspace = workspace_of(request)
    problem = getattr(request.state, "problem", None)
    return html.page(
        f"ui/{template}.html.jinja",
        200 if problem is None else problem.status,
        workspace=workspace.name,
        base=f"/ui/{workspace.name}",
        sections=SECTIONS,
        section=section,
        clock=workspace.state.settings.clock,
        now=workspace.now(),
        version=__version__,
        problem=problem,
        given=getattr(request.state, "given", Form()),
        **context,
    )


def form(page: Page) -> Callable[[Action], Page]:
    """Make an endpoint of an action that reads a form and returns the page to load, a path.

    An empty path shows the page of the form at once. A form that is refused is shown again, with
    the error and the filled-in values.

    Args:
        page: that has the form.
    """

    def endpoint_of(action: Action) -> Page:
        async def endpoint(request: Request) -> Response:
            workspace = workspace_of(request)
            given = await html.form_of(request)
            try:
                path = await action(request, workspace, given)
                await workspace.flush()
            except EmulatorError as error:
                request.state.problem, request.state.given = error, given
                return await page(request)
            if not path:
                return await page(request)
            return html.see_other(f"/ui/{workspace.name}/{path}")

        return endpoint

    return endpoint_of
