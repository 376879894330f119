"""Paths with a signature, for emails about accounts. They are made when the email is written."""

from typing import Any

from django import template

from orders import addresses

register = template.Library()


@register.simple_tag
def confirmation_path(user: Any, address: str) -> str:
    return addresses.confirmation_path(user, address)


@register.simple_tag
def end_sessions_path(user: Any) -> str:
    return addresses.end_sessions_path(user)


@register.simple_tag
def reset_path(user: Any) -> str:
    return addresses.reset_path(user)
