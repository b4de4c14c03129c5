"""What is counted of a plant's samples, and under which numbers; a checkpoint holds them so."""

from guatu.access.messages import SAMPLE_REASONS

RECEIVED, STORED, DOUBLED_BEAT, DOUBLED_TIME, UNKNOWN_POINT, OLD_EPOCH = range(6)
COUNTED = (
    "received",
    "stored",
    "doubled_beat",
    "doubled_time",
    "unknown_point",
    "old_epoch",
    *SAMPLE_REASONS[1:],
)
"""Samples, by plant: received = stored + all the others. The last ones, and `unknown_point`, are
what the gateway left out."""
COUNTED_OF_REASON = tuple(COUNTED.index(reason) for reason in SAMPLE_REASONS)
NOBODY = 0
"""Stands for the plant of messages that no plant's key came with."""
