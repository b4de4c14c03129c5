"""Undoing gzip within bounds."""

from __future__ import annotations

import zlib

from guatu.access.fields import refuse

GZIP = 31
"""zlib's window bits for a gzip stream."""


def unpacked(body: bytes, most: int) -> bytes:
    """Undo gzip, never further than allowed, whatever the body would become.

    Args:
        body: one gzip stream.
        most: bytes it may become.

    Raises:
        RefusedError: if it is damaged or becomes too large.
    """
    unpacking = zlib.decompressobj(GZIP)
    try:
        whole = unpacking.decompress(body, most + 1)
    except zlib.error:
        refuse("bad_encoding", "$")
    if len(whole) > most:
        refuse("too_large", "$", limit=most)
    if not unpacking.eof or unpacking.unused_data:
        refuse("bad_encoding", "$")
    return whole
