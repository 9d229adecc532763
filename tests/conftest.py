"""What holds while any test runs, in the processes that tests start too."""

import os

from hypothesis import HealthCheck, settings

os.environ["TFMAGIC_CHECK"] = "1"  # every plan is checked after every pass

# A busy machine makes no property false: examples may take their time.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
