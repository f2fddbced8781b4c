"""What lies outside the contract: probes, metrics, the API document, and the pages."""

from collections.abc import Callable
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from typing import Final

from aiohttp import web

from gateway.api import ApiError, Code
from gateway.dispatch import Dispatcher
from gateway.faces.rest.openapi import document_bytes
from kassenwart.v1 import Role

_TYPES: Final = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
_SWAGGER: Final = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"})
_MONITORING: Final = frozenset({Role.METRICS, Role.TECHNICIAN})
#: Pages run only their own scripts and talk only to this machine.
_SHARED: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; "
)
#: The technician's page shows names and reasons from anybody: the browser itself refuses to read them as HTML.
_POLICY: Final = (
    _SHARED + "style-src 'self'; img-src 'self' blob:; require-trusted-types-for 'script'; trusted-types 'none'"
)
#: Swagger UI needs inline styles and pictures.
_DOCS_POLICY: Final = _SHARED + "style-src 'self' 'unsafe-inline'; img-src 'self' data:"


class Pages:
    """Finds the page for a path."""

    def __init__(self, dispatcher: Dispatcher, ready: Callable[[], str], metrics: Callable[[], bytes]) -> None:
        self._dispatcher = dispatcher
        self._ready = ready
        self._metrics = metrics
        self._own = resources.files("gateway.faces.rest").joinpath("static")

    async def find(self, request: web.BaseRequest) -> web.Response | None:
        """The page, or None."""
        path = request.rel_url.raw_path
        if request.method not in {"GET", "HEAD"}:
            return None
        match path:
            case "/livez":
                return web.json_response({"status": "alive"})
            case "/readyz":
                await self._authorize(request, "/readyz")
                if problem := self._ready():
                    raise ApiError(Code.UNAVAILABLE, problem, reason="NOT_READY", retry_after=2)
                return web.json_response({"status": "ready"})
            case "/metrics":
                await self._authorize(request, "/metrics")
                return web.Response(
                    body=self._metrics(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
                )
            case "/openapi.json":
                return web.Response(body=document_bytes(), content_type="application/json")
            case "/":
                return _file(self._own.joinpath("index.html"))
            case "/docs" | "/docs/":
                return _file(self._own.joinpath("docs.html"), _DOCS_POLICY)
        folder, _, name = path.removeprefix("/").partition("/")
        if folder == "docs" and name in _SWAGGER:
            return _file(resources.files("swagger_ui").joinpath("static", name))
        if folder == "static" and name and "/" not in name and (file := self._own.joinpath(name)).is_file():
            return _file(file)
        return None

    async def _authorize(self, request: web.BaseRequest, what: str) -> None:
        await self._dispatcher.principal(request.headers.get("Authorization", ""), _MONITORING, what)


def _file(file: Traversable, policy: str = _POLICY) -> web.Response:
    kind = _TYPES[PurePosixPath(file.name).suffix]
    return web.Response(
        body=file.read_bytes(),
        content_type=kind,
        charset="utf-8" if kind.startswith("text/") else None,
        headers={"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"},
    )
