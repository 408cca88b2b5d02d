"""What holds for all tests.

Hypothesis fails a test whose single example takes longer than a fifth of a second, or that draws slowly. On a machine
with other work that is chance: no law is broken by waiting, so no test here depends on the clock.
"""

from hypothesis import HealthCheck, settings

settings.register_profile("kryssklick", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kryssklick")
