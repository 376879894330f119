"""Identity: who is at the other end, by session cookie or by ticket."""
