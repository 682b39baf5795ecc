"""What the command says when it cannot go on."""


class PaperboyError(Exception):
    """One clear sentence with the way out, for the person at the terminal."""
