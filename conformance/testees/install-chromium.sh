#!/bin/sh
# Sees to it that there is a Chromium for the browser tests: $CHROMIUM, /usr/bin/chromium, or Debian's package.
set -eu
browser=${CHROMIUM:-/usr/bin/chromium}

[ -x "$browser" ] && exit 0
say() { printf 'There is no Chromium at %s, and the browser tests need one.\n%s\n' "$browser" "$1" >&2; exit 1; }
[ -z "${CHROMIUM:-}" ] || say 'Let CHROMIUM name one that is there, or unset it.'
command -v apt-get >/dev/null || say 'Install Chromium, or let CHROMIUM name one, and run make again.'
[ "$(id -u)" = 0 ] || say 'Run "sudo apt-get install chromium", or let CHROMIUM name another one, and run make again.'
echo 'Installing Chromium for the browser tests …'
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null
[ -x "$browser" ] || say 'The package chromium was installed, and brought no such file.'
