"""`python -m kops_pulumi` is the `kops-pulumi` command."""

import sys

from kops_pulumi.cli import main

if __name__ == "__main__":
    sys.exit(main())
