"""Kubernetes clusters from kops manifests, through Pulumi's engine."""

__version__ = "1.37.0a1"
