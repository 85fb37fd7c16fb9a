"""Measurements of what docs/performance.md promises."""
