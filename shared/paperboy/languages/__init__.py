"""Languages: all that differs between digests told in one language and in another."""
