"""Selkies 2.1 on the shared desktop.

Variants: @ws (H.264 in a WebSocket, its default), @eco (the same, only what changed is encoded),
@webrtc, @striped (H.264 in stripes), @jpeg.
"""
import os

OFF = ("audio-enabled", "microphone-enabled", "gamepad-enabled", "webcam-enabled", "enable-resize",
       "enable-basic-auth", "use-css-scaling", "ui-show-sidebar", "ui-show-core-buttons")


def start(run):
    encoder = {"striped": "h264enc-striped", "jpeg": "jpeg"}.get(run.variant, "h264enc")
    command = [os.path.join(run.cache, "sk/bin/selkies"), "--public", "--port", "8080",
               "--mode", "webrtc" if run.variant == "webrtc" else "websockets",
               "--encoder", encoder, "--use-cpu=true", "--file-transfers=none",
               "--printing-enabled=false", "--stun-host=", "--manual-resolution=true",
               "--manual-width=1920", "--manual-height=1080"]
    command += [f"--{name}=false" for name in OFF]
    if run.variant == "eco":
        command.append("--video-streaming-mode=false")
    run.spawn("selkies", command, env={"HOME": run.folder, "XDG_RUNTIME_DIR": run.folder})
    run.wait_port(8080, 60)
    return {"url": f"http://{run.srv_ip}:8080/", "hook": "selkies.mjs"}
