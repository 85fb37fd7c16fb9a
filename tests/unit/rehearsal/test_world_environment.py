"""A world's environment leads there and nowhere else, whatever the caller's own stacks use."""

from __future__ import annotations

from pathlib import Path

from kops_pulumi.rehearsal.world import environment


def test_state_and_secrets_are_the_worlds_own(tmp_path: Path) -> None:
    own = environment(tmp_path, "aws:1234", "http://127.0.0.1:1/readyz")
    assert own["KOPS_PULUMI_READYZ"] == "http://127.0.0.1:1/readyz"
    assert own["PULUMI_BACKEND_URL"] == f"file://{tmp_path / 'backend'}?metadata=skip"
    assert own["KOPS_SECRETS_PROVIDER"] == "passphrase"
    assert own["PULUMI_CONFIG_PASSPHRASE"]
