// Starts the page inside an invitation file, or says in a sentence why it cannot start here. The
// link to the same invitation, if there is one, is in sight until the page takes its place.

(async () => {
  "use strict";

  const say = (sentence) => {
    document.getElementById("status").textContent = sentence;
  };

  // Without a link the same file, in another browser, is the only way.
  const instead = document.querySelector("main a") ? "the link below" : "this file";

  if (typeof WebAssembly !== "object" || typeof DecompressionStream !== "function") {
    say(`This browser cannot run this file. Open ${instead} in a current Firefox, Chrome, Edge or Safari.`);
    return;
  }
  if (!isSecureContext) {
    say(`This browser does not let a file do what is needed here. Open ${instead} in another one.`);
    return;
  }
  if (typeof RTCPeerConnection !== "function") {
    say(`This browser cannot show another computer's screen, because it has no WebRTC or it is switched off. Open ${instead} in a current Firefox, Chrome, Edge or Safari.`);
    return;
  }
  try {
    const text = document.getElementById("console").textContent.trim();
    const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const bytes = await new Response(stream).arrayBuffer();
    await wasm_bindgen({ module_or_path: bytes });
  } catch (error) {
    console.error(error);
    say(`This file is damaged, or this browser does not let it run. Open ${instead} in another browser, or ask for a new invitation.`);
  }
})();
