#!/bin/sh
# Find a Python that is new enough and hand over to setup.py beside this file, which does the work.
# Plain sh, so that a machine with an old Python, or none, gets a sentence and not a traceback.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

new_enough() {
    command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

for python in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
    if new_enough "$python"; then
        exec "$python" "$here/setup.py" "$@"
    fi
done

echo "set-up stopped: kops-pulumi needs Python 3.11 or newer, and none is on PATH" >&2
echo "  install one (for example: apt-get install python3 python3-venv, or pyenv install 3.13), or name it: make PYTHON=/path/to/python3" >&2
exit 4
