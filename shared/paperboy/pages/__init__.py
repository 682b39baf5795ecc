"""Pages: what is published of a digest, and where in the bucket it lies."""
