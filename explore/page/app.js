// The page: what a person changes goes to the simulator, and what it does is shown.

const element = (id) => document.getElementById(id);
const decimal = (value, digits) => (value === null || value === undefined ? '–' : value.toFixed(digits).replace('-', '−'));
const SPEEDS = [[0.02, '1/50 speed'], [0.05, '1/20 speed'], [0.1, '1/10 speed'], [0.2, '1/5 speed'], [0.5, '1/2 speed'], [1, 'real time']];
const ROWS = [160, 40];
const GS = Array.from({ length: 17 }, (_, k) => k / 2), ETAS = Array.from({ length: 9 }, (_, k) => k / 2);
// A map of larger networks would take minutes.
const MAP_NEURONS = 1000;

const page = {
  settings: settings_of(location.hash),
  running: !matchMedia('(prefers-reduced-motion: reduce)').matches,
  speed: 0.2,
  neuron: 0,
  id: 0,
  shown_id: -1,
  about: null,
  verdict: null,
  presets: [],
  // What the tests look at.
  frames: 0,
  painting: 0,
  errors: [],
};
const shared = { now: 0, threshold: page.settings.threshold, cv_bounds: [] };

read_colours();
const raster = new Raster(element('raster'));
const charts = make_charts(shared);
const map = new BalanceMap(element('map'), GS, ETAS, (g, eta) => change({ g, eta }));

// ---- what a person changes

const parts = make_fields(page.settings, (key, value) => change({ [key]: value }));

let asked = 0, waiting = null;
function change(values) {
  page.settings = { ...page.settings, ...values };
  show_settings();
  // While a slider is drawn the network starts again ten times a second, not more.
  clearTimeout(waiting);
  const wait = Math.max(0, asked + 100 - performance.now());
  waiting = setTimeout(restart, wait);
}

function show_settings() {
  show_fields(parts, page.settings);
  for (const [k, button] of [...document.querySelectorAll('#presets button')].entries()) {
    const { settings } = page.presets[k];
    const same = Object.keys(settings).every((key) => settings[key] === page.settings[key] || (key === 'digit' && page.settings.input !== 'image'));
    button.setAttribute('aria-pressed', same);
  }
  element('varying').hidden = ['constant', 'image'].includes(page.settings.input) || page.settings.circuit !== 'brunel';
  element('input').hidden = page.settings.circuit !== 'brunel';
  map.at = page.settings;
  map.draw();
}

let address = null;
function keep_address() {
  clearTimeout(address);
  address = setTimeout(() => {
    const hash = hash_of(page.settings);
    if (hash !== location.hash) history.replaceState(null, '', hash || location.pathname + location.search);
  }, 300);
}

function restart() {
  asked = performance.now();
  page.id++;
  simulator.postMessage({ kind: 'start', id: page.id, settings: page.settings, rows: ROWS });
  go_on();
  keep_address();
  plan_map();
}

addEventListener('hashchange', () => {
  page.settings = settings_of(location.hash);
  show_settings();
  restart();
});

function show_running() {
  element('run').textContent = page.running ? 'Pause' : 'Run';
  element('run').setAttribute('aria-pressed', page.running);
}
element('run').addEventListener('click', () => {
  page.running = !page.running;
  show_running();
  go_on();
});
element('again').addEventListener('click', restart);
element('print').addEventListener('click', () => print());
element('speed').innerHTML = SPEEDS.map(([speed, name]) => `<option value="${speed}">${name}</option>`).join('');
element('speed').value = page.speed;
element('speed').addEventListener('change', ({ target }) => { page.speed = Number(target.value); });
element('neuron').addEventListener('change', ({ target }) => {
  page.neuron = Number(target.value);
  go_on();
});

function say(text) {
  element('said').textContent = text;
}

async function copy(text, what) {
  element('config').hidden = true;
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} copied.`);
  } catch {
    // Where a page may not copy, a person can.
    element('config').textContent = text;
    element('config').hidden = false;
    element('config').focus();
    say(`${what}, to copy:`);
  }
}
element('toml').addEventListener('click', () => {
  if (page.about) copy(page.about.toml, 'Configuration for equipoise balance --config');
});
element('link').addEventListener('click', () => copy(location.href.split('#')[0] + hash_of(page.settings), 'Link'));

function make_presets() {
  const groups = [...new Set(page.presets.map(({ group }) => group))];
  element('presets').innerHTML = groups.map((group, k) => `<h3 id="group-${k}">${group}</h3>
    <div class="buttons" role="group" aria-labelledby="group-${k}">${page.presets.filter((preset) => preset.group === group)
      .map(({ name, about }) => `<button type="button" title="${about}">${name}</button>`).join('')}</div>`).join('');
  const buttons = [...element('presets').querySelectorAll('button')];
  buttons.forEach((button, k) => button.addEventListener('click', () => {
    const { name, about, settings } = page.presets[k];
    say(`${name}: ${about}.`);
    change({ ...settings, seed: page.settings.seed });
  }));
}

// ---- what the network does

let simulator = null, cartographer = null, in_flight = false, frame = null;

/** Asks for the next frame, unless one is on its way. */
function go_on() {
  if (in_flight || document.hidden || !simulator) return;
  in_flight = true;
  simulator.postMessage({ kind: 'next', speed: page.speed, running: page.running, neuron: page.neuron });
}
document.addEventListener('visibilitychange', () => {
  go_on();
  if (!document.hidden) plan_map();
});

const heard = {
  ready({ presets, digits }) {
    page.presets = presets;
    make_presets();
    make_digits(parts.digit, digits, (key, value) => change({ [key]: value }));
    show_settings();
    restart();
  },
  started({ id, about, shown }) {
    if (id !== page.id) return;
    page.about = about;
    raster.clear(shown);
    page.shown_id = id;
    in_flight = false;
    shared.threshold = page.settings.threshold;
    const of_pair = !about.populations;
    for (const part of ['where', 'inputs']) element(part).hidden = !of_pair;
    const options = about.recorded.map((neuron, k) => `<option value="${k}">${neuron}, ${neuron < about.excitatory_neurons ? 'excitatory' : 'inhibitory'}</option>`);
    element('neuron').innerHTML = options.join('');
    page.neuron = Math.max(Math.min(page.neuron, about.recorded.length - 1), 0);
    element('neuron').value = page.neuron;
    element('rows').textContent = shown.reduce((sum, { rows }) => sum + rows, 0);
    const neurons = of_pair ? page.settings.neurons : about.populations.reduce((sum, one) => sum + one.neurons, 0);
    element('neurons').textContent = neurons.toLocaleString('en');
    go_on();
  },
  frame(message) {
    if (message.id !== page.shown_id) return;
    raster.add(message.spikes, message.time);
    if (message.verdict) show_verdict(message.verdict);
    frame = message;
    in_flight = false;
  },
  recorded({ id, recording }) {
    answers.get(id)?.(recording);
    answers.delete(id);
  },
  failed({ reason, during }) {
    page.errors.push(reason);
    in_flight = false;
    element('verdict').className = '';
    element('word').textContent = 'This cannot be simulated';
    element('kind').textContent = '';
    element('because').textContent = `${reason} (${during})`;
  },
};

function paint() {
  requestAnimationFrame(paint);
  if (!frame) return;
  const { time, rates, currents } = frame;
  frame = null;
  const began = performance.now();
  page.frames++;
  shared.now = time;
  raster.draw();
  charts.rates.plot.setData([rates.middle, rates.excitatory, rates.inhibitory]);
  charts.currents.plot.setData([currents.middle, currents.excitation, currents.inhibition, currents.net]);
  page.painting += performance.now() - began;
  if (page.running || time < WINDOW_MS) go_on();
}

function show_verdict(verdict) {
  const before = page.verdict;
  page.verdict = verdict;
  page.verdict_id = page.shown_id;
  element('verdict').className = verdict.balanced ? 'good' : 'bad';
  // Only a change is written, because it is read out.
  if (before?.state !== verdict.state) {
    element('word').textContent = verdict.balanced ? 'Balanced' : 'Not balanced';
    element('kind').textContent = verdict.balanced ? '' : `(${verdict.state})`;
  }
  const failed = verdict.reasons?.filter(({ met }) => met === verdict.balanced).map(({ text }) => text) ?? [verdict.text];
  const fine = verdict.populations ? 'Every population meets all criteria.' : 'All criteria are met.';
  element('because').textContent = verdict.balanced ? fine : `${failed.join('; ')}.`;
  element('rate').textContent = decimal(verdict.rate_hz, 1);
  element('rate-e').textContent = decimal(verdict.excitatory_rate_hz, 1);
  element('rate-i').textContent = decimal(verdict.inhibitory_rate_hz, 1);
  element('cv').textContent = decimal(verdict.cv, 2);
  element('window').textContent = Math.round(verdict.window_ms).toLocaleString('en');
  const value = (criterion) => verdict.reasons?.find((reason) => reason.criterion === criterion)?.value;
  element('ratio').textContent = decimal(value('inhibition over excitation'), 2);
  element('net').textContent = decimal(value('net input over threshold'), 2);
  if (verdict.reasons) {
    shared.cv_bounds = verdict.reasons.filter(({ criterion }) => criterion.startsWith('CV')).map(({ bound }) => bound);
    show_reasons(verdict.reasons);
  } else {
    show_populations(verdict.populations);
  }
  const bins = verdict.excitatory_cvs.length, edges = Array.from({ length: bins + 1 }, (_, k) => 3 * k / bins);
  const closed = (counts) => [...counts, counts[bins - 1]];
  charts.cvs.plot.setData([edges, closed(verdict.excitatory_cvs), closed(verdict.inhibitory_cvs)]);
  describe(verdict);
}

function heads(words) {
  element('heads').innerHTML = words.map((word, k) => `<th scope="col"${k === 1 ? ' class="number"' : ''}>${word}</th>`).join('');
}

/** The state of each population, in the place of the criteria. */
function show_populations(populations) {
  heads(['Population', 'Rate', 'CV', 'Balanced']);
  element('reasons').innerHTML = populations.map(({ name, rate_hz, published_hz, cv, balanced, state, text }) => `<tr${balanced ? '' : ' class="failed"'} title="${text}">
    <th scope="row">${name}<small>${decimal(published_hz, 1)} Hz at full scale (NEST)</small></th>
    <td class="number">${decimal(rate_hz, 1)} Hz</td><td>${decimal(cv, 2)}</td><td>${balanced ? '✓ yes' : `✗ ${state}`}</td></tr>`).join('');
}

function show_reasons(reasons) {
  const body = element('reasons');
  heads(['Criterion', 'Found', 'Bound', 'Met']);
  if (body.rows.length !== reasons.length || body.rows[0].cells[0].firstChild.textContent !== reasons[0].criterion) {
    body.innerHTML = reasons.map(({ criterion, why }) => `<tr><th scope="row">${criterion}<small>${why}</small></th>
      <td class="number"></td><td></td><td></td></tr>`).join('');
  }
  reasons.forEach(({ value, bound, at_least, met }, k) => {
    const row = body.rows[k], words = [decimal(value, 2), `${at_least ? 'at least' : 'at most'} ${bound}`, met ? '✓ yes' : '✗ no'];
    row.className = met ? '' : 'failed';
    words.forEach((word, cell) => { if (row.cells[cell + 1].textContent !== word) row.cells[cell + 1].textContent = word; });
  });
}

/** What the pictures show, for somebody who does not see them. */
function describe(verdict) {
  element('raster').setAttribute('aria-label', `Raster of spikes of the last second: excitatory neurons at ${decimal(verdict.excitatory_rate_hz, 0)} Hz, inhibitory at ${decimal(verdict.inhibitory_rate_hz, 0)} Hz`);
  element('rates').setAttribute('aria-label', `Population rates of the last second, ${decimal(verdict.rate_hz, 0)} Hz on average`);
  element('currents').setAttribute('aria-label', `Inputs of one neuron; on average over neurons ${decimal(verdict.excitation_mv, 0)} mV of excitation, ${decimal(verdict.inhibition_mv, 0)} mV of inhibition, ${decimal(verdict.net_mv, 0)} mV net`);
  element('cvs').setAttribute('aria-label', `Histogram of the CV of inter-spike intervals, mean ${decimal(verdict.cv, 2)}`);
}

// ---- the map

let map_of = '', map_id = 0, map_wait = null;
function plan_map() {
  const { g, eta, ...others } = page.settings;
  const settings = { ...others, neurons: Math.min(others.neurons, MAP_NEURONS), input: others.input === 'image' ? 'image' : 'constant' };
  const key = JSON.stringify(settings);
  // The map is of an excitatory and an inhibitory population.
  if (key === map_of || !cartographer || document.hidden || others.circuit !== 'brunel') return;
  map_of = key;
  clearTimeout(map_wait);
  cartographer.postMessage({ kind: 'no_map' });
  map_wait = setTimeout(() => {
    map.points.clear();
    map_id++;
    element('map-note').textContent = others.neurons > MAP_NEURONS ? `It is of ${MAP_NEURONS.toLocaleString('en')} neurons.` : '';
    cartographer.postMessage({ kind: 'map', id: map_id, settings: { ...settings, g: DEFAULTS.g, eta: DEFAULTS.eta }, gs: GS, etas: ETAS });
    map.draw();
  }, 600);
}

const told = {
  ready: () => plan_map(),
  point({ id, row, column, state }) {
    if (id !== map_id) return;
    map.points.set(`${column} ${row}`, state);
    map.draw();
  },
  mapped({ id }) {
    if (id !== map_id) return;
    page.mapped = true;
    element('map').setAttribute('aria-label', `Map of ${map.points.size} networks over g from 0 to 8 and eta from 0 to 4: ${map.words()}`);
  },
  // What the simulator cannot do, it says itself.
  failed: () => {},
};

function make_legend() {
  element('legend').innerHTML = STATES.map((state) => `<li><i style="background:${state_colour(state)}"></i>${state}</li>`).join('');
}

// ---- light, dark, paper, and other sizes

function redraw() {
  read_colours();
  make_legend();
  raster.draw();
  map.draw();
  for (const { plot } of Object.values(charts)) plot.redraw(false);
}
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
addEventListener('beforeprint', redraw);
addEventListener('afterprint', redraw);
for (const picture of [raster, map]) new ResizeObserver(() => picture.draw()).observe(picture.canvas);

// ---- the simulator

const answers = new Map();
/** What settings give: the hash of the spikes, and what is judged of them. For the tests. */
page.record = (settings, milliseconds) => new Promise((done) => {
  const id = answers.size + 1;
  answers.set(id, done);
  simulator.postMessage({ kind: 'record', id, settings: { ...DEFAULTS, ...settings }, milliseconds });
});
window.explorer = page;

function worker(module, hearing) {
  const source = element('worker').textContent;
  const made = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
  made.onmessage = ({ data }) => hearing[data.kind]?.(data);
  made.onerror = ({ message }) => heard.failed({ reason: message, during: 'in the worker' });
  made.postMessage({ kind: 'load', module });
  return made;
}

async function load() {
  const packed = Uint8Array.from(atob(element('wasm').textContent.trim()), (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  const module = await WebAssembly.compile(await new Response(unpacked).arrayBuffer());
  simulator = worker(module, heard);
  cartographer = worker(module, told);
}

show_running();
show_settings();
make_legend();
requestAnimationFrame(paint);
load().catch((error) => heard.failed({ reason: `this browser cannot run it: ${error.message}`, during: 'a browser from 2023 on can' }));
