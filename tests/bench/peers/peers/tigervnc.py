"""TigerVNC's Xvnc, X server and VNC server in one, with websockify and noVNC. It shares no desktop
that a person sits at: a yardstick for what no capture at all costs."""
import os

X = "own"


def start(run):
    number = run.new_display()
    run.spawn("xvnc", ["Xvnc", f":{number}", "-geometry", "1920x1080", "-depth", "24",
                       "-SecurityTypes", "None", "-rfbport", "5900", "-localhost", "-AlwaysShared",
                       "-nolisten", "tcp"])
    run.wait_display(number)
    run.wait_port(5900)
    return novnc(run)


def novnc(run):
    web = run.path("web")
    os.mkdir(web)
    os.symlink(os.path.join(run.cache, "node/node_modules/@novnc/novnc"),
               os.path.join(web, "novnc"))
    os.symlink(os.path.join(run.here, "www/novnc.html"), os.path.join(web, "index.html"))
    run.spawn("websockify", ["websockify", "--web", web, f"{run.srv_ip}:6080", "127.0.0.1:5900"])
    run.wait_port(6080)
    return {"url": f"http://{run.srv_ip}:6080/index.html", "selector": "canvas"}
