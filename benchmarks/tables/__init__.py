"""The tables: each module has a function `measure`, which returns the table."""
