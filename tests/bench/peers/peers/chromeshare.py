"""Chromium on the shared desktop shares its own screen: what people get from a meeting in the
browser, with libwebrtc as it is. View only.

Variants: a codec (vp8, vp9, av1, h264), then a content hint and a most in Mbit/s, as in
@vp9-detail-20.
"""
import json
import os

PORT = 7000


def start(run):
    run.spawn("signal", ["node", os.path.join(run.here, "www/signal.mjs"), run.srv_ip, str(PORT),
                         os.path.join(run.cache, "node")])
    run.wait_port(PORT)
    return {"url": f"http://{run.srv_ip}:{PORT}/view.html", "selector": "video", "inputs": False,
            "connect_timeout": 60}


def after_probe(run):
    """The desktop is there: now it can be chosen."""
    origin = f"http://{run.srv_ip}:{PORT}"
    config = {
        "modules": os.path.join(run.cache, "node"),
        "chromium": os.environ.get("PEERS_CHROMIUM", "/usr/bin/chromium"),
        "profile": run.path("sharer"),
        "url": f"{origin}/share.html?codec={run.variant or 'vp8'}",
        "args": ["--disable-gpu", "--disable-quic", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync",
                 "--password-store=basic", "--auto-select-desktop-capture-source=Entire screen",
                 "--disable-features=WebRtcHideLocalIpsWithMdns,Translate",
                 # Its window lies behind the desktop and must not fall asleep there.
                 "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
                 "--disable-background-timer-throttling", "--window-size=400,300",
                 "--window-position=0,0", f"--unsafely-treat-insecure-origin-as-secure={origin}"],
    }
    with open(run.path("sharer.json"), "w") as file:
        json.dump(config, file)
    run.spawn("sharer", ["node", os.path.join(run.here, "www/sharer.mjs"), run.path("sharer.json")],
              env={"HOME": run.folder, "XDG_RUNTIME_DIR": run.folder, "XDG_SESSION_TYPE": "x11"})
