"""WebSocket frames without a library: few instructions per frame, and nothing but bytes."""

CONTROL = 0x08  # set in the opcodes of ping, pong and close
CLOSE, PING, PONG = 0x8, 0x9, 0xA
_MASKED = 0x80
_NO_MASK = b"\0\0\0\0"  # a mask of zeros leaves the payload as it is


def client_frame(payload: bytes, opcode: int = 1) -> bytes:
    """One frame as a client must send it."""
    head = bytes([0x80 | opcode])
    if len(payload) < 126:
        head += bytes([_MASKED | len(payload)])
    else:
        head += bytes([_MASKED | 126]) + len(payload).to_bytes(2, "big")
    return head + _NO_MASK + payload


def server_frame(payload: bytes) -> bytes:
    """One finished text frame of a server."""
    if len(payload) < 126:
        return bytes([0x81, len(payload)]) + payload
    return b"\x81\x7e" + len(payload).to_bytes(2, "big") + payload


def split(data: bytes) -> tuple[list[bytes], list[tuple[int, bytes]], bytes]:
    """Payloads of data frames, (opcode, payload) of control frames, and the unfinished rest."""
    payloads: list[bytes] = []
    controls: list[tuple[int, bytes]] = []
    at, size = 0, len(data)
    while size - at >= 2:
        length, start = data[at + 1], at + 2
        if length == 126:
            start += 2
            if start > size:
                break
            length = data[at + 2] << 8 | data[at + 3]
        elif length == 127:
            start += 8
            if start > size:
                break
            length = int.from_bytes(data[at + 2 : start], "big")
        end = start + length
        if end > size:
            break
        if data[at] & CONTROL:
            controls.append((data[at] & 0xF, data[start:end]))
        else:
            payloads.append(data[start:end])
        at = end
    return payloads, controls, data[at:]
