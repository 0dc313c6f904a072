// The page in a browser: does it compute, respond, and read well, for everybody?
//
//   MODULES=DIR node browser.mjs PAGE.html [SCREENSHOTS]
//
// DIR is where npm installed playwright-core and axe-core; the browser is CHROMIUM, or Debian's. The
// page is opened as a file, as a person would.

import { strict as assert } from 'node:assert';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { axe, launch } from '../../tests/browser/launch.mjs';
import { load } from './page.mjs';

const [path, screenshots] = process.argv.slice(2);
const url = pathToFileURL(resolve(path)).href;

const browser = await launch();

const faults = [];
const PATIENCE = { timeout: 30_000 };

/** Opens the page; whatever it complains of or asks for is a fault. */
async function open({ width = 1300, height = 900, colorScheme = 'light', hash = '', ...more } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, ...more });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (request.url().split('#')[0] !== url && !/^(blob|data):/.test(request.url())) faults.push(`request: ${request.url()}`);
  });
  await page.goto(url + hash);
  await settled(page);
  return page;
}

/** Waits for a verdict on a whole second of the network that is set now. */
async function settled(page) {
  await page.waitForFunction(() => {
    const { verdict, verdict_id, id, errors } = window.explorer ?? {};
    return errors?.length || (verdict_id === id && verdict.window_ms >= 999);
  }, null, PATIENCE);
  assert.deepEqual(await page.evaluate(() => window.explorer.errors), []);
}

/** Moves a slider as a person does without a mouse. */
async function slide(page, key, value) {
  const slider = page.locator(`#field-${key}`);
  await slider.focus();
  const now = Number(await slider.inputValue()), step = Number(await slider.getAttribute('step'));
  const steps = Math.round((value - now) / step);
  for (let k = 0; k < Math.abs(steps); k++) await page.keyboard.press(steps > 0 ? 'ArrowRight' : 'ArrowLeft');
  assert.equal(Number(await slider.inputValue()), value);
  await page.waitForFunction(([name, wanted]) => window.explorer.settings[name] === wanted, [key, value], PATIENCE);
  // Until the network has started with it.
  await page.waitForTimeout(150);
  await settled(page);
}

async function test(name, body) {
  const began = performance.now();
  await body();
  console.log(`${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
}

await test('the spikes are those of the simulator outside of the browser', async () => {
  const page = await open();
  const simulator = await load(path);
  for (const settings of [{}, { g: 3.5, seed: 9 }]) {
    const there = await page.evaluate((wanted) => window.explorer.record(wanted, 1000), settings);
    assert.deepEqual(there, simulator.record(settings, 1000));
    assert.match(there.hash, /^[0-9a-f]{16}$/);
  }
  await page.context().close();
});

await test('g from 5 to 3.5, by keyboard, changes the verdict, its reasons and the address', async () => {
  const page = await open();
  assert.equal(await page.textContent('#word'), 'Balanced');
  assert.equal(await page.locator('#reasons tr.failed').count(), 0);
  await slide(page, 'g', 3.5);
  assert.equal(await page.textContent('#state'), 'Not balanced (mean-driven)');
  assert.match(await page.textContent('#because'), /net input over threshold \d+\.\d\d, above 1\.6/);
  assert.ok(await page.locator('#reasons tr.failed').count() >= 1);
  await page.waitForFunction(() => location.hash === '#g=3.5', null, PATIENCE);
  await slide(page, 'g', 5);
  assert.equal(await page.textContent('#word'), 'Balanced');
  await page.context().close();
});

await test('the microcircuit has eight populations, each with its rate and its verdict', async () => {
  const page = await open();
  const simulator = await load(path);
  const settings = { circuit: 'microcircuit', g: 4 };
  const there = await page.evaluate((wanted) => window.explorer.record(wanted, 600), settings);
  assert.deepEqual(there, simulator.record(settings, 600));
  await page.click('#presets button:text-is("microcircuit")');
  await page.waitForTimeout(150);
  await settled(page);
  assert.deepEqual(await page.locator('#reasons th').evaluateAll((all) => all.map((one) => one.firstChild.textContent)),
    ['L2/3E', 'L2/3I', 'L4E', 'L4I', 'L5E', 'L5I', 'L6E', 'L6I']);
  assert.ok(!await page.isVisible('#map') && !await page.isVisible('#field-eta') && await page.isVisible('#field-g'));
  await page.waitForFunction(() => location.hash.includes('circuit=microcircuit'), null, PATIENCE);
  await page.click('#presets button:text-is("AI")');
  await page.waitForTimeout(150);
  await settled(page);
  assert.equal(await page.textContent('#word'), 'Balanced');
  assert.ok(await page.isVisible('#map'));
  await page.context().close();
});

await test('the address holds the state', async () => {
  const page = await open({ hash: '#neurons=600&g=4.2&synapse=exponential&tau_inhibitory=7&nonsense=1&eta=1e9&input=step' });
  const settings = await page.evaluate(() => window.explorer.settings);
  assert.deepEqual(
    [settings.neurons, settings.g, settings.synapse, settings.tau_inhibitory, settings.eta, settings.input],
    [600, 4.2, 'exponential', 7, 4, 'step'],
  );
  assert.equal(await page.inputValue('#field-g'), '4.2');
  assert.ok(await page.isVisible('#varying'));
  await page.context().close();
});

await test('presets, images, synapses, pause and a click on the map do what they say', async () => {
  const page = await open();
  await page.click('#presets button:text-is("unbalanced-g")');
  await page.waitForTimeout(150);
  await settled(page);
  assert.equal(await page.textContent('#state'), 'Not balanced (mean-driven)');
  assert.equal(await page.getAttribute('#presets button:text-is("unbalanced-g")', 'aria-pressed'), 'true');
  await page.check('#digits input[value="1"]', { force: true });
  await page.waitForFunction(() => window.explorer.settings.digit === 1, null, PATIENCE);
  await page.click('summary');
  await page.selectOption('#field-synapse', 'exponential');
  await page.waitForTimeout(150);
  await settled(page);
  assert.ok(await page.isVisible('#field-tau_excitatory'));
  await page.click('#run');
  await page.waitForTimeout(300);
  const frames = await page.evaluate(() => window.explorer.frames);
  await page.waitForTimeout(300);
  assert.ok(await page.evaluate(() => window.explorer.frames) - frames <= 1, 'it stands still');
  await page.locator('#map').click({ position: { x: 60, y: 20 } });
  const { g, eta } = await page.evaluate(() => window.explorer.settings);
  assert.deepEqual([g, eta], [0, 4]);
  await page.context().close();
});

await test('the configuration can be taken away', async () => {
  const page = await open({ hash: '#g=3.5', permissions: ['clipboard-read', 'clipboard-write'] });
  await page.click('#toml');
  await page.waitForFunction(() => document.getElementById('said').textContent !== '', null, PATIENCE);
  const shown = await page.textContent('#config');
  const text = shown || await page.evaluate(() => navigator.clipboard.readText());
  assert.match(text, /\[network\]\nneurons = 1000\ng = 3\.5\neta = 2\.0\nduration = 1000\.0\n/);
  await page.context().close();
});

await test('twenty frames a second at 1,000 neurons', async () => {
  const page = await open();
  const rates = [];
  for (let tries = 0; tries < 4 && !(Math.max(...rates) >= 20); tries++) {
    rates.push(await page.evaluate(async () => {
      const [frames, began] = [window.explorer.frames, performance.now()];
      await new Promise((done) => setTimeout(done, 2000));
      return (window.explorer.frames - frames) / (performance.now() - began) * 1000;
    }));
  }
  console.log(`  ${rates.map((rate) => rate.toFixed(1)).join(', ')} frames a second`);
  assert.ok(Math.max(...rates) >= 20, `${rates}`);
  await page.context().close();
});

await test('axe finds nothing serious, and nothing is cut off', async () => {
  for (const [width, colorScheme, hash] of [[1300, 'light', ''], [1300, 'dark', '#g=3.5'], [390, 'light', '#input=image'], [390, 'dark', '']]) {
    const page = await open({ width, colorScheme, hash, hasTouch: width < 500, deviceScaleFactor: width < 500 ? 2 : 1 });
    await page.addScriptTag({ path: axe }).catch(() => {});
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    const serious = found.violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
    const told = serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
    assert.deepEqual(told, [], `${width} ${colorScheme}`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width} px are too few`);
    if (screenshots) {
      mkdirSync(screenshots, { recursive: true });
      await page.screenshot({ path: `${screenshots}/${width}-${colorScheme}.png`, fullPage: true });
    }
    await page.context().close();
  }
});

await browser.close();
assert.deepEqual(faults, []);
console.log('no complaint in the console, and no request to anywhere');
