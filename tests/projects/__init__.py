"""Whole projects of other people's making, each run in processes of its own with its own settings.

`stock` has Django's own user model and default settings; `STOCK_USER` chooses another model.
"""
