"""A file that only its owner may read, written whole or not at all."""

import json
import os
from pathlib import Path


def write_own(path: Path, content: object) -> None:
    """Write JSON that only its owner may read, in the place of what was there.

    Written beside and renamed: killed on the way, or on a full disk, the old content stays.

    Args:
        path: the file.
        content: what it shall hold.

    Raises:
        OSError: if it cannot be written; what was there is untouched.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
