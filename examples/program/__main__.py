"""A cluster among other resources of a Pulumi program: here the address of its API goes where other stacks look it up.

Try it without an account: `cd examples/program; kops-pulumi rehearse -- pulumi up --stack dev`.
"""

import pulumi
import pulumi_aws as aws

from kops_pulumi import Cluster

cluster = Cluster("apps", pulumi.Config().require("manifest"))

aws.ssm.Parameter("api-address", type="String", name="/clusters/apps/api", insecure_value=cluster.outputs["apiServer"])

pulumi.export("apiServer", cluster.outputs["apiServer"])
pulumi.export("kubeconfig", cluster.outputs["kubeconfig"])
