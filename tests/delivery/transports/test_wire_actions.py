"""The bytes of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator import faults
from emulator.delivery.records import Request, Timeouts
from emulator.delivery.sending import Pause, SendEnd, SendReset, Write
from emulator.delivery.transports.wire_actions import parse_destination, plan
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from emulator.delivery.faults.fault import WireFault
    from emulator.delivery.records import Headers
    from emulator.delivery.sending import WireAction


def written(url: str, headers: Headers = (), body: bytes = b"") -> bytes:
    (move,) = plan(Request(url, headers, body), parse_destination(url))
    assert isinstance(move, Write)
    return move.data


def test_a_request_is_written_byte_for_byte() -> None:
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
    assert b"X-Name: Zo\xeb\r\n" in written("http://localhost", (("X-Name", "Zoë"),))


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
    target = parse_destination(url)
    found = (target.scheme, target.host, target.port, target.path, target.host_header)
    assert found == (scheme, host, port, path, host_header)
    assert target.head == f"{path} HTTP/1.1\r\nHost: {host_header}\r\n"


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
def test_an_invalid_url_is_refused(url: str, expected: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        parse_destination(url)
    assert str(refusal.value) == f"can't post to {url!r}: {expected}"


@pytest.mark.parametrize("value", ["a\r\nX-Evil: b", "a\nb", "a\rb", "\r\n", "a\0b"])
def test_a_line_end_in_a_header_value_is_refused(value: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        written("http://localhost", (("X-Good", "a"), ("X-Bad", value)))
    assert str(refusal.value) == (
        f"bad value {value!r} of header 'X-Bad': expected Latin-1, no line end and no NUL"
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


# With faults

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n"


def moves(*wire: WireFault, body: bytes = b"0123456789", total: float = 15.0) -> list[WireAction]:
    request = Request(
        "http://localhost", (("X-A", "b"),), body, Timeouts(total=total), wire
    )  # fmt: skip
    return list(plan(request, parse_destination(request.url)))


def sized(length: int) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % length


CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (faults.Reset(), [Write(sized(10)), SendReset()]),
        (faults.Reset(after=4), [Write(sized(10) + b"0123"), SendReset()]),
        (faults.Reset(after=99), [Write(sized(10) + b"0123456789"), SendReset()]),
        (faults.HalfClose(), [Write(sized(10) + b"0123456789"), SendEnd()]),
        (faults.HalfClose(after=0), [Write(sized(10)), SendEnd()]),
        (faults.HalfClose(after=4), [Write(sized(10) + b"0123"), SendEnd()]),
        (faults.WrongLength(by=5), [Write(sized(15) + b"0123456789"), SendEnd()]),
        (faults.WrongLength(by=-3), [Write(sized(7) + b"0123456789")]),
        (faults.WrongLength(by=-30), [Write(sized(0) + b"0123456789")]),
        (faults.Chunked(), [Write(CHUNKED + b"a\r\n0123456789\r\n0\r\n\r\n")]),
        (
            faults.Chunked(size=4),
            [Write(CHUNKED + b"4\r\n0123\r\n4\r\n4567\r\n2\r\n89\r\n0\r\n\r\n")],
        ),
        (
            faults.SlowBody(bytes_per_second=40),
            [Write(sized(10)), Write(b"0123"), Pause(0.1), Write(b"4567"), Pause(0.1),
             Write(b"89")],
        ),
        (faults.SlowBody(bytes_per_second=1000), [Write(sized(10)), Write(b"0123456789")]),
        (
            faults.TlsFailure(),
            [Write(bytes.fromhex("16030102000100fffc0303") + bytes(16)), SendReset()],
        ),
    ],
)  # fmt: skip
def test_a_fault_is_the_moves_that_make_it(fault: WireFault, expected: list[WireAction]) -> None:
    assert moves(fault) == expected


def test_a_body_that_trickles_in_is_planned_for_the_time_there_is() -> None:
    """At most twenty moves a second, however large the body; the end is in a pause."""
    found = moves(faults.SlowBody(bytes_per_second=3), body=b"x" * 10_000_000, total=2.0)
    assert found == [Write(sized(10_000_000)), *[Write(b"x"), Pause(1 / 3)] * 7]
    assert sum(move.seconds for move in found if isinstance(move, Pause)) > 2.0


def test_chunks_may_trickle_in_and_break_off() -> None:
    slow, chunked, reset = (
        faults.SlowBody(bytes_per_second=60), faults.Chunked(size=5), faults.Reset(after=14),
    )  # fmt: skip
    whole = [Write(CHUNKED), Write(b"5\r\n012"), Pause(0.1), Write(b"34\r\n5\r"), Pause(0.1)]
    assert moves(slow, chunked, reset) == [*whole, Write(b"\n5"), SendReset()]
    assert moves(reset, slow, chunked) == [*whole, Write(b"\n5"), SendReset()]
    assert moves(chunked, reset) == [Write(CHUNKED + b"5\r\n01234\r\n5\r\n5"), SendReset()]
    assert moves(slow, faults.Reset(after=3)) == [Write(sized(10)), Write(b"012"), SendReset()]


def test_of_two_equal_faults_the_last_one_applies() -> None:
    assert moves(faults.Reset(after=1), faults.Reset(after=2)) == moves(faults.Reset(after=2))


@pytest.mark.parametrize(
    "last", [faults.HalfClose(), faults.WrongLength(by=1), faults.TlsFailure()]
)
def test_of_conflicting_faults_the_last_one_applies(last: WireFault) -> None:
    assert moves(faults.Chunked(), faults.Reset(), last) == moves(last)
    assert moves(last, faults.Chunked(), faults.Reset()) == moves(faults.Chunked(), faults.Reset())
    assert moves(last, faults.Reset()) == moves(faults.Reset())


@pytest.mark.parametrize("fault", [faults.Chunked(), faults.TlsFailure()])
def test_an_invalid_request_is_refused_with_a_fault_too(fault: WireFault) -> None:
    request = Request("http://localhost", (("Content-Length", "1"),), b"", wire=(fault,))
    with pytest.raises(InvalidInputError):
        plan(request, parse_destination(request.url))
