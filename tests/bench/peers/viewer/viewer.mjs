// viewer.mjs CONFIG.json : the expert's browser. Opens the peer's page in headless Chromium, notes
// what a person would see and when, and clicks and types. Lines on standard input ask, lines on
// standard output answer:
//   (READY) | STAT -> STAT_OK | INPUTS SECONDS SEED -> INPUTS_DONE | SNAP -> SNAP_OK (keeps the
//   picture) | SHOT FILE -> SHOT_OK (writes the oldest) | DUMP FILE -> DUMP_OK | QUIT
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import readline from 'node:readline';
import { pathToFileURL } from 'node:url';
import { inputs, noteInputs } from './inputs.mjs';
import { PATCHES, sample, shot, snap } from './sampler.mjs';

const SCREEN = { width: 1920, height: 1080 };
// A page may replace its element once more, as one that goes from <canvas> to <video> does.
const SETTLED_MS = 2000;
const PATCH_MS = 6000;

const cfg = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const { chromium } = createRequire(path.join(cfg.modules, 'x.js'))('playwright-core');
const hook = cfg.hook ? await import(pathToFileURL(cfg.hook).href) : {};
const say = line => process.stdout.write(line + '\n');
const log = line => cfg.verbose && process.stderr.write(line.slice(0, 400) + '\n');
const pause = ms => new Promise(done => setTimeout(done, ms));

const context = await chromium.launchPersistentContext(cfg.profile, {
  executablePath: cfg.chromium,
  headless: true,
  viewport: SCREEN,
  deviceScaleFactor: 1,
  ignoreHTTPSErrors: true,
  acceptDownloads: false,
  chromiumSandbox: false,
  timeout: 60000,
  ignoreDefaultArgs: ['--disable-component-extensions-with-background-pages'],
  args: [
    '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--window-size=1920,1200',
    '--autoplay-policy=no-user-gesture-required',
    '--disable-features=WebRtcHideLocalIpsWithMdns,Translate',
    // WebCodecs and its like, for peers that are served over plain HTTP here.
    `--unsafely-treat-insecure-origin-as-secure=${new URL(cfg.url).origin}`,
    ...cfg.chromium_args,
  ],
});
const page = context.pages()[0] || await context.newPage();
page.on('console', message => log('[page] ' + message.text()));
page.on('pageerror', error => log('[pageerror] ' + error.message));
await page.addInitScript(noteInputs);
if (hook.begin) await hook.begin(page, cfg);

const fail = async why => {
  await page.screenshot({ path: cfg.fail_png }).catch(() => {});
  say('FAILED ' + why);
  await context.close();
  process.exit(1);
};

const sampling = () => page
  .evaluate(sample, { selector: cfg.selector, ...PATCHES })
  .catch(error => { log('[sampler] ' + error.message); return null; });
const readable = () => page
  .waitForFunction(() => window.__S.lastE >= 0 && window.__S.lastF >= 0, null,
    { timeout: PATCH_MS, polling: 200 })
  .then(() => true, () => false);

/** Waits until both patches can be read, in an element that stays. */
async function shown() {
  const deadline = Date.now() + cfg.connect_timeout * 1000;
  let info = null;
  while (Date.now() < deadline) {
    info = await sampling();
    if (info) {
      if (await readable()) {
        await pause(SETTLED_MS);
        const again = await sampling();
        if (again && again.kind === info.kind && await readable()) return again;
      }
      await page.evaluate(() => { window.__S.stop = true; });
    }
    await pause(500);
  }
  return fail(JSON.stringify(info));
}

try {
  await page.goto(cfg.url, { waitUntil: 'domcontentloaded', timeout: 30000 });
  if (hook.prepare) await hook.prepare(page, cfg);
} catch (error) {
  await fail(String(error).replaceAll('\n', ' '));
}
const info = await shown();
if (hook.ready) await hook.ready(page, cfg);
const devtools = await context.newCDPSession(page);
const box = await page.evaluate(() => {
  const { x, y, width, height } = window.__S.el.getBoundingClientRect();
  return { x, y, width, height };
});
const agent = await page.evaluate(() => navigator.userAgent);
say('READY ' + JSON.stringify({ ...info, box, agent }));

const commands = {
  async STAT() {
    const stat = await page.evaluate(() => {
      const { frames, cost } = window.__S;
      return { frames, cost, t: performance.timeOrigin + performance.now() };
    });
    say('STAT_OK ' + JSON.stringify(stat));
  },
  INPUTS(seconds, seed) {
    // Not awaited: counters are read meanwhile.
    inputs(devtools, box, +seconds, +seed).then(() => say('INPUTS_DONE'));
  },
  async SNAP() {
    await page.evaluate(snap);
    say('SNAP_OK');
  },
  async SHOT(file) {
    fs.writeFileSync(file, Buffer.from(await page.evaluate(shot), 'base64'));
    say('SHOT_OK');
  },
  async DUMP(file) {
    const dump = await page.evaluate(() => {
      const { E, F, bad, errs, err, mode } = window.__S;
      return { E, F, bad, errs, err, mode, inputs: window.__inputs };
    });
    if (hook.stats) dump.peer = await hook.stats(page).catch(String);
    fs.writeFileSync(file, JSON.stringify(dump));
    say('DUMP_OK');
  },
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const [name, ...args] = line.trim().split(' ');
  if (name === 'QUIT') break;
  await commands[name](...args);
}
await Promise.race([context.close(), pause(5000)]);
process.exit(0);
