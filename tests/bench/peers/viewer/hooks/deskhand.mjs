// What an expert does: says who they are, gives the password, and asks for control once there is
// a picture. Then the window is made as large as it takes to show the desktop pixel by pixel.

const SCREEN = { width: 1920, height: 1080 };
const times = {};

/** Before the page's own scripts: keeps its connection within reach, for `stats`. */
export async function begin(page) {
  await page.addInitScript(() => {
    const Native = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Native {
      constructor(...args) {
        super(...args);
        window.__connection = this;
      }
    };
  });
}

export async function prepare(page, cfg) {
  const button = name => page.getByRole('button', { name, exact: true });
  await page.getByLabel('Your name').fill('Erika Example');
  await page.getByLabel('Password').fill(cfg.login.password);
  const form = await page.evaluate(() => performance.now());
  await button('Connect').click();
  const began = Date.now();
  await page.locator('.stage').waitFor();
  await page.locator('.stage .overlay').waitFor({ state: 'detached' });
  // From the link to the picture, but for the typing and the novice's moment of thought.
  times.opened_ms = Math.round(form);
  times.connected_ms = Date.now() - began;
  await button('Take control').click();
  await button('Release control').waitFor();
  await button('Chat').click();
  await button('1:1').click();
  const stage = await page.locator('.stage').evaluate(el => [el.clientWidth, el.clientHeight]);
  const { width, height } = page.viewportSize();
  await page.setViewportSize({
    width: width + SCREEN.width - stage[0],
    height: height + SCREEN.height - stage[1],
  });
  const place = await page.locator('.stage').boundingBox();
  if (place.width < SCREEN.width || place.height < SCREEN.height) {
    throw new Error(`the desktop does not fit: ${JSON.stringify(place)}`);
  }
}

/** What the browser says of the picture's way, averages over the whole session. */
export async function stats(page) {
  const browser = await page.evaluate(async () => {
    const reports = [...(await window.__connection.getStats()).values()];
    const video = reports.find(one => one.type === 'inbound-rtp' && one.kind === 'video');
    const pair = reports.find(one => one.type === 'candidate-pair' && one.nominated);
    if (!video) return {};
    const each = (total, count) => count ? Math.round(total / count * 1e4) / 10 : null;
    return {
      jitter_buffer_ms: each(video.jitterBufferDelay, video.jitterBufferEmittedCount),
      decode_ms: each(video.totalDecodeTime, video.framesDecoded),
      processing_ms: each(video.totalProcessingDelay, video.framesDecoded),
      assembly_ms: each(video.totalAssemblyTime, video.framesAssembledFromMultiplePackets),
      frames: video.framesDecoded, dropped: video.framesDropped, keys: video.keyFramesDecoded,
      lost: video.packetsLost, nacks: video.nackCount, plis: video.pliCount,
      freezes: video.freezeCount, frozen_s: video.totalFreezesDuration,
      rtt_ms: pair && each(pair.currentRoundTripTime, 1),
    };
  });
  return { ...times, ...browser };
}
