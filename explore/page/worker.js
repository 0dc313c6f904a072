// Runs in a worker: the simulator, one step each time the page asks for the next frame, or the map.
'use strict';

const WINDOW_MS = 1000, BIN_MS = 5, BINS = WINDOW_MS / BIN_MS;
// What a frame may take, ms, and the longest piece of a trial between two looks at the clock.
const BUDGET_MS = 12, PIECE_MS = 20;
// How often the network is judged, ms, and how much it needs to have recorded for that.
const JUDGE_EVERY_MS = 300, JUDGE_FROM_MS = 200;

let wasm;

function text() {
  const [start, length] = [wasm.text(), wasm.text_length()];
  return new TextDecoder().decode(new Uint8Array(wasm.memory.buffer, start, length));
}

function request(settings) {
  const bytes = new TextEncoder().encode(JSON.stringify(settings));
  const start = wasm.request(bytes.length);
  if (start === 0) throw new Error('the settings are too long');
  new Uint8Array(wasm.memory.buffer, start, bytes.length).set(bytes);
}

/** The answer of a call that returns 0 if it failed. */
function answer(fine) {
  if (fine === 0) throw new Error(text());
  return JSON.parse(text());
}

const floats = (start, length) => new Float32Array(wasm.memory.buffer, start, length);

/** A network that runs, and the last second of what it did. */
class Run {
  constructor(id, settings, rows) {
    request(settings);
    this.id = id;
    this.settings = settings;
    this.about = answer(wasm.start());
    const { excitatory_neurons: excitatory, populations } = this.about;
    // The populations in the order of their neurons, and how many of each are shown.
    this.groups = populations?.map(({ name, neurons, inhibitory }) => ({ name, neurons, side: inhibitory ? 1 : 0 })) ?? [
      { name: 'E', neurons: excitatory, side: 0, rows: rows[0] },
      { name: 'I', neurons: settings.neurons - excitatory, side: 1, rows: rows[1] },
    ];
    this.neurons = this.groups.reduce((sum, { neurons }) => sum + neurons, 0);
    this.side = new Uint8Array(this.neurons);
    this.size = [0, 0];
    // Neurons of the raster, evenly spread.
    this.rows = new Int16Array(this.neurons).fill(-1);
    let first = 0, row = 0;
    for (const group of this.groups) {
      const wanted = group.rows ?? Math.max(Math.round((rows[0] + rows[1]) * group.neurons / this.neurons), 8);
      const shown = Math.min(wanted, group.neurons);
      this.side.fill(group.side, first, first + group.neurons);
      this.size[group.side] += group.neurons;
      for (let k = 0; k < shown; k++) this.rows[first + Math.floor(k * group.neurons / shown)] = row + k;
      Object.assign(group, { rows: shown });
      [first, row] = [first + group.neurons, row + shown];
    }
    this.shown = this.groups.map(({ name, side, rows: shown }) => ({ name, side, rows: shown }));
    this.time = -Infinity;
    this.counts = [new Float32Array(BINS), new Float32Array(BINS)];
    this.bin = 0;
    this.inputs = this.about.recorded.map(() => [new Float32Array(WINDOW_MS), new Float32Array(WINDOW_MS)]);
    this.sample = 0;
    this.spikes = [];
    this.over = false;
  }

  advance(milliseconds) {
    const time = wasm.advance(milliseconds);
    if (Number.isNaN(time)) {
      this.over = true;
      return;
    }
    this.time = time;
    this.count_spikes();
    this.keep_inputs();
  }

  count_spikes() {
    const n = wasm.spikes();
    const times = floats(wasm.spike_times(), n);
    const neurons = new Uint32Array(wasm.memory.buffer, wasm.spike_neurons(), n);
    for (let k = 0; k < n; k++) {
      const bin = Math.ceil(times[k] / BIN_MS - 1e-4) - 1;
      for (; this.bin < bin; this.bin++) this.clear_bin(this.bin + 1);
      this.counts[this.side[neurons[k]]][bin % BINS]++;
      const row = this.rows[neurons[k]];
      if (row >= 0) this.spikes.push(times[k], row);
    }
    const bin = Math.max(Math.ceil(this.time / BIN_MS - 1e-4) - 1, 0);
    for (; this.bin < bin; this.bin++) this.clear_bin(this.bin + 1);
  }

  clear_bin(bin) {
    this.counts[0][bin % BINS] = 0;
    this.counts[1][bin % BINS] = 0;
  }

  keep_inputs() {
    const n = wasm.samples();
    for (let k = 0; k < this.inputs.length; k++) {
      const traces = [floats(wasm.excitation(k), n), floats(wasm.inhibition(k), n)];
      for (let side = 0; side < 2; side++) {
        for (let s = 0; s < n; s++) this.inputs[k][side][(this.sample + s) % WINDOW_MS] = traces[side][s];
      }
    }
    this.sample += n;
  }

  /** Rates of the whole bins of the last second, Hz, with the middle of each, ms. */
  rates() {
    const whole = Math.max(Math.floor(this.time / BIN_MS + 1e-4), 0);
    const n = Math.min(whole, BINS - 1);
    const middle = new Float64Array(n), rates = [new Float32Array(n), new Float32Array(n)];
    const { size } = this;
    for (let k = 0; k < n; k++) {
      const bin = whole - n + k;
      middle[k] = (bin + 0.5) * BIN_MS;
      for (let side = 0; side < 2; side++) {
        rates[side][k] = this.counts[side][bin % BINS] / size[side] / BIN_MS * 1000;
      }
    }
    return { middle, excitatory: rates[0], inhibitory: rates[1] };
  }

  /** The inputs of a recorded neuron in the last second, mV, means of bins with the middle of each, ms. */
  currents(k) {
    if (!this.inputs[k]) return { middle: [], excitation: [], inhibition: [], net: [] };
    const whole = Math.floor(this.sample / BIN_MS), n = Math.min(whole, BINS - 1), [e, i] = this.inputs[k];
    const middle = new Float64Array(n), traces = [e, i].map(() => new Float32Array(n));
    for (let bin = 0; bin < n; bin++) {
      const first = (whole - n + bin) * BIN_MS;
      middle[bin] = first + BIN_MS / 2;
      [e, i].forEach((samples, side) => {
        for (let s = 0; s < BIN_MS; s++) traces[side][bin] += samples[(first + s) % WINDOW_MS] / BIN_MS;
      });
    }
    const [excitation, inhibition] = traces;
    return { middle, excitation, inhibition, net: excitation.map((x, bin) => x + inhibition[bin]) };
  }
}

let run = null, last = 0, judged = 0, judged_at = -Infinity;

/** Goes on as far as the frame's time and the chosen speed allow. */
function next({ speed, running, neuron }) {
  const began = performance.now();
  const elapsed = Math.min(began - last, 100);
  last = began;
  if (run === null) return;
  const filled = () => run.time >= WINDOW_MS;
  if (!filled()) {
    while (!filled() && performance.now() - began < BUDGET_MS) {
      run.advance(run.time < 0 ? PIECE_MS : Math.min(PIECE_MS, WINDOW_MS - run.time));
      if (run.over) break;
    }
  } else if (running) {
    let left = elapsed * speed;
    while (left > 0 && performance.now() - began < BUDGET_MS) {
      const before = run.time;
      run.advance(Math.min(left, PIECE_MS));
      if (run.over) break;
      left -= run.time - before;
    }
  }
  // A trial that has come to its end begins again.
  if (run.over) return start(run.id, run.settings, run.asked);
  const frame = {
    kind: 'frame',
    id: run.id,
    time: run.time,
    spikes: Float32Array.from(run.spikes),
    rates: run.rates(),
    currents: run.currents(Math.min(neuron, run.inputs.length - 1)),
  };
  run.spikes = [];
  const due = filled() ? began - judged > JUDGE_EVERY_MS || judged_at < WINDOW_MS : began - judged > 100;
  if (run.time >= JUDGE_FROM_MS && run.time !== judged_at && due) {
    frame.verdict = answer(wasm.judge());
    judged = performance.now();
    judged_at = run.time;
  }
  postMessage(frame);
}

function start(id, settings, rows) {
  run = null;
  const fresh = new Run(id, settings, rows);
  run = fresh;
  run.asked = rows;
  [judged, judged_at] = [0, -Infinity];
  postMessage({ kind: 'started', id, about: run.about, shown: run.shown });
}

/** The points of a map, few and far between first; a later map takes the place of an earlier. */
let map = 0;
async function draw_map({ id, settings, gs, etas }) {
  map = id;
  const coarse = (column, row) => (column % 4 === 0 && row % 4 === 0 ? 0 : column % 2 === 0 && row % 2 === 0 ? 1 : 2);
  const points = etas.flatMap((eta, row) => gs.map((g, column) => ({ g, eta, row, column })));
  points.sort((a, b) => coarse(a.column, a.row) - coarse(b.column, b.row));
  for (const point of points) {
    // Lets a message in.
    await new Promise((done) => setTimeout(done));
    if (map !== id) return;
    request(settings);
    const found = answer(wasm.map_point(point.g, point.eta));
    postMessage({ kind: 'point', id, ...point, ...found });
  }
  postMessage({ kind: 'mapped', id });
}

const handlers = {
  async load({ module }) {
    wasm = (await WebAssembly.instantiate(module, {})).exports;
    const digits = Array.from({ length: 10 }, (_, k) => floats(wasm.digit_image(k), 784).slice());
    postMessage({ kind: 'ready', presets: answer(wasm.list_presets()), digits });
  },
  start: ({ id, settings, rows }) => start(id, settings, rows),
  next,
  map: draw_map,
  no_map: () => { map = -1; },
  record({ id, settings, milliseconds }) {
    request(settings);
    postMessage({ kind: 'recorded', id, recording: answer(wasm.record(milliseconds)) });
  },
};

onmessage = async ({ data }) => {
  try {
    await handlers[data.kind](data);
  } catch (error) {
    postMessage({ kind: 'failed', id: data.id, during: data.kind, reason: error.message });
  }
};
