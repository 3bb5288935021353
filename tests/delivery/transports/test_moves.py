"""What stands on the wire for a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator.delivery.records import Request
from emulator.delivery.transports.moves import Write, parse_target, plan
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from emulator.delivery.records import Headers


def written(url: str, headers: Headers = (), body: bytes = b"") -> bytes:
    (move,) = plan(Request(url, headers, body), parse_target(url))
    assert isinstance(move, Write)
    return move.data


def test_a_request_stands_on_the_wire_byte_for_byte() -> None:
    headers = (("content-type", "application/json"), ("X-Webhook-ID", "a: b,c"), ("X-Empty", ""))
    assert written("http://127.0.0.1:8000/hook?a=1&b=%20c", headers, b'{"n":\xc3\xa9}') == (
        b"POST /hook?a=1&b=%20c HTTP/1.1\r\n"
        b"Host: 127.0.0.1:8000\r\n"
        b"content-type: application/json\r\n"
        b"X-Webhook-ID: a: b,c\r\n"
        b"X-Empty: \r\n"
        b"Content-Length: 8\r\n"
        b"\r\n"
        b'{"n":\xc3\xa9}'
    )


def test_a_header_with_other_letters_goes_out_as_utf_8() -> None:
    assert b"X-Name: Zo\xc3\xab\r\n" in written("http://localhost", (("X-Name", "Zoë"),))


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port", "path", "host_header"),
    [
        ("http://localhost", "http", "localhost", 80, "/", "localhost"),
        ("HTTP://LocalHost:80/A", "http", "localhost", 80, "/A", "localhost"),
        ("https://a.example.com", "https", "a.example.com", 443, "/", "a.example.com"),
        ("https://a.example.com:443/", "https", "a.example.com", 443, "/", "a.example.com"),
        ("https://a.example.com:80/", "https", "a.example.com", 80, "/", "a.example.com:80"),
        ("http://a.example.com.:/x", "http", "a.example.com.", 80, "/x", "a.example.com."),
        ("http://my_service:9/x", "http", "my_service", 9, "/x", "my_service:9"),
        ("http://[::1]:8000/x", "http", "::1", 8000, "/x", "[::1]:8000"),
        ("http://[0:0::0001]/x", "http", "::1", 80, "/x", "[::1]"),
        ("http://user:pass@localhost/x", "http", "localhost", 80, "/x", "localhost"),
        ("http://a@b@localhost/x", "http", "localhost", 80, "/x", "localhost"),
        ("http://localhost?q", "http", "localhost", 80, "/?q", "localhost"),
        ("http://localhost/?", "http", "localhost", 80, "/?", "localhost"),
        ("http://localhost/a#b?c", "http", "localhost", 80, "/a", "localhost"),
        ("http://localhost/a//../b/./c", "http", "localhost", 80, "/a//../b/./c", "localhost"),
        ("http://localhost/%2e%zz%41", "http", "localhost", 80, "/%2e%zz%41", "localhost"),
        ("http://localhost/ü ?ü=日", "http", "localhost", 80, "/%C3%BC%20?%C3%BC=%E6%97%A5",
         "localhost"),
        ("http://localhost/!\"$&'()*+,-.:;<=>@[\\]^_`{|}~", "http", "localhost", 80,
         "/!\"$&'()*+,-.:;<=>@[\\]^_`{|}~", "localhost"),
        ("http://bücher.example.com/", "http", "xn--bcher-kva.example.com", 80, "/",
         "xn--bcher-kva.example.com"),
    ],
)  # fmt: skip
def test_a_url_leads_there(
    url: str, scheme: str, host: str, port: int, path: str, host_header: str
) -> None:
    target = parse_target(url)
    found = (target.scheme, target.host, target.port, target.path, target.host_header)
    assert found == (scheme, host, port, path, host_header)
    assert target.head == f"POST {path} HTTP/1.1\r\nHost: {host_header}\r\n"


ONE_OF_THESE = "expected http://HOST[:PORT]/PATH or https://"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", ONE_OF_THESE),
        ("localhost/x", ONE_OF_THESE),
        ("ftp://localhost/x", ONE_OF_THESE),
        ("http:///x", ONE_OF_THESE),
        ("http://localhost:x/", ONE_OF_THESE),
        ("http://localhost:123456/", ONE_OF_THESE),
        ("http://[::1/", ONE_OF_THESE),
        ("http://a:b:c/", ONE_OF_THESE),
        ("http://evil.example.com\\@localhost/", ONE_OF_THESE),
        ("http://localhost/a\r\nX: y", ONE_OF_THESE),
        ("http://local\thost/", ONE_OF_THESE),
        ("http://localhost:0/", "expected a port from 1 to 65535"),
        ("http://localhost:65536/", "expected a port from 1 to 65535"),
        ("http://[127.0.0.1]/", "expected an IPv6 address between the brackets"),
        ("http://[localhost]/", "expected an IPv6 address between the brackets"),
        ("http://local host/", "'local host' is not a host name"),
        ("http://a%00b/", "'a%00b' is not a host name"),
        ("http://bücher..example.com/", "'bücher..example.com' is not a host name"),
    ],
)
def test_what_is_no_url_to_post_to_is_refused(url: str, expected: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        parse_target(url)
    assert str(refusal.value) == f"can't post to {url!r}: {expected}"


@pytest.mark.parametrize("value", ["a\r\nX-Evil: b", "a\nb", "a\rb", "\r\n", "a\0b"])
def test_a_line_end_in_a_header_value_is_refused(value: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        written("http://localhost", (("X-Good", "a"), ("X-Bad", value)))
    assert str(refusal.value) == (
        f"bad value {value!r} of header 'X-Bad': expected no line end and no NUL"
    )


@pytest.mark.parametrize("name", ["X\r\nY: b", "X\nY", "", "X Y", "X:", "Zoë", "X\0"])
def test_a_header_name_that_is_no_token_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        written("http://localhost", (("X-Good", "a"), (name, "b")))
    assert str(refusal.value) == (f"bad header name {name!r}: expected letters, digits and hyphens")


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding"])
def test_a_header_that_only_the_client_writes_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        written("http://localhost", ((name, "b"),))
    assert str(refusal.value) == f"header {name!r} is written by the client: leave it out"
