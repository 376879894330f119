"""What the servers under measurement run; on their path as a package of its own."""
