"""What `pulumi up` runs, for every stack: the manifest named in `Pulumi.<stack>.yaml` becomes a cluster.

`kops-pulumi update cluster` runs the same program, so both see the same resources.
"""

from kops_pulumi import program

program.run()
