// sharer.mjs CONFIG : a windowed Chromium on the shared desktop; one trusted click starts sharing.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const cfg = JSON.parse(fs.readFileSync(process.argv[2]));
const { chromium } = createRequire(path.join(cfg.modules, 'x.js'))('playwright-core');
const context = await chromium.launchPersistentContext(cfg.profile, {
  executablePath: cfg.chromium, headless: false, viewport: null, chromiumSandbox: false,
  args: cfg.args,
});
const page = context.pages()[0] || await context.newPage();
page.on('console', message => console.error(message.text()));
await page.goto(cfg.url);
await page.mouse.click(20, 20);
await new Promise(() => {});
