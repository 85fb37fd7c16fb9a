"""Pulumi's engine from Python: find it, run it, understand what it says."""
