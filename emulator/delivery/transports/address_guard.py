"""Decides which addresses may be dialled. Pure: resolves no names and opens no sockets."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TYPE_CHECKING

from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# ipaddress.is_private would also let documentation and benchmark networks pass.
_PRIVATE = tuple(
    ip_network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)

# Clouds hand out credentials at these addresses to any program inside. The source of each is the
# named page in the documentation of that cloud.
_METADATA = frozenset(
    ip_address(one)
    for one in (
        "169.254.169.254",  # AWS, Azure, Google, Oracle, DigitalOcean, Hetzner, OpenStack, ...
        "169.254.170.2",  # AWS, "Task metadata endpoint" (ECS)
        "169.254.170.23",  # AWS, "EKS Pod Identity"
        "fd00:ec2::23",  # AWS, "EKS Pod Identity"
        "fd00:ec2::254",  # AWS, "Use the Instance Metadata Service" (EC2)
        "fd20:ce::254",  # Google, "About VM metadata"
        "fd00:c1::a9fe:a9fe",  # Oracle, "Getting instance metadata"
        "fd00:a9fe:a9fe::1",  # Akamai (Linode), "Overview of the Metadata service"
        "169.254.42.42",  # Scaleway, "Instance metadata"
        "fd00:42::42",  # Scaleway, "Instance metadata"
        "100.100.100.200",  # Alibaba, "Access instance metadata"
        "169.254.0.23",  # Tencent, "Instance metadata"
        "168.63.129.16",  # Azure, "What is IP address 168.63.129.16?"
    )
)

_RESERVED = tuple(ip_network(one) for one in ("0.0.0.0/8", "192.0.0.0/24", "fec0::/10"))
_BROADCAST = IPv4Address("255.255.255.255")
_NAT64 = ip_network("64:ff9b::/96")

_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*", re.ASCII)
_NUMERIC_END = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)", re.ASCII)


class Guard:
    """Decides which addresses may be dialled.

    Loopback and private addresses are always allowed. Link-local, cloud metadata, multicast,
    unspecified, broadcast and reserved addresses never are. Any other address has to be allowed.

    Args:
        allow: addresses, CIDR networks, and host names (with all their addresses).

    Raises:
        InvalidInputError: an entry is none of these.
    """

    __slots__ = ("_hosts", "_networks")

    def __init__(self, allow: Sequence[str] = ()) -> None:
        hosts: set[str] = set()
        networks: list[Network] = []
        for entry in allow:
            parsed = parse_entry(entry)
            if isinstance(parsed, str):
                hosts.add(parsed)
            else:
                networks.append(parsed)
        self._hosts = frozenset(hosts)
        self._networks = tuple(networks)

    def refusal(self, address: Address, host: str = "") -> str | None:
        """Return why *address*, an address of *host*, may not be dialled, or None if it may."""
        inner = unwrapped(address)
        shown = f"{address}" if inner == address else f"{address} ({inner} inside)"
        kind = kind_never_dialled(inner)
        if kind is not None:
            return f"{shown} is {kind}, never dialled; expected a loopback or private address"
        if is_local(inner) or host.rstrip(".").lower() in self._hosts:
            return None
        if any(inner in network for network in self._networks):
            return None
        by_name = f"{host!r} or " if host and host != str(address) else ""
        return (
            f"{shown} is neither loopback nor private; "
            f"to dial it allow {by_name}'{inner}/{inner.max_prefixlen}'"
        )


def parse_entry(entry: str) -> str | Network:
    """Parse an entry of the allow list into a lower-case host name or a network.

    Raises:
        InvalidInputError: the entry is neither.
    """
    with suppress(ValueError):
        return ip_network(entry)
    name = entry.removesuffix(".").lower()
    if _HOST.fullmatch(name) and not _NUMERIC_END.fullmatch(name) and len(name) <= 253:
        return name
    message = f"can't allow {entry!r}: expected a host name, an address or a CIDR network"
    with suppress(ValueError):
        message += f"; near: '{ip_network(entry, strict=False)}'"
    raise InvalidInputError(message)


def unwrapped(address: Address) -> Address:
    """Return the IPv4 address inside a mapped, NAT64, 6to4 or Teredo *address*, or *address*.

    A zone (``%eth0``) is left out, since it selects an interface and not a destination.
    """
    if isinstance(address, IPv4Address):
        return address
    if address.scope_id is not None:
        address = IPv6Address(int(address))
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


@lru_cache(maxsize=1024)
def kind_never_dialled(address: Address) -> str | None:
    """Return the kind of *address* if it is never dialled, or None."""
    if address in _METADATA:
        return "a cloud's metadata address"
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast:
        return "a multicast address"
    if address.is_unspecified:
        return "the unspecified address"
    if address == _BROADCAST:
        return "the broadcast address"
    # Loopback first: the standard library counts ::1 among the reserved ::/8.
    is_reserved = address.is_reserved or any(address in one for one in _RESERVED)
    return "a reserved address" if is_reserved and not address.is_loopback else None


def is_local(address: Address) -> bool:
    """Return whether *address* is loopback or private (RFC 1918, RFC 4193)."""
    return address.is_loopback or any(address in one for one in _PRIVATE)


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Return whether *host*, an address or a name, is this machine (RFC 6761)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
