"""The smallest application whose writes publish: a fact is a row, and an event of the same key."""
