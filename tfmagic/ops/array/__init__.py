"""Arrays: constants, shapes, joins, slices, gathers, selection, padding, order and sequences."""
