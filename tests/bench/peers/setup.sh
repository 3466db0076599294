#!/bin/sh
# setup.sh : everything the harness and the peers need, for Debian 12 and root. Programs go to
# $PEERS_CACHE (default: deskhand-bench in the folder for caches), packages into the system.
set -e
cd "$(dirname "$0")"
: "${PEERS_CACHE:=${XDG_CACHE_HOME:-$HOME/.cache}/deskhand-bench}"
mkdir -p "$PEERS_CACHE/bin" "$PEERS_CACHE/node"
export DEBIAN_FRONTEND=noninteractive

apt-get update -qq
# Node.js from elsewhere brings its npm along, and Debian's would not go with it.
command -v npm >/dev/null || apt-get install -y -qq --no-install-recommends nodejs npm
apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends \
  chromium xvfb tigervnc-standalone-server x11vnc websockify xpra iproute2 \
  gcc pkg-config libx11-dev libxext-dev libxft-dev fonts-dejavu-core \
  python3-venv python3-rencode python3-lz4 python3-pil

gcc -O2 -Wall -Wextra -o "$PEERS_CACHE/bin/probe" probe/probe.c $(pkg-config --cflags --libs x11 xext xft) -lm
gcc -O2 -Wall -Wextra -o "$PEERS_CACHE/bin/xshot" probe/xshot.c -lX11
gcc -O2 -Wall -Wextra -o "$PEERS_CACHE/bin/wanlink" net/wanlink.c

(
  cd "$PEERS_CACHE/node"
  [ -f package.json ] || echo '{"private":true}' >package.json
  npm install --silent --no-audit --no-fund playwright-core@1.65.1 @novnc/novnc@1.7.0 ws@8
)

[ -x "$PEERS_CACHE/py/bin/python" ] || python3 -m venv "$PEERS_CACHE/py"
"$PEERS_CACHE/py/bin/pip" -q install numpy pillow
# In an environment of its own: it brings many packages along.
[ -x "$PEERS_CACHE/sk/bin/selkies" ] || {
  "${SELKIES_PYTHON:-python3}" -m venv "$PEERS_CACHE/sk"
  "$PEERS_CACHE/sk/bin/pip" -q install selkies==2.1.0
}
# Last, and named for this list: whoever finds it needs to install nothing.
touch "$PEERS_CACHE/ready-2"
