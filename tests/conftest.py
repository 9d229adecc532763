"""What holds while any test runs, in the processes that tests start too."""

import os

os.environ["TFMAGIC_CHECK"] = "1"  # every plan is checked after every pass
