"""Identity: which user a client is, by session cookie or by ticket."""
