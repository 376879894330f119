"""The hub over HTTP: tickets, the inbox, preferences. Routers, which a project's API includes.

Needs `django-ninja`; nothing else of the hub imports this package.
"""
