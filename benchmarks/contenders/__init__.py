"""The hub and its peers, each as a server to start and a dialect to speak with it."""
