"""What the table and the bucket say when somebody else wrote first."""


class ConflictError(Exception):
    """What was read is no longer what stands: read again."""
