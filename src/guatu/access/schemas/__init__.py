"""JSON Schema of the access specification's messages, for whoever writes a sender."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
