"""Make the database, the divisions and the static files ready; quick when they are."""

import logging
from pathlib import Path

from django.core.management import call_command
from django.utils import timezone

from guatu import __version__
from guatu.ops.house import House

logger = logging.getLogger("prepare")


def prepare(house: House) -> None:
    """Bring an installation up to this version: tables, divisions, static files.

    Args:
        house: the installation; Django is set up and knows it.
    """
    logger.info("database: bringing tables up to date")
    call_command("migrate", interactive=False, verbosity=0)
    from guatu.web.regions.actions import load_divisions  # noqa: PLC0415  needs Django's set-up

    loaded = load_divisions(at=timezone.now())
    logger.info("divisions: %s", loaded)
    from guatu.web.audit.settings_noted import note_settings  # noqa: PLC0415  the same

    note_settings()
    _collect_static(house.home / "static")


def _collect_static(folder: Path) -> None:
    """Hash and compress static files, once for a version of them."""
    import guatu.web  # noqa: PLC0415  only its folder is needed

    sources = Path(guatu.web.__file__).parent.glob("*/static/**/*")
    newest = max((path.stat().st_mtime for path in sources if path.is_file()), default=0.0)
    stamp = folder / ".stamp"
    wanted = f"{__version__} {newest:.6f}"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    logger.info("static files: hashing and compressing")
    call_command("collectstatic", interactive=False, verbosity=0, clear=folder.exists())
    stamp.write_text(wanted)
