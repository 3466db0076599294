// A worker that takes the frames of the picture out of the receiver, before the browser would
// hold them back or decode them, and passes them on to the page, each with when it came.
onrtctransform = async ({ transformer }) => {
  const frames = transformer.readable.getReader();
  for (;;) {
    const { done, value } = await frames.read();
    if (done) {
      return;
    }
    const at = performance.timeOrigin + performance.now();
    postMessage([value.data, at], [value.data]);
  }
};
