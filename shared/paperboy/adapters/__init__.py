"""Adapters: each owns one outside thing, and is the only place that knows its keys, formats and errors."""
