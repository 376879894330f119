"""The shop's own signals.

A custom signal is for a fact that no saved row announces. Looking at a page saves nothing, or not
every time.
"""

from django.dispatch import Signal

# A visitor opened a product's page. Sent by the view with `sender=Product` and
#   product   the product
#   person    the user who looked, or None for a visitor who is not logged in
#   session   a digest that names the visitor's session, or "" where there is none
product_viewed = Signal()
