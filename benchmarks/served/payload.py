"""The event that every contender carries: about 330 bytes of JSON, as the hub sends it."""

PAD = "x" * 110
_EVENT = (
    '{"op":"event","id":%d,"type":"bench.told","topic":"product.1",'
    '"at":"2026-01-01T00:00:00.000000Z","severity":"info","title":"Told","body":"",'
    '"url":"/products/teapot/","data":{"n":%d,"pad":"' + PAD + '"}}'
)


def event(number: int) -> str:
    """The event with this number; a peer sends it as one text."""
    return _EVENT % (number, number)
