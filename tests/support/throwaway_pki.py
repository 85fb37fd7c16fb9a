"""Throw-away authorities and keys, for scripts that make certificates for real."""

from __future__ import annotations

import functools
import subprocess
import tempfile
from pathlib import Path

_AUTHORITIES = ("kubernetes-ca", "apiserver-aggregator-ca", "etcd-clients-ca", "etcd-peers-ca-main")


def openssl(*arguments: str, stdin: bytes | None = None) -> bytes:
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True).stdout


@functools.cache
def secrets() -> dict[str, bytes]:
    """What the secret channel holds for a control plane, by name. Read only."""
    found = {"encryption-config.yaml": b"kind: EncryptionConfiguration\n"}
    with tempfile.TemporaryDirectory() as work:
        key, crt = Path(work) / "key", Path(work) / "crt"
        for name in _AUTHORITIES:
            _new_key(key)
            openssl("req", "-x509", "-new", "-key", str(key), "-subj", f"/CN={name}", "-days", "30", "-out", str(crt))
            found |= {f"{name}.crt": crt.read_bytes(), f"{name}.key": key.read_bytes()}
        _new_key(key)
        found["service-account.key"] = key.read_bytes()
        found["service-account.pub"] = openssl("pkey", "-in", str(key), "-pubout")
    return found


def _new_key(path: Path) -> None:
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(path))
