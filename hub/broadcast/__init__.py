"""Broadcast: from the log to every connection of every server process.

relay (numbers and sends) -> layer -> follower (checks, keeps a ring) -> fan-out
"""
