"""The shop's own signals.

A signal of one's own is for a fact that no row announces: nothing is saved when somebody looks at
a page, or not always.
"""

from django.dispatch import Signal

# Somebody opened a product's page. Sent by the view with `sender=Product` and
#   product   the product
#   person    who looked, or None for a visitor who is not logged in
#   session   names the visitor's session without giving it away, or "" where there is none
product_viewed = Signal()
