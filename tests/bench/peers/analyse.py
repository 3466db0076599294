"""From the probe's log, the browser's log and two pictures to figures."""
import json

import numpy as np
from PIL import Image

# The patches carry eleven bits.
WRAP = 2048
# An input that the probe has not got by then is lost.
LOST_MS = 3000
LOSSLESS = 99.0
# The window "Notes": dark text on light ground.
TEXT = (slice(180, 600), slice(1240, 1840))
# What of it is kept as a picture: left, top, right, bottom.
WORDS = (1250, 190, 1410, 234)
LUMA = np.array([0.299, 0.587, 0.114])


def quantiles(values):
    if not len(values):
        return {"n": 0}
    found = {f"p{p}": round(float(np.percentile(values, p)), 1) for p in (50, 95)}
    return {**found, "n": len(values), "min": round(float(min(values)), 1)}


def unwrap(rows):
    """Eleven-bit numbers to whole ones, given that what is shown only grows."""
    out, base, last = [], 0, None
    for number, presented, shown in rows:
        if last is not None and number < last - WRAP // 2:
            base += WRAP
        elif last is not None and number > last + WRAP // 2 and base >= WRAP:
            base -= WRAP
        last = number
        out.append((number + base, presented, shown))
    return out


def first_shown(drawn, shown):
    """For each number that was drawn: when it or a later one was first shown, by presentation and
    by callback, and whether it was this one."""
    firsts, best = [], -1
    for row in sorted(shown, key=lambda row: row[1]):
        if row[0] > best:
            best = row[0]
            firsts.append(row)
    found, at = {}, 0
    for number in drawn:
        while at < len(firsts) and firsts[at][0] < number:
            at += 1
        if at == len(firsts):
            break
        later, presented, callback = firsts[at]
        found[number] = (presented, callback, later == number)
    return found


def read_probe(path):
    """Events as (number, cause, before drawing, after it reached the X server) and frames as
    (number, after), in ms."""
    events, frames = [], []
    with open(path) as file:
        for line in file:
            field = line.split()
            if field[0] == "E":
                events.append((int(field[1]), field[2], int(field[3]) / 1000, int(field[4]) / 1000))
            elif field[0] == "F":
                frames.append((int(field[1]), int(field[2]) / 1000))
    return events, frames


def logs(probe, dump, start, end):
    """All figures of the seconds from `start` to `end`. `raw` are single values in ms, so that
    runs can be pooled: `g2g` change to photon, `click` and `key` input to photon, `age` the same
    as `g2g` for the workload's frames."""
    events, frames = read_probe(probe)
    with open(dump) as file:
        seen = json.load(file)
    start, end = start * 1000, end * 1000
    shown = first_shown([event[0] for event in events], unwrap(seen["E"]))
    out = {"raw": {}, **changes(events, shown, start, end)}
    inside = [(number, at) for number, at in frames if start <= at <= end]
    if inside:
        out.update(workload(frames, inside, unwrap(seen["F"]), start, end))
        out["raw"]["age"] = out.pop("ages")
    out["raw"]["g2g"] = out.pop("latencies")
    for kind, name in (("b", "click"), ("k", "key")):
        causes = [event for event in events if event[1] == kind]
        at = [t for c, t in seen["inputs"] if c == kind and start <= t <= end]
        photon, there, lost = answered(at, causes, shown)
        out[f"{name}_ms"] = {**quantiles(photon), "lost": lost}
        out[f"{name}_in_ms"] = quantiles(there)
        out["raw"][name] = [round(x, 1) for x in photon]
    out["unreadable_samples"] = seen["bad"]
    out["sampler"] = {key: seen.get(key) for key in ("mode", "errs", "err")}
    if seen.get("peer"):
        out["peer_stats"] = seen["peer"]
    return out


def changes(events, shown, start, end):
    inside = [event for event in events if start <= event[3] <= end]
    found = [(shown[number], after) for number, _, _, after in inside if number in shown]
    latency = [callback - after for (_, callback, _), after in found]
    alone = sum(itself for (_, _, itself), _ in found)
    return {
        "g2g_ms": quantiles(latency),
        # By the browser's own presentation time, which flatters <video>; for comparison only.
        "g2g_pt_ms": quantiles([presented - after for (presented, _, _), after in found]),
        "latencies": [round(x, 1) for x in latency],
        "toggles": len(inside),
        "toggles_never_shown_alone": len(inside) - alone,
        "xsync_ms": quantiles([after - before for _, _, before, after in inside]),
    }


def workload(frames, inside, seen, start, end):
    shown = first_shown([number for number, _ in frames], seen)
    ages = [shown[number][1] - at for number, at in inside if number in shown]
    out = {"frame_age_ms": quantiles(ages), "ages": [round(x) for x in ages]}
    seconds = (end - start) / 1000
    arrived = sorted({(number, at) for number, at, _ in seen if start <= at <= end},
                     key=lambda row: row[1])
    out["fps_source"] = round(len(inside) / seconds, 1)
    out["fps_shown"] = round(len({number for number, _ in arrived}) / seconds, 1)
    gaps = np.diff([at for _, at in arrived])
    if len(gaps):
        out["frame_gap_ms"] = {**quantiles(gaps), "max": round(float(max(gaps)), 1)}
    return out


def answered(inputs, causes, shown):
    """Each input of the page belongs to the next event of its kind at the probe."""
    photon, there, lost, at = [], [], 0, 0
    for pressed in inputs:
        while at < len(causes) and causes[at][2] < pressed - 1:
            at += 1
        if at == len(causes) or causes[at][2] - pressed >= LOST_MS:
            lost += 1
            continue
        number, _, arrived, _ = causes[at]
        there.append(arrived - pressed)
        if number in shown:
            photon.append(shown[number][1] - pressed)
        at += 1
    return photon, there, lost


def psnr(a, b):
    error = float(((a - b) ** 2).mean())
    return LOSSLESS if error == 0 else round(float(10 * np.log10(255 * 255 / error)), 2)


def ssim(a, b, size=8):
    """SSIM of two planes in windows of `size`, every fourth pixel."""
    def mean(x):
        total = np.cumsum(np.cumsum(np.pad(x, ((1, 0), (1, 0))), 0), 1)
        corners = (total[size:, size:] - total[:-size, size:]
                   - total[size:, :-size] + total[:-size, :-size])
        return corners[::4, ::4] / (size * size)
    ma, mb = mean(a), mean(b)
    va, vb, cab = mean(a * a) - ma * ma, mean(b * b) - mb * mb, mean(a * b) - ma * mb
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return ((2 * ma * mb + c1) * (2 * cab + c2)) / ((ma * ma + mb * mb + c1) * (va + vb + c2))


def keep_text(true, shown, path):
    """Some words of the text at rest, three times as large: as they are, and as they were shown."""
    a, b = Image.open(true).convert("RGB"), Image.open(shown).convert("RGB")
    if b.size != a.size:
        b = b.resize(a.size, Image.BICUBIC)
    words = [image.crop(WORDS) for image in (a, b)]
    width, height = words[0].size
    both = Image.new("RGB", (width * 6 + 12, height * 3), "white")
    for at, word in enumerate(words):
        large = word.resize((width * 3, height * 3), Image.NEAREST)
        both.paste(large, (at * (width * 3 + 12), 0))
    both.save(path)


def picture(true, shown):
    """How near the picture at rest is to what the X server holds."""
    a, b = Image.open(true).convert("RGB"), Image.open(shown).convert("RGB")
    out = {"shown_size": list(b.size)}
    if b.size != a.size:
        b = b.resize(a.size, Image.BICUBIC)
    a, b = np.asarray(a, float), np.asarray(b, float)
    luma_a, luma_b = a @ LUMA, b @ LUMA
    similar = ssim(luma_a, luma_b)
    return {
        **out,
        "psnr_rgb": psnr(a, b),
        "psnr_y": psnr(luma_a, luma_b),
        "psnr_text_y": psnr(luma_a[TEXT], luma_b[TEXT]),
        "psnr_text_rgb": psnr(a[TEXT], b[TEXT]),
        "ssim_y": round(float(similar.mean()), 5),
        "ssim_p1": round(float(np.percentile(similar, 1)), 4),
        "exact_px": round(float((a == b).all(axis=2).mean()), 4),
    }
