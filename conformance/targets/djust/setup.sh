#!/bin/sh
# Makes .djust-venv at the top of the repository, with what requirements.txt pins. Instant when nothing changed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=$(cd "$here/../../.." && pwd)/.djust-venv
stamp=$venv/requirements.installed

cmp -s "$here/requirements.txt" "$stamp" && exit 0
rm -f "$stamp"
"${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/pip" install -q --disable-pip-version-check -r "$here/requirements.txt"
cp "$here/requirements.txt" "$stamp"
