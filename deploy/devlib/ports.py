"""Free ports on loopback: a wanted one when it is free, else another, and it says so."""

import socket
from collections.abc import Mapping

from .say import note


def is_free(port: int) -> bool:
    """Whether both loopback families let us listen there."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                if family == socket.AF_INET6 and error.errno not in (98,):
                    continue  # a machine without IPv6
                return False
    return True


def any_free(count: int) -> list[int]:
    """Ports that the kernel says are free, all different."""
    probes = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def choose(wanted: Mapping[str, int]) -> dict[str, int]:
    """A port for each name: the wanted one, or the next free one above it when that is taken."""
    chosen: dict[str, int] = {}
    for name, port in wanted.items():
        above = (one for one in range(port, min(port + 200, 65536)) if one not in chosen.values() and is_free(one))
        free = next(above, None) or any_free(1)[0]
        if free != port:
            note(f"port {port} ({name}) is taken, {free} is used instead")
        chosen[name] = free
    return chosen
