"""What everything stands on: dtypes, shapes, devices, errors, nests, logging, deprecation, public names."""
