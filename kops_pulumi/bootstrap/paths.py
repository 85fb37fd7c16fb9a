"""Where things lie on a machine with control-plane components: one home, shared by everything that is rendered.

docs/contracts/bootstrap.md says who writes each of them. Constants only.
"""

from __future__ import annotations

CURRENT = "/opt/kops-pulumi/current"
"""The unpacked bundle: files that a step of the boot puts in place itself."""
KUBERNETES = "/etc/kubernetes"
PATCHES = f"{KUBERNETES}/patches"

PKI = f"{KUBERNETES}/pki"
CLUSTER_CA = f"{PKI}/ca.crt"
SIGNING_CA = f"{PKI}/ca-signing.crt"
"""The primary authority's certificate alone: `ca.crt` holds all that are trusted, two during a rotation."""
ETCD_PKI = f"{PKI}/etcd"
"""`<authority>.crt` of each etcd authority; `<cluster>/{server,peer,client}.{crt,key}` of each member here."""
ETCD_CLIENT_CERTIFICATE = f"{PKI}/apiserver-etcd-client.crt"
ETCD_CLIENT_KEY = f"{PKI}/apiserver-etcd-client.key"

AUDIT_POLICY = f"{KUBERNETES}/audit/policy.yaml"
ADMISSION = f"{KUBERNETES}/admission/config.yaml"
AUTHENTICATION = f"{KUBERNETES}/authentication/config.yaml"
TOKEN_WEBHOOK = f"{KUBERNETES}/authentication/aws-iam-authenticator.yaml"
ENCRYPTION = f"{KUBERNETES}/encryption/config.yaml"
"""From the secret channel, never from the bundle."""
SCHEDULER = f"{KUBERNETES}/scheduler/config.yaml"

ETCD_DATA = "/mnt/etcd"
"""`<cluster>/data` on the member's own volume."""
HOSTS = "/etc/hosts"
"""Kept up to date in place by a timer; etcd and API servers find members by it."""
API_SERVER_FILES = "/srv/kubernetes/kube-apiserver"
"""Where manifests made for kops put files (fileAssets) that the API server reads."""
