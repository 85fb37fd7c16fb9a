"""Documents that make the API server strict, where the manifest brings none of its own.

    audit            what is written to the audit log (S11)
    admission        Pod Security standards and limits on events (S12)
    authentication   who may ask without a certificate, and OIDC (S9)
    encryption       how Secrets are encrypted in etcd (S10)

The numbers are those of docs/security.md. Flags and their defaults are `kubeadm`'s and `resolve.defaults.hardening`'s.
Pure: data in, documents out.
"""
