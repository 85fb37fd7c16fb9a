"""A Pulumi program: clusters beside other resources, from a path, from data with overlays, and from a plan."""

import pulumi

from kops_pulumi import Cluster, ClusterArgs, load

small = Cluster("small", "examples/aws/minimal.yaml", pulumi.ResourceOptions(depends_on=[]))

args: ClusterArgs = {"manifest": "examples/aws/ha-private.yaml", "overlays": ["examples/aws/prod.overlay.yaml"]}
large = Cluster("large", args)

planned = load(["examples/aws/minimal.yaml"])
for finding in planned.findings:
    pulumi.log.warn(str(finding))
again = Cluster("again", planned)
bare = Cluster("bare", {"manifest": "examples/aws/minimal.yaml", "protect": False})

region: str = large.plan.region
pulumi.export("regions", [region, small.plan.region])
pulumi.export("api", large.outputs["apiServer"])
