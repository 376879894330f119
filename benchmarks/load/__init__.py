"""The load generator: a process of its own with raw sockets, so that counting costs little.

It compares each delivery with the one that is due, for every client: a gap or a repetition is an
error of the round, however fast the round was.
"""
