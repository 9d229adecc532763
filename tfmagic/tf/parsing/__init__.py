"""What a program says of the features in its records, and how it reads them."""
