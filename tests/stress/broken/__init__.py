"""Builds that are wrong on purpose: each module's `broken()` makes a running server so.

They show that the checkers see what they are there for.
"""
