"""A router for long tables of routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route, Router

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Receive, Scope, Send


class ExactFirst(Router):
    """A router that looks up a path without parameters before it tries the routes in turn.

    Args:
        routes: as `Router` takes them; a path that several match belongs to the exact route.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        super().__init__(routes)
        self._exact = {
            (method, route.path): route
            for route in routes
            if not route.param_convertors
            for method in route.methods or ()
        }

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        route = self._exact.get((scope.get("method", ""), scope["path"]))
        if route is None:
            await super().app(scope, receive, send)
            return
        scope["router"] = self
        _, found = route.matches(scope)
        scope.update(found)
        await route.handle(scope, receive, send)
