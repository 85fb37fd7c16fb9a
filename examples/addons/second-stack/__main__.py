"""Installs a cluster's add-ons from a stack of their own, with what the cluster's stack says of itself.

The cluster's stack leaves them out: `pulumi config set --path 'skip[0]' addons`. Then here, on a machine that reaches
the API: `pulumi config set cluster organization/kops-pulumi/prod`, `pulumi config set manifest …/cluster.yaml`, and
`pulumi up`.
"""

from pathlib import Path

import pulumi

from kops_pulumi import pipeline
from kops_pulumi.components.addons import Access, AddOns

config = pulumi.Config()
plan = pipeline.load([Path(__file__).parent / config.require("manifest")]).plan
cluster = pulumi.StackReference(config.require("cluster"))
addons = AddOns(f"{plan.name}-addons", plan, Access.of_stack(cluster, plan))
pulumi.export("addons", dict(addons.versions))
