// Pages in a browser: do they read well, for everybody, and load nothing from elsewhere?
//
//   MODULES=DIR node pages.mjs ROOT [--screenshots DIR] PAGE.html...
//
// ROOT is a folder that is served; the pages are files in it. On the pages that are reports, tables have to
// sort, search and be saved, and figures have to be saved.

import { strict as assert } from 'node:assert';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, resolve } from 'node:path';
import { launch, serious_faults } from './launch.mjs';

const words = process.argv.slice(2);
const at = words.indexOf('--screenshots');
const [screenshots] = at < 0 ? [] : words.splice(at, 2).slice(1);
const [root, ...paths] = words;
if (screenshots) mkdirSync(screenshots, { recursive: true });

const KINDS = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.png': 'image/png', '.json': 'application/json' };
const server = createServer((request, response) => {
  if (request.url === '/favicon.ico') return response.writeHead(204).end();
  try {
    let file = join(resolve(root), normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname)));
    if (statSync(file).isDirectory()) file = join(file, 'index.html');
    response.writeHead(200, { 'content-type': KINDS[extname(file)] ?? 'application/octet-stream' }).end(readFileSync(file));
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const origin = `http://127.0.0.1:${server.address().port}`;

/** What a report's tables and figures do. */
async function try_report(page, path) {
  const table = page.locator('div.table').filter({ has: page.locator('th button.sort') }).first();
  if (await table.count()) {
    const head = table.locator('th').first();
    const order = async () => (await table.locator('tbody tr td:first-child').allTextContents()).join('|');
    const before = await order();
    const seen = [];
    for (const state of ['ascending', 'descending', null]) {
      await head.locator('button').press('Enter');
      assert.equal(await head.getAttribute('aria-sort'), state, path);
      seen.push(await order());
    }
    assert.equal(seen[2], before, `${path}: the third time gives the order of the report`);
    const link = table.locator('a[download$=".csv"]').first();
    const csv = Buffer.from((await link.getAttribute('href')).split('base64,')[1], 'base64').toString();
    assert.ok(csv.trim().split('\n').length >= seen[2].split('|').length + 1, `${path}: the CSV has all rows`);
  }
  const search = page.locator('div.table input[type=search]').first();
  if (await search.count()) {
    const rows = page.locator('div.table').filter({ has: page.locator('input[type=search]') }).first().locator('tbody tr:visible');
    const all = await rows.count();
    await search.fill('no row has this');
    assert.equal(await rows.count(), 0, path);
    await search.fill('');
    assert.equal(await rows.count(), all, path);
  }
  const save = page.locator('figure .tools a[download$=".svg"]').first();
  if (await save.count()) {
    const [download] = await Promise.all([page.waitForEvent('download'), save.click()]);
    assert.match(readFileSync(await download.path(), 'utf8'), /^<svg[^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/, path);
  }
  for (const picture of await page.locator('figure svg, figure img, .cards img, .strip img, .strip svg').all()) {
    const words = (await picture.getAttribute('aria-label')) ?? (await picture.getAttribute('alt'));
    assert.ok(words?.trim(), `${path}: a picture without words`);
  }
}

const browser = await launch();
const faults = [];
for (const path of paths) {
  for (const width of [1300, 390]) {
    for (const colorScheme of ['light', 'dark']) {
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
      const page = await context.newPage();
      const name = `${path}, ${width} px, ${colorScheme}`;
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) faults.push(`${name}: console: ${message.text()}`);
      });
      page.on('pageerror', (error) => faults.push(`${name}: ${error.message}`));
      page.on('request', (request) => {
        if (!request.url().startsWith(origin) && !/^(blob|data):/.test(request.url())) faults.push(`${name}: asks for ${request.url()}`);
      });
      await page.goto(`${origin}/${path}`, { waitUntil: 'load' });
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (beyond > 1) faults.push(`${name}: ${beyond} px wider than the screen`);
      faults.push(...(await serious_faults(page)).map((fault) => `${name}: ${fault}`));
      if (screenshots) {
        const file = `${path.replace(/\.html$/, '').replaceAll('/', '-')}-${width}-${colorScheme}.png`;
        await page.screenshot({ path: join(screenshots, file), fullPage: false });
      }
      if (width > 1000 && colorScheme === 'light' && (await page.locator('div.table, figure .tools').count())) await try_report(page, path);
      await context.close();
    }
  }
}
await browser.close();
server.close();
assert.deepEqual(faults, []);
console.log(`${paths.length} pages at two widths, light and dark: no fault`);
