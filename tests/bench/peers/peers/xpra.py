"""xpra 3.1 as Debian has it, with its HTML5 page. Alone it is an X server of its own; @shadow
shares the desktop like the others."""


X = "own"
OFF = ("mdns", "pulseaudio", "notifications", "webcam", "printing", "file-transfer", "clipboard",
       "bell", "system-tray", "sharing", "daemon", "dbus-proxy")
PAGE = "sound=false&clipboard=false&floating_menu=false&printing=false&file_transfer=false" \
       "&reconnect=false"


def start(run):
    number = None
    if run.variant == "shadow":
        run.xvfb()
        command = ["xpra", "shadow", run.display]
    else:
        number = run.new_display()
        server = "Xvfb -screen 0 1920x1080x24 -nolisten tcp -noreset -dpi 96 +extension GLX " \
                 "+extension RANDR +extension RENDER +extension Composite"
        command = ["xpra", "start-desktop", f":{number}", f"--xvfb={server}",
                   "--resize-display=no", "--start-via-proxy=no", "--exit-with-children=no"]
    command += [f"--{name}=no" for name in OFF]
    command += [f"--bind-tcp={run.srv_ip}:14500", "--html=/usr/share/xpra/www", "--speaker=off",
                "--microphone=off", f"--socket-dir={run.folder}"]
    run.spawn("xpra", command, env={"HOME": run.folder, "XDG_RUNTIME_DIR": run.folder,
                                    "XPRA_FORCE_COLOR_LOG": "0"})
    if number is not None:
        run.wait_display(number)
    run.wait_port(14500, 60)
    return {"url": f"http://{run.srv_ip}:14500/index.html?{PAGE}", "selector": "canvas",
            "hook": "xpra.mjs"}
