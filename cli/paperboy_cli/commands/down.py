"""`paperboy down`: the local stack is stopped."""

from __future__ import annotations

from paperboy_cli.terminal import console, show_waiting


def down() -> None:
    """Stop everything that `up` or `demo` started. The data is kept for the next start."""
    from paperboy_cli.local.emulator import Local

    local = Local()
    with local.lock(show_waiting):
        stopped = local.stop()
    console.print(
        f"Stopped: {', '.join(stopped)}. The data is kept in {local.home}." if stopped else "Nothing was running."
    )
