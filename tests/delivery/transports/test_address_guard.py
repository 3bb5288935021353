"""Which addresses may be dialled."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.delivery.transports.address_guard import Guard, kind_never_dialled, unwrapped
from emulator.delivery.transports.wire_actions import parse_destination
from emulator.errors import InvalidInputError

LOCAL = [
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254",
    "192.168.0.1", "192.168.255.254", "::1", "fc00::1", "fdff:ffff::1",
    "::ffff:127.0.0.1", "::ffff:10.1.2.3", "64:ff9b::192.168.1.1", "2002:c0a8:101::1",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",  # Teredo, 10.0.0.1 inside
]  # fmt: skip

NEVER = {
    "169.254.0.1": "a link-local address",
    "169.254.255.255": "a link-local address",
    "fe80::1": "a link-local address",
    "fe80::1%eth0": "a link-local address",
    "febf::1": "a link-local address",
    "169.254.169.254": "a cloud's metadata address",
    "fd00:ec2::254": "a cloud's metadata address",
    "fd20:ce::254": "a cloud's metadata address",
    "100.100.100.200": "a cloud's metadata address",
    "168.63.129.16": "a cloud's metadata address",
    "224.0.0.1": "a multicast address",
    "239.255.255.255": "a multicast address",
    "ff02::1": "a multicast address",
    "0.0.0.0": "the unspecified address",  # noqa: S104 - nothing is bound
    "::": "the unspecified address",
    "0.1.2.3": "a reserved address",
    "255.255.255.255": "the broadcast address",
    "240.0.0.1": "a reserved address",
    "255.255.255.254": "a reserved address",
    "192.0.0.192": "a reserved address",
    "::7f00:1": "a reserved address",  # IPv4-compatible, long dead
    "64:ff9b:1::1": "a reserved address",
    "fec0::1": "a reserved address",
    "4000::1": "a reserved address",
    "::ffff:169.254.169.254": "a cloud's metadata address",
    "64:ff9b::169.254.169.254": "a cloud's metadata address",
    "2002:a9fe:a9fe::1": "a cloud's metadata address",
    "::ffff:0.0.0.0": "the unspecified address",
    "::ffff:224.0.0.1": "a multicast address",
    "64:ff9b::255.255.255.255": "the broadcast address",
    "2002:f000:1::": "a reserved address",
    # Teredo, 169.254.169.254 inside
    "2001:0:4136:e378:8000:63bf:5601:5601": "a cloud's metadata address",
}

FOREIGN = {
    "8.8.8.8": "8.8.8.8/32",
    "9.255.255.255": "9.255.255.255/32",
    "11.0.0.0": "11.0.0.0/32",
    "172.15.255.255": "172.15.255.255/32",
    "172.32.0.0": "172.32.0.0/32",
    "192.167.255.255": "192.167.255.255/32",
    "192.169.0.0": "192.169.0.0/32",
    "100.64.0.1": "100.64.0.1/32",
    "100.127.255.254": "100.127.255.254/32",
    "203.0.113.7": "203.0.113.7/32",
    "198.18.0.1": "198.18.0.1/32",
    "2606:4700::1111": "2606:4700::1111/128",
    "2001:db8::1": "2001:db8::1/128",
    "::ffff:8.8.8.8": "8.8.8.8/32",
    "64:ff9b::8.8.8.8": "8.8.8.8/32",
    "2002:808:808::1": "8.8.8.8/32",
    "2001:0:4136:e378:8000:63bf:f7f7:f7f7": "8.8.8.8/32",
}


@pytest.mark.parametrize("address", LOCAL)
def test_a_loopback_or_private_address_passes(address: str) -> None:
    assert Guard().refusal(ip_address(address)) is None


@pytest.mark.parametrize(("address", "kind"), NEVER.items())
def test_an_address_of_these_kinds_is_never_dialled(address: str, kind: str) -> None:
    """Not even when its name and every network are allowed."""
    guard = Guard(["consumer.example.com", "0.0.0.0/0", "::/0"])
    refusal = guard.refusal(ip_address(address), "consumer.example.com")
    assert refusal is not None
    assert f" is {kind}, never dialled; expected a loopback or private address" in refusal
    assert kind_never_dialled(unwrapped(ip_address(address))) == kind


@pytest.mark.parametrize(("address", "network"), FOREIGN.items())
def test_any_other_address_passes_only_when_allowed(address: str, network: str) -> None:
    parsed = ip_address(address)
    assert Guard().refusal(parsed, "consumer.example.com") is not None
    assert Guard(["consumer.example.com"]).refusal(parsed, "other.example.com") is not None
    assert Guard(["consumer.example.com"]).refusal(parsed, "consumer.example.com") is None
    assert Guard([network]).refusal(parsed, "consumer.example.com") is None


def test_a_refusal_names_the_option_that_allows_the_address() -> None:
    guard = Guard()
    assert guard.refusal(ip_address("8.8.8.8"), "dns.example.com") == (
        "8.8.8.8 is neither loopback nor private; "
        "to dial it allow 'dns.example.com' or '8.8.8.8/32'"
    )
    assert guard.refusal(ip_address("8.8.8.8"), "8.8.8.8") == (
        "8.8.8.8 is neither loopback nor private; to dial it allow '8.8.8.8/32'"
    )
    assert guard.refusal(ip_address("::ffff:8.8.8.8")) == (
        f"{ip_address('::ffff:8.8.8.8')} (8.8.8.8 inside) is neither loopback nor private; "
        "to dial it allow '8.8.8.8/32'"
    )
    assert guard.refusal(ip_address("169.254.169.254")) == (
        "169.254.169.254 is a cloud's metadata address, never dialled; "
        "expected a loopback or private address"
    )


@pytest.mark.parametrize("entry", ["Consumer.Example.com", "consumer.example.com."])
@pytest.mark.parametrize("host", ["consumer.example.com", "CONSUMER.example.COM."])
def test_case_and_a_trailing_dot_of_a_host_name_do_not_matter(entry: str, host: str) -> None:
    assert Guard([entry]).refusal(ip_address("8.8.8.8"), host) is None


@pytest.mark.parametrize("host", ["evil-consumer.example.com", "sub.consumer.example.com", ""])
def test_an_allowed_host_name_allows_no_other(host: str) -> None:
    assert Guard(["consumer.example.com"]).refusal(ip_address("8.8.8.8"), host) is not None


def test_an_allowed_network_allows_its_own_addresses_only() -> None:
    guard = Guard(["100.64.0.0/10", "2606:4700::/32", "8.8.8.8"])
    assert guard.refusal(ip_address("100.64.3.4")) is None
    assert guard.refusal(ip_address("2606:4700::1")) is None
    assert guard.refusal(ip_address("8.8.8.8")) is None
    assert guard.refusal(ip_address("100.128.0.1")) is not None
    assert guard.refusal(ip_address("8.8.8.9")) is not None


@pytest.mark.parametrize(
    ("entry", "near"),
    [
        ("10.1.2.3/8", "; near: '10.0.0.0/8'"),
        ("10.0.0.0/33", ""),
        ("999.1.1.1", ""),
        ("http://consumer.example.com", ""),
        ("*.example.com", ""),
        ("consumer..example.com", ""),
        ("-consumer", ""),
        ("consumer.example.com:80", ""),
        ("", ""),
        (".", ""),
        ("0x7f.1", ""),
        ("a" * 64, ""),
        (".".join(["a" * 60] * 5), ""),
    ],
)
def test_an_entry_that_is_neither_name_nor_network_is_refused(entry: str, near: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        Guard(["localhost", entry])
    assert str(refusal.value) == (
        f"can't allow {entry!r}: expected a host name, an address or a CIDR network{near}"
    )


@given(st.ip_addresses(v=4))
def test_every_wrapped_address_is_judged_by_the_inner_address(address: IPv4Address) -> None:
    number = int(address)
    passes = Guard().refusal(address) is None
    for wrapped in (
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address((0x64FF9B << 96) | number),
        IPv6Address((0x2002 << 112) | (number << 80)),
        IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF)),
    ):
        assert unwrapped(wrapped) == address
        assert (Guard().refusal(wrapped) is None) is passes


@pytest.mark.parametrize(
    "address",
    ["fd00:ec2::254%1", "fd00:ec2::23", "fd00:c1::a9fe:a9fe", "fd00:42::42", "fd00:a9fe:a9fe::1"],
)
def test_a_metadata_address_is_refused_with_or_without_a_zone(address: str) -> None:
    refusal = Guard(["fd00::/8"]).refusal(ip_address(address))
    assert refusal is not None
    assert "a cloud's metadata address, never dialled" in refusal


@pytest.mark.parametrize("url", ["http://[fd00:ec2::254%1]/", "http://[2001:db8::1%\U0001f600]/"])
def test_a_url_with_a_zone_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError, match="expected an address without a zone"):
        parse_destination(url)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://M\u00fcller.example/", "xn--mller-kva.example"),
        ("http://xn--mller-kva.example/", "xn--mller-kva.example"),
        ("http://fa\u00df.example/", "xn--fa-hia.example"),
        ("http://my_service.internal/", "my_service.internal"),
    ],
)
def test_a_name_is_dialled_as_idna_has_it(url: str, host: str) -> None:
    assert parse_destination(url).host == host


@pytest.mark.parametrize(
    "name",
    [
        "xn--",
        "\u0661\u0662\u0667.0.0.1",
        "\uff11\uff12\uff17.0.0.1",
        "a\u200db.example",
        "xn--a-\u00fc",
    ],
)
def test_a_name_that_idna_does_not_know_is_no_host_name(name: str) -> None:
    with pytest.raises(InvalidInputError, match="is not a host name"):
        parse_destination(f"http://{name}/")
