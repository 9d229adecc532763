"""Arrays: constants, shapes, joins, slices, gathers, selection and layout."""
