"""IP addresses: CIDR blocks, and the equality of two spellings of one address."""

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from integrations.patterns.conditions import Scalar, Test
from integrations.patterns.refusal import InvalidEventPattern

# (4 or 6, the address as an integer)
Address = tuple[int, int]

# AWS reads octets as decimal whatever their leading zeros, which Python's ipaddress refuses.
_IPV4 = re.compile(r"([0-9]+)\.([0-9]+)\.([0-9]+)\.([0-9]+)")
# Narrower than ipaddress: no zone index, no dotted quad at the end.
_IPV6 = re.compile(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*")
_MASK = re.compile(r"[+-]?[0-9]{1,9}")
_WIDTHS = {4: 32, 6: 128}


def parse_address(text: str) -> Address | None:
    """The address `text` spells, or None. An IPv4-mapped IPv6 address is the IPv4 address, as in Java."""
    try:
        if quad := _IPV4.fullmatch(text):
            return 4, int(IPv4Address(".".join(octet.lstrip("0") or "0" for octet in quad.groups())))
        if len(text) > 39 or not _IPV6.fullmatch(text):
            return None
        address = IPv6Address(text)
    except ValueError:
        return None
    return (4, int(address.ipv4_mapped)) if address.ipv4_mapped else (6, int(address))


def equals_address(addresses: frozenset[Address]) -> Test:
    return lambda value: isinstance(value, str) and parse_address(value) in addresses


def cidr(operand: Any) -> Test:
    """`{"cidr": "10.0.0.0/24"}`: host bits set in the operand are ignored; a single address (/32, /128) is refused."""
    if not isinstance(operand, str):
        raise InvalidEventPattern("prefix match pattern must be a string")  # "prefix": AWS's own slip
    text, mask_bits = _split(operand)
    address = parse_address(text)
    if address is None:
        known = _IPV4.fullmatch(text) or _IPV6.fullmatch(text)
        raise InvalidEventPattern(f"{'Invalid' if known else 'Nonstandard'} IP address: {text}")
    version, number = address
    width = _WIDTHS[version]
    if mask_bits >= width:
        raise InvalidEventPattern(f"IPv{version} mask bits must be < {width}")
    return _in_block(version, number >> (width - mask_bits), width - mask_bits)


def _in_block(version: int, network: int, host_bits: int) -> Test:
    def lies_in_block(value: Scalar) -> bool:
        address = parse_address(value) if isinstance(value, str) else None
        return address is not None and address[0] == version and address[1] >> host_bits == network

    return lies_in_block


def _split(operand: str) -> tuple[str, int]:
    parts = operand.rstrip("/").split("/")
    if len(parts) != 2:
        raise InvalidEventPattern("Malformed CIDR, one '/' required")
    if not _MASK.fullmatch(parts[1]):
        raise InvalidEventPattern("Malformed CIDR, mask bits must be an integer")
    mask_bits = int(parts[1])
    if mask_bits < 0:
        raise InvalidEventPattern("Malformed CIDR, mask bits must not be negative")
    return parts[0], mask_bits
