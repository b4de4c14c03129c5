"""`guatu doctor`: looks at an installation and says what is wrong and what to do."""

from guatu.ops.doctor.examine import examine

__all__ = ["examine"]
