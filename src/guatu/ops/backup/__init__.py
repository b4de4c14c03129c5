"""Backups: a running house copied as it stood at one moment, and put up again elsewhere.

A backup is a folder of its own below the one that the operator names::

    20261124T080000Z/
      manifest.json   what is inside, with checksums and counts; written last
      database/       SQLite's file, or PostgreSQL's dump
      log/            a copy of each stream
      history/        segments and checkpoints
      home/           keys, certificates and whatever else the data folder holds

The order in which the parts are copied is what makes them fit. The database comes first: the log
then holds every event behind the recorder's position, and a command that the log has but the
database thinks waiting is placed a second time, which changes nothing. The log comes last: it
holds everything behind the checkpoints. What fits only by luck, a plant configured meanwhile or a
log trimmed meanwhile, is noticed and copied again.
"""

from guatu.ops.backup.restore import restore
from guatu.ops.backup.take import backup

__all__ = ["backup", "restore"]
