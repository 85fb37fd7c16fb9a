"""What a cluster and an instance group may both say about machines: files, hooks, rollouts, warm pools, assets."""

from typing import Literal

from kops_pulumi.spec.base import SpecModel, opt, req
from kops_pulumi.spec.types import Bool, Count, IntOrPercent

Role = Literal["Master", "ControlPlane", "Node", "Bastion", "APIServer"]
"""v1alpha2 spells control planes `Master`; `ControlPlane` is accepted too and means the same."""
UpdatePolicy = Literal["automatic", "external"]


class FileAsset(SpecModel):
    """A file written on machines before Kubernetes starts."""

    name: str = req("Name of the file asset.")
    path: str | None = opt("Where it is written; /srv/kubernetes/assets/<name> by default.")
    roles: list[Role] | None = opt("Roles of the machines that get it; all when absent.")
    content: str | None = opt("The file's text.")
    is_base64: Bool | None = opt("The content is base64.", key="isBase64")
    mode: str | None = opt("Octal permissions such as 0644; 0440 by default.")


class ExecContainer(SpecModel):
    """A container that a hook runs."""

    image: str = req("Container image.")
    command: list[str] | None = opt("Command and arguments.")
    environment: dict[str, str] | None = opt("Environment variables.")


class Hook(SpecModel):
    """A systemd unit of your own on the machines."""

    name: str | None = opt("Name of the unit.")
    disabled: Bool | None = opt("Leave the hook out (to switch off a cluster's hook for one group).")
    roles: list[Role] | None = opt("Roles of the machines that get it; all when absent.")
    requires: list[str] | None = opt("Units that it requires.")
    before: list[str] | None = opt("Units before which it runs.")
    exec_container: ExecContainer | None = opt("Run this container.")
    manifest: str | None = opt("[Service] part of the unit, or the whole unit with useRawManifest.")
    use_raw_manifest: Bool | None = opt("The manifest is the whole unit.")


class Ntp(SpecModel):
    """Time synchronisation."""

    managed: Bool | None = opt("Set up time synchronisation; false leaves it to the image.")


class RollingUpdate(SpecModel):
    """How machines are replaced when their group changes."""

    drain_and_terminate: Bool | None = opt("Drain and replace machines; false only reports them.")
    max_unavailable: IntOrPercent | None = opt("Machines that may be missing at once: a number or a percentage.")
    max_surge: IntOrPercent | None = opt("Extra machines made beforehand: a number or a percentage.")


class WarmPool(SpecModel):
    """Pre-initialised, stopped machines of an autoscaling group (AWS)."""

    min_size: Count | None = opt("Machines kept warm at least; 0 by default.")
    max_size: Count | None = opt("Machines kept warm at most; 0 switches the pool off.")
    enable_lifecycle_hook: Bool | None = opt("Wait until bootstrap is over before a machine counts as warm.")
    lifecycle_hook_timeout: Count | None = opt("Seconds to wait for bootstrap; 600 by default.")
    additional_images: list[str] | None = opt("Container images to pull while warming.")


class Assets(SpecModel):
    """Mirrors for everything that machines download."""

    container_registry: str | None = opt("Registry that mirrors all images; not together with containerProxy.")
    file_repository: str | None = opt("Address that mirrors all files.")
    container_proxy: str | None = opt("Pull-through registry for images; not together with containerRegistry.")


class TerraformTarget(SpecModel):
    """Options of the Terraform output."""

    provider_extra_config: dict[str, str] | None = opt("Extra attributes of the provider block.")
    files_provider_extra_config: dict[str, str] | None = opt("Extra attributes of the provider block for files.")


class Target(SpecModel):
    """Options of an output format."""

    terraform: TerraformTarget | None = opt("Options of the Terraform output.")


class UserData(SpecModel):
    """An extra part of a machine's user data."""

    name: str = req("File name of the part.")
    type: Literal[
        "text/x-shellscript", "text/cloud-config", "text/cloud-boothook", "text/x-include-url",
        "text/x-include-once-url", "text/upstart-job", "text/part-handler", "text/x-not-multipart",
    ] = req("MIME type, as cloud-init names it.")  # fmt: skip
    content: str = req("The part's text.")
