// What runs inside the page: reading both patches of the picture at every frame that is shown.
// The functions are sent there as text, so they use nothing from outside themselves.

/** Where the probe draws its patches: `fx` and `ex` from `x`, in pixels of the desktop. */
export const PATCHES = { P: { x: 1728, y: 40, w: 144, h: 64, fx: 0, ex: 80 } };

/** Starts reading the largest picture, or goes on. Gives what it is, or null. */
export function sample({ selector, P }) {
  const wide = el => el.tagName === 'VIDEO' ? el.videoWidth : el.width;
  const area = el => {
    const box = el.getBoundingClientRect();
    return Math.round(box.width * box.height / 1e4);
  };
  const isVideo = el => el.tagName === 'VIDEO';
  const el = [...document.querySelectorAll(selector)]
    .filter(el => wide(el) >= 320 && el.checkVisibility({ visibilityProperty: true })
      && el.getBoundingClientRect().width >= 320)
    .sort((a, b) => area(b) - area(a) || isVideo(b) - isVideo(a))[0];
  if (!el) return null;
  if (window.__S && !window.__S.stop && window.__S.el === el) return window.__S.info;
  if (window.__S) window.__S.stop = true;
  const S = window.__S = {
    el, kind: el.tagName.toLowerCase(), mode: '', stop: false,
    E: [], F: [], lastE: -1, lastF: -1, // [number, presentation time, callback's time]
    frames: 0, bad: 0, cost: 0, errs: 0, snaps: [],
  };
  const width = () => el.videoWidth || el.width;
  const height = () => el.videoHeight || el.height;

  // The middle of one of the sixteen cells: white, black or neither.
  const cell = (get, x0, i) => {
    const cx = x0 + i % 4 * 16 + 6, cy = (i >> 2) * 16 + 6;
    let sum = 0;
    for (let y = 0; y < 4; y++) for (let x = 0; x < 4; x++) sum += get(cx + x, cy + y);
    return sum / 16;
  };
  const decode = (get, x0) => {
    let bits = 0;
    for (let i = 0; i < 16; i++) {
      const grey = cell(get, x0, i);
      if (grey > 160) bits |= 1 << i;
      else if (grey > 95) return -1;
    }
    const number = bits & 2047;
    const check = ((number ^ (number >> 5) ^ (number >> 10)) & 31) ^ 31;
    return check === bits >> 11 ? number : -1;
  };
  const read = (get, t, tc) => {
    const e = decode(get, P.ex), f = decode(get, P.fx);
    if (e < 0 || f < 0) S.bad++; // half painted or blurred: not shown yet
    if (e >= 0 && e !== S.lastE) { S.lastE = e; S.E.push([e, t, tc]); }
    if (f >= 0 && f !== S.lastF) { S.lastF = f; S.F.push([f, t, tc]); }
  };

  const copy = new OffscreenCanvas(P.w, P.h);
  const pen = copy.getContext('2d', { willReadFrequently: true, alpha: false });
  const byDrawing = (t, tc) => {
    const kx = width() / 1920, ky = height() / 1080;
    pen.drawImage(el, P.x * kx, P.y * ky, P.w * kx, P.h * ky, 0, 0, P.w, P.h);
    const data = pen.getImageData(0, 0, P.w, P.h).data;
    read((x, y) => data[(y * P.w + x) * 4 + 1], t, tc);
  };
  const even = n => Math.floor(n / 2) * 2;
  // Without converting the whole frame: the luma of the patches alone.
  const byCopying = (t, tc) => {
    const frame = new VideoFrame(el);
    if (!/^(I4|NV12)/.test(frame.format || '')) {
      S.mode = 'draw:' + frame.format;
      frame.close();
      return byDrawing(t, tc);
    }
    S.mode = 'copyTo:' + frame.format;
    const { x, y, width, height } = frame.visibleRect;
    const kx = width / 1920, ky = height / 1080;
    const rect = {
      x: x + even(P.x * kx), y: y + even(P.y * ky), width: even(P.w * kx), height: even(P.h * ky),
    };
    const luma = new Uint8Array(frame.allocationSize({ rect }));
    frame.copyTo(luma, { rect }).then(([plane]) => {
      read((px, py) => {
        const row = Math.min(rect.height - 1, Math.floor(py * rect.height / P.h));
        const column = Math.min(rect.width - 1, Math.floor(px * rect.width / P.w));
        return luma[plane.offset + row * plane.stride + column];
      }, t, tc);
      frame.close();
    }, () => { S.errs++; frame.close(); });
  };

  const timed = (began, work) => {
    S.frames++;
    try { work(); } catch (error) { S.errs++; S.err = String(error); }
    S.cost += performance.now() - began;
  };
  // Both kinds are timed by the tick in which the new picture goes out, so that they compare.
  if (S.kind === 'video') {
    const tick = (now, meta) => {
      if (S.stop) return;
      const began = performance.now(), t = performance.timeOrigin + began;
      const presented = performance.timeOrigin + (meta.presentationTime || now);
      timed(began, () => byCopying(Math.min(presented, t), t));
      el.requestVideoFrameCallback(tick);
    };
    el.requestVideoFrameCallback(tick);
  } else {
    S.mode = 'draw';
    // A page may paint in its own animation frame, after ours: what is read is what goes out.
    let tick;
    const box = document.createElement('div');
    Object.assign(box.style, { position: 'fixed', left: '-9px', width: '1px', height: '1px' });
    document.documentElement.append(box);
    new ResizeObserver(() => {
      if (tick === undefined) return;
      const t = performance.timeOrigin + tick;
      timed(performance.now(), () => byDrawing(t, t));
    }).observe(box);
    const frame = () => {
      if (S.stop) return box.remove();
      tick = performance.now();
      box.style.width = box.style.width === '1px' ? '2px' : '1px';
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }
  return S.info = { kind: S.kind, w: width(), h: height() };
}

/** Keeps the whole picture as it is now. */
export function snap() {
  const el = window.__S.el;
  const copy = new OffscreenCanvas(el.videoWidth || el.width, el.videoHeight || el.height);
  copy.getContext('2d', { alpha: false }).drawImage(el, 0, 0);
  window.__S.snaps.push(copy);
}

/** The oldest picture that was kept, as a PNG in base 64. */
export async function shot() {
  const png = await window.__S.snaps.shift().convertToBlob({ type: 'image/png' });
  return await new Promise(done => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.split(',')[1]);
    reader.readAsDataURL(png);
  });
}
