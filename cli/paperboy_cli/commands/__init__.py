"""Commands: one module each, with the function that typer calls by the same name."""
