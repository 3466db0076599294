// The expert's hand: trusted clicks and keys, and when the page saw them.

const pause = ms => new Promise(done => setTimeout(done, ms));

/** Runs in the page before any script of its own: notes when each trusted input arrived. */
export function noteInputs() {
  window.__inputs = [];
  for (const [name, kind] of [['mousedown', 'b'], ['keydown', 'k']]) {
    window.addEventListener(name, event => {
      if (event.isTrusted) window.__inputs.push([kind, performance.timeOrigin + event.timeStamp]);
    }, true);
  }
}

/** A click, a key, a click … every 340 to 640 ms, at a place of the desktop without text. */
export async function inputs(devtools, box, seconds, seed) {
  let state = seed || 1;
  const random = () => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
  const x = box.x + box.width * 0.78, y = box.y + box.height * 0.62;
  const mouse = (type, more) => devtools.send('Input.dispatchMouseEvent', { type, x, y, ...more });
  const key = (type, more) => devtools.send('Input.dispatchKeyEvent',
    { type, key: 'j', code: 'KeyJ', windowsVirtualKeyCode: 74, ...more });
  await mouse('mouseMoved');
  const end = Date.now() + seconds * 1000;
  for (let count = 0; Date.now() < end; count++) {
    await pause(300 + random() * 300);
    if (count % 2 === 0) {
      await mouse('mousePressed', { button: 'left', buttons: 1, clickCount: 1 });
      await pause(40);
      await mouse('mouseReleased', { button: 'left', buttons: 0, clickCount: 1 });
    } else {
      await key('keyDown', { text: 'j' });
      await pause(40);
      await key('keyUp');
    }
  }
}
