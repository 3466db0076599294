// Starts the page, or says in a sentence why it cannot start.

function say(sentence) {
  const line = document.createElement("p");
  line.className = "plain";
  line.setAttribute("role", "alert");
  line.textContent = sentence;
  document.getElementById("app").replaceChildren(line);
}

try {
  if (typeof WebAssembly !== "object") {
    say("This browser cannot run this page, because it has no WebAssembly or it is switched off. Open the invitation link in a current Firefox, Chrome, Edge or Safari.");
  } else {
    const app = await import("./app.js");
    await app.default({ module_or_path: new URL("app_bg.wasm", import.meta.url) });
  }
} catch (error) {
  console.error(error);
  say("This page could not be loaded completely. Check your connection, then open the invitation link again.");
}
