"""Which IP addresses lie on the public internet. Pure.

Facts
-----
* `ipaddress.is_global` says True of multicast (224.0.0.1, ff02::1), of the old site-local range
  (fec0::1) and of IPv6 forms that carry an IPv4 address which a gateway or the kernel dials:
  ::127.0.0.1 (v4-compatible), 64:ff9b::7f00:1 (NAT64, RFC 6052), 2002:7f00:1:: (6to4, RFC 3056),
  2001:0:… (Teredo, RFC 4380). Such an address is judged by what it carries as well.
* Global unicast IPv6 is 2000::/3 and nothing else so far (RFC 4291 §2.4); asking for it is
  shorter and safer than listing what is reserved.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

IPAddress = IPv4Address | IPv6Address

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_DOCUMENTATION = IPv6Network("3fff::/20")  # RFC 9637; newer than the tables of Python 3.11
_NAT64 = IPv6Network("64:ff9b::/96")
_V4_COMPATIBLE = IPv6Network("::/96")


def is_public(address: str) -> bool:
    """Say whether a literal address may be dialled on behalf of a feed.

    Raises:
        ValueError: `address` is not an IP address.
    """
    parsed = ip_address(address)
    if isinstance(parsed, IPv4Address):
        return _is_public_v4(parsed)
    carried = tuple(_carried_v4(parsed))
    if not all(_is_public_v4(inner) for inner in carried):
        return False
    if _is_pure_carrier(parsed):
        return True
    return parsed in _GLOBAL_UNICAST and parsed.is_global and parsed not in _DOCUMENTATION


def _is_public_v4(address: IPv4Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is_pure_carrier(address: IPv6Address) -> bool:
    """Whether the address lies outside the global range only because it stands for an IPv4 one."""
    return address.ipv4_mapped is not None or address in _NAT64 or address in _V4_COMPATIBLE


def _carried_v4(address: IPv6Address) -> Iterator[IPv4Address]:
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address in _NAT64 or address in _V4_COMPATIBLE:
        yield IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
