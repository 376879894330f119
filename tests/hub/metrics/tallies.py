"""What tests read of a tally."""


def routes_of(tally):
    return {name: route.requests for name, route in tally.routes.items()}
