from __future__ import annotations

import asyncio
import json
import socket
import ssl
import sys
from typing import TYPE_CHECKING

import pytest
import trustme
from starlette.responses import JSONResponse, RedirectResponse, Response

from emulator import serving
from emulator.delivery.transports.address_guard import Guard
from emulator.errors import InvalidInputError
from emulator.scenario import probes
from emulator.scenario.probes import Look, ProbeRequest, command, request, until

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import Receive, Scope, Send


METADATA = (
    "169.254.169.254 is a cloud's metadata address, never dialled; "
    "expected a loopback or private address"
)


class Book:
    """A consumer's own state over HTTP: each path has its answers, one after the other."""

    def __init__(self, **answers: list[Response]) -> None:
        self.answers = answers
        self.seen: list[tuple[str, dict[str, str]]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].lstrip("/")
        self.seen.append((path, {k.decode(): v.decode() for k, v in scope["headers"]}))
        known = self.answers.get(path, [Response(status_code=404)])
        await (known.pop(0) if len(known) > 1 else known[0])(scope, receive, send)


def _ask(book: Book, path: str, guard: Guard | None = None, **headers: str) -> Look:
    async def main() -> Look:
        async with serving.serving(book, serving.listen("127.0.0.1", 0)) as url:
            return await request(f"{url}/{path}", guard or Guard(), ProbeRequest(headers=headers))

    return asyncio.run(main())


def test_an_answer_has_status_text_and_json() -> None:
    look = _ask(Book(a=[JSONResponse({"completions": 1}, 201)]), "a")
    assert (look.status, look.exit, look.trouble) == (201, None, "")
    assert look.json() == {"completions": 1}
    assert look.text == '{"completions":1}'


def test_headers_go_along_and_the_host_is_the_name_of_the_url() -> None:
    book = Book(a=[Response()])

    async def main() -> None:
        async with serving.serving(book, serving.listen("127.0.0.1", 0)) as url:
            port = url.rpartition(":")[2]
            look = await request(
                f"http://localhost:{port}/a", Guard(), ProbeRequest(headers={"X-Token": "t"})
            )
            assert look.status == 200
            assert book.seen[0][1]["host"] == f"localhost:{port}"
            assert book.seen[0][1]["x-token"] == "t"

    asyncio.run(main())


def test_a_redirect_is_not_followed() -> None:
    book = Book(a=[RedirectResponse("/b", 302)], b=[Response()])
    assert _ask(book, "a").status == 302
    assert [path for path, _ in book.seen] == ["a"]


def test_the_environments_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert _ask(Book(a=[Response()]), "a").status == 200


@pytest.mark.parametrize(
    ("url", "trouble"),
    [
        ("http://169.254.169.254/latest/meta-data/", METADATA),
        (
            "http://8.8.8.8/",
            "8.8.8.8 is neither loopback nor private; to dial it allow '8.8.8.8/32'",
        ),
    ],
)
def test_a_probe_connects_only_to_allowed_addresses(url: str, trouble: str) -> None:
    assert asyncio.run(request(url, Guard())) == Look(trouble=trouble)


def test_the_address_that_was_checked_is_dialled_and_no_name_is_resolved_again() -> None:
    """A name may lead elsewhere the next time it is asked for."""
    asked = []

    async def resolved(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    book = Book(a=[Response()])

    async def main() -> None:
        async with serving.serving(book, serving.listen("127.0.0.1", 0)) as url:
            port = int(url.rpartition(":")[2])
            look = await request(f"http://consumer.test:{port}/a", Guard(), resolve=resolved)
            assert look.status == 200
            assert book.seen[0][1]["host"] == f"consumer.test:{port}"
            assert asked == [("consumer.test", port)]

    asyncio.run(main())


def test_a_name_with_a_forbidden_address_is_reached_at_another_address() -> None:
    async def resolved(_: str, __: int) -> list[str]:
        return ["169.254.169.254", "127.0.0.1"]

    look_at = Book(a=[Response()])

    async def main() -> Look:
        async with serving.serving(look_at, serving.listen("127.0.0.1", 0)) as url:
            both = url.replace("127.0.0.1", "both.test")
            return await request(f"{both}/a", Guard(), resolve=resolved)

    assert asyncio.run(main()).status == 200


def test_a_certificate_is_checked_against_the_name_not_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    cert = authority.issue_cert("consumer.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))

    async def resolved(_: str, __: int) -> list[str]:
        return ["127.0.0.1"]

    async def main() -> list[Look]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cert.configure_cert(context)
        server = await asyncio.start_server(_answer, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        async with server:
            return [
                await request(f"https://{host}:{port}/", Guard(), resolve=resolved)
                for host in ("consumer.test", "other.test")
            ]

    fine, wrong = asyncio.run(main())
    assert fine.status == 200
    assert (wrong.status, "certificate" in wrong.trouble) == (None, True)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    writer.close()


def test_a_refused_connection_is_reported() -> None:
    look = asyncio.run(request("http://127.0.0.1:1/", Guard()))
    assert look.status is None
    assert look.trouble.startswith("no answer from 127.0.0.1:1: ")


def test_a_name_without_an_address_is_reported() -> None:
    look = asyncio.run(request("http://no-such-host.invalid/", Guard()))
    assert look.trouble.startswith("no-such-host.invalid: ")


def test_no_more_than_the_limit_of_an_answer_is_read() -> None:
    book = Book(a=[Response(b"x" * (probes.LARGEST + 70_000))])
    assert len(_ask(book, "a").body) == probes.LARGEST


def test_a_url_that_can_not_be_dialled_is_an_error() -> None:
    with pytest.raises(InvalidInputError):
        asyncio.run(request("http://127.0.0.1:99999/", Guard()))


def test_a_missing_answer_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:  # it never accepts
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        look = asyncio.run(request(url, Guard(), longest=0.05))
    assert look == Look(trouble="no answer within 50ms")


# --- commands -------------------------------------------------------------------------------


def _run(folder: Path, *argv: str) -> Look:
    return asyncio.run(command(argv, folder))


def test_a_command_has_an_exit_code_and_its_output(tmp_path: Path) -> None:
    script = "import json, os, sys; print(json.dumps([os.getcwd(), sys.argv[1]])); sys.exit(3)"
    look = _run(tmp_path, sys.executable, "-c", script, "a; echo b $HOME")
    assert (look.exit, look.status, look.trouble) == (3, None, "")
    assert json.loads(look.text) == [str(tmp_path), "a; echo b $HOME"]


def test_a_missing_command_is_reported(tmp_path: Path) -> None:
    assert _run(tmp_path, "no-such-program").trouble == "can't be run: no such file or directory"
    assert "can't be run" in _run(tmp_path, "a\0b").trouble


def test_a_command_that_prints_without_end_is_read_to_its_end_but_not_kept(tmp_path: Path) -> None:
    look = _run(tmp_path, sys.executable, "-c", f"print('x' * {probes.LARGEST * 3})")
    assert (look.exit, len(look.body)) == (0, probes.LARGEST)


def test_a_command_that_does_not_end_is_killed(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "import time; time.sleep(1_000_000)"]
    look = asyncio.run(command(argv, tmp_path, longest=0.05))
    assert look == Look(trouble="did not end within 50ms")


# --- again and again ------------------------------------------------------------------------


def test_it_looks_until_it_is_fine() -> None:
    looks = iter([Look(status=404), Look(status=500), Look(status=200), Look(status=418)])

    async def look() -> Look:
        return next(looks)

    assert asyncio.run(until(look, lambda one: one.status == 200, within=60)).status == 200
    assert next(looks).status == 418


def test_it_looks_once_when_there_is_no_time() -> None:
    looks = []

    async def look() -> Look:
        looks.append(1)
        return Look(status=404)

    assert asyncio.run(until(look, lambda _: False, within=0)).status == 404
    assert len(looks) == 1


def test_it_gives_up_when_the_time_is_over_and_returns_the_last_look() -> None:
    count = 0

    async def look() -> Look:
        nonlocal count
        count += 1
        return Look(status=400 + count)

    last = asyncio.run(until(look, lambda _: False, within=0.1))
    assert last.status == 400 + count
    assert 1 < count < 10  # the pauses grow
