"""A stack wherever it is: what the command asks of it, and what it needs to know of the host that it is at."""
