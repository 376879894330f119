"""Shoppers over HTTP, for demonstrations.

They use the site as a browser would, cookies and forms included, and know nothing of the code
behind it.
"""
