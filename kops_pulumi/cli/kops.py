"""What kops's users type and is not here: commands and flags, each with what to do instead.

Asked only after click has refused a word, so that an old habit ends with a way out instead of `no such option`. The
page docs/cli/kops.md says the same; a test holds both to kops's own list. Data only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

COMMANDS: Mapping[str, str] = {
    "convert-imported": "kops removed it; write the manifest, and adopt networks by their ids",
    "gen-cli-docs": "docs/cli has the help of every command",
    "import": "kops removed it; `create -f` takes a manifest, existing networks are adopted by their ids",
    "secrets": "`get secrets` lists them; values never come back out",
    "server": "there is no server; `examples/service` shows one of your own",
    "toolbox addons apply": "add-ons are resources of the cluster: change spec.addons, then `update cluster`",
    "toolbox clusterapi": "machines are instance groups; Cluster API objects are not made",
    "toolbox enroll": "machines without a cloud are not supported; vSphere is the cloud for one's own hardware",
}
"""By the words of kops's command."""

_API = "the API is asked at the address of the stack's own outputs"
_SKEW = "the order of updates keeps the skew rule by itself: `reconcile cluster`"
_LIFECYCLE = "parts that exist are adopted by their ids in the manifest, and never touched"
_DOWNGRADE = "a manifest that a newer version wrote is refused by its defaults-version; install that version"
FLAGS: Mapping[str, Mapping[str, str]] = {
    "": {
        "--allow-kops-downgrade": _DOWNGRADE,
        "--api-server": _API,
        "--config": "there is no configuration file; KOPS_STATE_STORE and KOPS_CLUSTER_NAME are read",
        "--use-kubeconfig": _API,
        "--v": "--debug shows everything, the engine's own words too",
        "-v": "--debug shows everything, the engine's own words too",
    },
    "delete cluster": {
        "--count": "the engine waits for each resource itself",
        "--external": "what is deleted is what the stack's state has; leftovers in the cloud are found by their tags",
        "--interval": "the engine waits for each resource itself",
        "--region": "the region is the manifest's",
        "--unregister": "--remove-manifest removes the manifest; the stack's state goes with the last resource",
        "--wait": "the engine waits for each resource itself",
    },
    "delete instance": {"--api-server": _API, "--use-kubeconfig": _API},
    "export kubeconfig": {
        "--auth-plugin": "--admin gives a certificate for some hours; OIDC or an exec plug-in is a user of your own",
    },
    "get clusters": {"--full": "`toolbox plan -o json` shows what every default becomes"},
    "rolling-update cluster": {"--admin": "it makes itself a certificate that lives as long as it needs one"},
    "toolbox addons": {
        "--yes": "add-ons are resources of the cluster: change spec.addons, then `update cluster --yes`"
    },
    "toolbox dump": {
        "--k8s-resources": "`kubectl cluster-info dump` collects objects of the API",
    },
    "update cluster": {
        "--admin": "`export kubeconfig --admin` makes a certificate for some hours",
        "--create-kube-config": "`export kubeconfig` writes it, and nothing else does",
        "--ignore-kubelet-version-skew": _SKEW,
        "--internal": "`export kubeconfig --internal` has it",
        "--lifecycle-overrides": _LIFECYCLE,
        "--phase": _LIFECYCLE,
        "--ssh-public-key": "`create sshpublickey -i FILE` puts it into the manifest",
        "--user": "`export kubeconfig --user NAME` has it",
    },
    "upgrade cluster": {"--channel": "versions and images come with kops-pulumi; upgrade that to move further"},
    "validate cluster": {"--kubeconfig": _API},
    "version": {"--server": "`validate cluster` asks the cluster; `version` tells about this program only"},
}
"""By command ("" is any), then by flag."""


def instead_of_command(words: Sequence[str]) -> str | None:
    """What to do instead of a command that begins with these words."""
    typed = " ".join(words)
    return next((hint for name, hint in COMMANDS.items() if name == typed or typed.startswith(f"{name} ")), None)


def instead_of_flag(command: str, flag: str) -> str | None:
    """What to do instead of a flag of kops's command of that name."""
    return FLAGS.get(command, {}).get(flag) or FLAGS[""].get(flag)
