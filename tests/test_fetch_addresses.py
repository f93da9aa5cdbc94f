"""Which addresses a feed may lead to."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch.addresses import is_public

PUBLIC = {
    "IPv4": "93.184.216.34",
    "IPv6": "2606:2800:220:1:248:1893:25c8:1946",
    "v4-mapped": "::ffff:93.184.216.34",
    "NAT64": "64:ff9b::5db8:d822",
    "6to4": "2002:5db8:d822::1",
}
PRIVATE = {
    "loopback": "127.0.0.1",
    "all of 127/8": "127.8.9.10",
    "this host": "0.0.0.0",
    "10/8": "10.1.2.3",
    "172.16/12": "172.20.0.1",
    "192.168/16": "192.168.1.1",
    "metadata service": "169.254.169.254",
    "carrier-grade NAT": "100.64.0.1",
    "multicast": "224.0.0.1",
    "global-scope multicast": "239.1.2.3",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "documentation": "203.0.113.7",
    "benchmarking": "198.18.0.1",
    "IPv6 loopback": "::1",
    "IPv6 unspecified": "::",
    "IPv6 link-local": "fe80::1",
    "IPv6 link-local with scope": "fe80::1%2",
    "IPv6 unique local": "fd00:ec2::254",
    "IPv6 site-local": "fec0::1",
    "IPv6 multicast": "ff02::1",
    "IPv6 global-scope multicast": "ff0e::1",
    "IPv6 documentation": "2001:db8::1",
    "IPv6 new documentation": "3fff::1",
    "IPv6 never assigned": "4000::1",
    "v4-mapped loopback": "::ffff:127.0.0.1",
    "v4-compatible loopback": "::127.0.0.1",
    "NAT64 of loopback": "64:ff9b::7f00:1",
    "NAT64 of a private address": "64:ff9b::a01:203",
    "local NAT64": "64:ff9b:1::5db8:d822",
    "6to4 of loopback": "2002:7f00:1::",
    "Teredo from a private client": "2001:0:4136:e378:8000:63bf:f5ff:fffe",
}


@pytest.mark.parametrize("address", PUBLIC.values(), ids=PUBLIC.keys())
def test_public_addresses_may_be_dialled(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE.values(), ids=PRIVATE.keys())
def test_other_addresses_may_not(address: str) -> None:
    assert not is_public(address)


def test_a_name_is_not_an_address() -> None:
    with pytest.raises(ValueError, match="localhost"):
        is_public("localhost")


@given(st.ip_addresses(v=4))
def test_wrapping_an_address_never_makes_it_public(inner: ipaddress.IPv4Address) -> None:
    number = int(inner)
    wrapped = [
        (0xFFFF << 32) | number,
        number,
        (0x64FF9B << 96) | number,
        (0x2002 << 112) | (number << 80),
    ]

    for form in wrapped:
        assert is_public(str(ipaddress.IPv6Address(form))) <= is_public(str(inner))
