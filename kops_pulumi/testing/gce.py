"""What Google Cloud would answer to a recorded program."""

from __future__ import annotations

from kops_pulumi.testing.answers import Table

TABLE = Table()
