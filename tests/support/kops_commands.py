"""kops's commands and flags, from its own reference (https://kops.sigs.k8s.io/cli/kops/), global flags left out."""

from __future__ import annotations

COMMANDS: dict[str, str] = {
    "completion bash": "no-descriptions",
    "completion fish": "no-descriptions",
    "completion powershell": "no-descriptions",
    "completion zsh": "no-descriptions",
    "create": "filename f",
    "create cluster": (
        "admin-access api-loadbalancer-type api-public-name api-ssl-certificate associate-public-ip "
        "authorization bastion bastion-image channel cloud cloud-labels control-plane-count control-plane-"
        "image control-plane-security-groups control-plane-size control-plane-tenancy control-plane-volume-"
        "size control-plane-volume-type control-plane-zones disable-subnet-tags discovery-store dns dns-zone "
        "dry-run encrypt-etcd-storage etcd-clusters etcd-storage-type gce-service-account image instance-"
        "manager ipv6 kubernetes-feature-gates kubernetes-version network-cidr network-id networking node-"
        "count node-image node-security-groups node-size node-tenancy node-volume-size node-volume-type os-"
        "dns-servers os-ext-net os-ext-subnet os-kubelet-ignore-az os-lb-floating-subnet os-network os-"
        "octavia os-octavia-provider out output o project set ssh-access ssh-public-key subnets target "
        "topology t unset utility-subnets yes y zones"
    ),
    "create instancegroup": "dry-run edit output o role subnet zone",
    "create keypair": "cert key primary",
    "create secret ciliumpassword": "filename f force",
    "create secret dockerconfig": "filename f force",
    "create secret encryptionconfig": "filename f force",
    "create sshpublickey": "ssh-public-key i",
    "delete": "filename f yes y",
    "delete cluster": "count external interval region unregister wait yes y",
    "delete instance": (
        "api-server cloudonly fail-on-drain-error fail-on-validate-error post-drain-delay surge use-"
        "kubeconfig validate-count validation-timeout yes y"
    ),
    "delete instancegroup": "yes y",
    "delete secret": "",
    "delete sshpublickey": "",
    "distrust keypair": "",
    "edit cluster": "set unset",
    "edit instancegroup": "set unset",
    "export kubeconfig": "admin all api-server auth-plugin internal kubeconfig user",
    "get": "output o",
    "get addons": "",
    "get all": "",
    "get assets": "copy",
    "get clusters": "full",
    "get instancegroups": "",
    "get instances": "api-server use-kubeconfig",
    "get keypairs": "distrusted",
    "get secrets": "",
    "get sshpublickeys": "",
    "promote keypair": "",
    "reconcile cluster": "allow-kops-downgrade api-server use-kubeconfig yes y",
    "replace": "filename f force",
    "rolling-update cluster": (
        "admin api-server bastion-interval cloudonly control-plane-interval drain-timeout fail-on-drain-error "
        "fail-on-validate-error force instance-group instance-group-roles interactive i node-interval post-"
        "drain-delay use-kubeconfig validate-count validation-timeout yes y"
    ),
    "toolbox addons apply": "yes",
    "toolbox clusterapi generate machinedeployment": "cluster image instance-type name namespace replicas subnet zones",
    "toolbox dump": ("cloud-resources dir k8s-resources max-nodes node-dump-timeout output o private-key ssh-user"),
    "toolbox enroll": ("api-server build-host cluster host instance-group pod-cidr ssh-port ssh-user use-kubeconfig"),
    "toolbox instance-selector": (
        "allow-list base-instance-type burst-support cluster-autoscaler cpu-architecture deny-list dry-run "
        "ena-support flexible gpu-memory gpu-memory-max gpu-memory-min gpus gpus-max gpus-min ig-count max-"
        "results memory memory-max memory-min network-interfaces network-interfaces-max network-interfaces-"
        "min node-count-max node-count-min node-security-groups node-volume-size output o placement-group-"
        "strategy subnets usage-class vcpus vcpus-max vcpus-min vcpus-to-memory-ratio"
    ),
    "toolbox template": (
        "channel config-value fail-on-missing format-yaml out set set-string snippets template values"
    ),
    "trust keypair": "",
    "update cluster": (
        "admin allow-kops-downgrade api-server create-kube-config ignore-kubelet-version-skew instance-group "
        "instance-group-roles internal lifecycle-overrides out phase prune ssh-public-key target use-"
        "kubeconfig user yes y"
    ),
    "upgrade cluster": "channel kubernetes-version yes y",
    "validate cluster": "api-server count interval kubeconfig max-unready-nodes output o use-kubeconfig wait",
    "version": "server short",
}
"""Flags without their dashes; one letter is a short flag."""


def flags(command: str) -> list[str]:
    """A command's flags with their dashes."""
    return [f"-{flag}" if len(flag) == 1 else f"--{flag}" for flag in COMMANDS[command].split()]
