"""One WebSocket: from its handshake to its close code."""
