"""Errors that end the command with a sentence."""


class PaperboyError(Exception):
    """One clear sentence with the way out, for the person at the terminal."""

    exit_code = 1


class StoppedError(PaperboyError):
    """Ctrl-C: what goes on all the same, and how to go on."""

    exit_code = 130
