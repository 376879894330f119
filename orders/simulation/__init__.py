"""Shoppers over HTTP, for demonstrations: they use the site as a browser would, cookies and
forms included, and know nothing of what runs behind it."""
