// Debian's Chromium, driven by playwright-core, and axe-core for faults that keep people out.
//
// MODULES is the folder where npm installed both; the browser is CHROMIUM, or Debian's.

import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const require = createRequire(resolve(process.env.MODULES ?? '.', 'from-here.js'));
const { chromium } = require('playwright-core');
export const axe = require.resolve('axe-core/axe.min.js');

/** A browser that asks nothing of anybody. */
export function launch() {
  const flags = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
  if (process.getuid?.() === 0) flags.push('--no-sandbox');
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
}

/** The serious faults that axe-core finds on a page, a line each. */
export async function serious_faults(page) {
  await page.addScriptTag({ path: axe });
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html).join('; ')}`);
}
