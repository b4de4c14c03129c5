"""Compile what numba compiles, into the caches beside the sources, before anybody waits for it.

The product does this itself at its first start; tests run several starts at once, and each would
compile the same.
"""

from guatu.telemetry import intake, intake_raw, kernels, marks
from guatu.telemetry.history import merge, write

for part in (kernels, intake, intake_raw, marks, write, merge):
    part.warm_up()
