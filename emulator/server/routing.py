"""A router for long tables of routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route, Router

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import Receive, Scope, Send


class ExactFirst(Router):
    """A router that looks up a path without parameters before it tries the routes in turn.

    Args:
        routes: as `Router` takes them; a path that several match belongs to the exact route.
        more: returns further routes; called with the first request for none of the exact routes.
    """

    def __init__(
        self, routes: Sequence[Route], *, more: Callable[[], Sequence[Route]] | None = None
    ) -> None:
        super().__init__()
        self._exact: dict[tuple[str, str], Route] = {}
        self._more = more
        self._add(routes)

    def _add(self, routes: Sequence[Route]) -> None:
        self.routes.extend(routes)
        self._exact |= {
            (method, route.path): route
            for route in routes
            if not route.param_convertors
            for method in route.methods or ()
        }

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        called = (scope.get("method", ""), scope["path"])
        if self._more is not None and called not in self._exact:
            self._add(self._more())
            self._more = None
        route = self._exact.get(called)
        if route is None:
            await super().app(scope, receive, send)
            return
        scope.update(router=self, endpoint=route.endpoint, path_params={})
        await route.handle(scope, receive, send)
