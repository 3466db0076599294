// A worker that takes the frames of the picture out of the receiver, before the browser would
// hold them back or decode them, and hands them to the page, each with when it came: through
// memory that both share where there is some, and a word only if the page may not know yet that
// something is there; else one message a frame. How the memory is laid out tells
// web-expert/src/picture/ring.rs.
const HEADER = 64;
const SLOT = 2048;
const SLOT_HEADER = 16;
const PUT = 0;
const TAKEN = 1;
const TOLD = 2;

class Ring {
  constructor(memory) {
    this.memory = memory;
    this.state = new Int32Array(memory, 0, 3);
    this.slots = (memory.byteLength - HEADER) / SLOT;
  }

  // Whether there was room.
  put(frame, at) {
    const count = Atomics.load(this.state, PUT);
    const full = ((count - Atomics.load(this.state, TAKEN)) | 0) >= this.slots;
    if (full || frame.byteLength > SLOT - SLOT_HEADER) {
      return false;
    }
    const start = HEADER + ((count >>> 0) % this.slots) * SLOT;
    new Float64Array(this.memory, start, 1)[0] = at;
    new Uint32Array(this.memory, start + 8, 1)[0] = frame.byteLength;
    new Uint8Array(this.memory, start + SLOT_HEADER, frame.byteLength).set(new Uint8Array(frame));
    Atomics.store(this.state, PUT, (count + 1) | 0);
    return true;
  }

  // Whether the page has been told of something since it last looked; from now on it has.
  told() {
    return Atomics.exchange(this.state, TOLD, 1) === 1;
  }
}

onrtctransform = async ({ transformer }) => {
  const ring = transformer.options && new Ring(transformer.options);
  const frames = transformer.readable.getReader();
  for (;;) {
    const { done, value } = await frames.read();
    if (done) {
      return;
    }
    const at = performance.timeOrigin + performance.now();
    if (!ring?.put(value.data, at)) {
      postMessage([value.data, at], [value.data]);
    } else if (!ring.told()) {
      postMessage(null);
    }
  }
};
