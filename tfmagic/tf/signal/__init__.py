"""tf.signal: frames, windows, spectra over time and what is heard of them; the Fourier transforms stand in `math`."""

from tfmagic.tf import namespace as _namespace

_namespace.publish(__name__)
