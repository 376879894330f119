"""Prices in templates."""

from django import template

from orders.money import euros

register = template.Library()
register.filter("euros", euros)
