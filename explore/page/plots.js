// The pictures: the raster and the map on canvases, the curves by uPlot.

const WINDOW_MS = 1000;
// Left and right of every picture over time, so that they stand under one another.
const LEFT = 46, RIGHT = 20;

/** The colours of the style sheet, as they are now. */
const colours = {};
function read_colours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ['page', 'ink', 'soft', 'rule', 'line', 'pale', 'e', 'i', 'good', 'bad', 'silent']) {
    colours[name] = style.getPropertyValue(`--${name}`).trim();
  }
}

/** #rgb or #rrggbb as a little-endian pixel. */
function pixel(colour) {
  const hex = colour.length === 4 ? colour.replace(/[0-9a-f]/gi, '$&$&') : colour;
  const value = parseInt(hex.slice(1), 16);
  return (255 << 24 | (value & 255) << 16 | (value >> 8 & 255) << 8 | value >> 16) >>> 0;
}

function fit(canvas) {
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const width = Math.max(Math.round(canvas.clientWidth * ratio), 1);
  const height = Math.max(Math.round(canvas.clientHeight * ratio), 1);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  return ratio;
}

const FONT = '12px -apple-system, "Segoe UI", Roboto, Arimo, Arial, "Liberation Sans", sans-serif';

/** The spikes of some neurons over the last second. */
class Raster {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d', { alpha: false });
    this.clear([]);
  }

  clear(shown) {
    this.shown = shown;
    this.now = 0;
    this.spikes = [];
    this.first = 0;
  }

  add(spikes, now) {
    for (let k = 0; k < spikes.length; k++) this.spikes.push(spikes[k]);
    this.now = now;
    while (this.first < this.spikes.length && this.spikes[this.first] <= now - WINDOW_MS) this.first += 2;
    if (this.first > 100000) {
      this.spikes = this.spikes.slice(this.first);
      this.first = 0;
    }
  }

  draw() {
    const ratio = fit(this.canvas), { context, canvas } = this;
    const left = Math.round(LEFT * ratio), bottom = canvas.height - Math.round(4 * ratio);
    const width = canvas.width - left - Math.round(RIGHT * ratio);
    if (width < 10) return;
    const gap = Math.round(6 * ratio), rows = this.shown.reduce((sum, group) => sum + group.rows, 0);
    const pitch = (bottom - gap * Math.max(this.shown.length - 1, 1)) / Math.max(rows, 1);
    const place = this.shown.flatMap(({ rows: own, side }, k) => Array(own).fill([k, side]));
    const high = Math.max(Math.floor(pitch * 0.8), Math.round(ratio)), wide = Math.max(Math.round(ratio * Math.min(width / ratio / 450, 1.25)), 1);
    if (this.image?.width !== width || this.image.height !== bottom) {
      this.image = context.createImageData(width, bottom);
      this.pixels = new Uint32Array(this.image.data.buffer);
    }
    this.pixels.fill(pixel(colours.page));
    const ink = [pixel(colours.e), pixel(colours.i)];
    const begin = Math.max(this.now, WINDOW_MS) - WINDOW_MS, scale = (width - wide) / WINDOW_MS;
    for (let k = this.first; k < this.spikes.length; k += 2) {
      const row = this.spikes[k + 1], [group, side] = place[row];
      const x = Math.max(Math.round((this.spikes[k] - begin) * scale), 0);
      const y = Math.max(Math.round(bottom - (row + 1) * pitch - group * gap), 0);
      for (let dy = 0; dy < high; dy++) this.pixels.fill(ink[side], (y + dy) * width + x, (y + dy) * width + Math.min(x + wide, width));
    }
    context.fillStyle = colours.page;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.putImageData(this.image, left, 0);
    context.fillStyle = colours.soft;
    context.font = FONT.replace('12', 12 * ratio);
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    let below = 0;
    for (const [k, { name, rows: own }] of this.shown.entries()) {
      context.fillText(name, left - 8 * ratio, bottom - (below + own / 2) * pitch - k * gap);
      below += own;
    }
  }
}

const STATES = ['balanced', 'mean-driven', 'regular', 'bursting', 'synchronous', 'uncancelled', 'silent'];

/** Which states the network takes over g and eta. */
class BalanceMap {
  constructor(canvas, gs, etas, choose) {
    Object.assign(this, { canvas, gs, etas, points: new Map(), at: null });
    this.context = canvas.getContext('2d', { alpha: false });
    canvas.addEventListener('click', (event) => {
      const box = canvas.getBoundingClientRect(), frame = this.frame(1);
      const column = Math.floor((event.clientX - box.left - frame.left) / frame.width * gs.length);
      const row = Math.floor((frame.bottom - (event.clientY - box.top)) / frame.height * etas.length);
      if (gs[column] !== undefined && etas[row] !== undefined) choose(gs[column], etas[row]);
    });
  }

  frame(ratio) {
    const left = LEFT * ratio, bottom = (this.canvas.clientHeight - 38) * ratio;
    const width = this.canvas.clientWidth * ratio - left - RIGHT * ratio;
    return { left, bottom, width, height: bottom - 6 * ratio };
  }

  draw() {
    const ratio = fit(this.canvas), { context } = this, { left, bottom, width, height } = this.frame(ratio);
    context.fillStyle = colours.page;
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    const x = (column) => Math.round(left + column / this.gs.length * width);
    const y = (row) => Math.round(bottom - row / this.etas.length * height);
    this.gs.forEach((_, column) => this.etas.forEach((_, row) => {
      const box = [x(column), y(row + 1), x(column + 1) - x(column) - ratio, y(row) - y(row + 1) - ratio];
      const state = this.points.get(`${column} ${row}`), near = state ?? this.nearest(column, row);
      context.fillStyle = colours.pale;
      context.fillRect(...box);
      if (!near) return;
      // Paler where it was not simulated yet.
      context.globalAlpha = state ? 1 : 0.25;
      context.fillStyle = state_colour(near);
      context.fillRect(...box);
      context.globalAlpha = 1;
    }));
    context.fillStyle = colours.soft;
    context.font = FONT.replace('12', 12 * ratio);
    context.textAlign = 'center';
    context.textBaseline = 'top';
    this.gs.forEach((g, column) => {
      if (Number.isInteger(g)) context.fillText(g, (x(column) + x(column + 1)) / 2, bottom + 5 * ratio);
    });
    context.fillText('g, inhibition over excitation', left + width / 2, bottom + 21 * ratio);
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    this.etas.forEach((eta, row) => {
      if (Number.isInteger(eta)) context.fillText(eta, left - 8 * ratio, (y(row) + y(row + 1)) / 2);
    });
    context.save();
    context.translate(12 * ratio, bottom - height / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = 'center';
    context.fillText('η, background', 0, 0);
    context.restore();
    if (!this.at) return;
    const step = [this.gs[1] - this.gs[0], this.etas[1] - this.etas[0]];
    const centre = [
      left + ((this.at.g - this.gs[0]) / step[0] + 0.5) / this.gs.length * width,
      bottom - ((this.at.eta - this.etas[0]) / step[1] + 0.5) / this.etas.length * height,
    ];
    for (const [line, colour] of [[5, '#fff'], [2.5, '#000']]) {
      context.beginPath();
      context.arc(...centre, 7 * ratio, 0, 2 * Math.PI);
      context.lineWidth = line * ratio;
      context.strokeStyle = colour;
      context.stroke();
    }
  }

  /** The state of the nearest point that was simulated. */
  nearest(column, row) {
    let [least, found] = [Infinity, null];
    for (const [place, state] of this.points) {
      const [c, r] = place.split(' '), distance = (c - column) ** 2 + (r - row) ** 2;
      if (distance < least) [least, found] = [distance, state];
    }
    return found;
  }

  /** The map in words. */
  words() {
    const states = [...this.points.values()];
    const some = STATES.map((state) => [state, states.filter((found) => found === state).length]).filter(([, n]) => n);
    return some.map(([state, n]) => `${n} ${state}`).join(', ');
  }
}

/** The colours of the figures of the command (Okabe & Ito 2008). */
function state_colour(state) {
  return {
    balanced: '#009e73', 'mean-driven': '#cc79a7', regular: '#e69f00', bursting: '#0072b2', synchronous: '#56b4e9',
    uncancelled: '#f0e442', silent: colours.silent,
  }[state] ?? colours.silent;
}

/** A chart of curves in a box of the page. */
class Chart {
  constructor(box, series, { x, y, bands, lines }) {
    this.box = box;
    const axis = { stroke: () => colours.soft, grid: { stroke: () => colours.line, width: 1 }, ticks: { show: false }, font: FONT };
    const options = {
      width: box.clientWidth, height: box.clientHeight, legend: { show: false }, cursor: { show: false }, padding: [6, RIGHT, 0, 0],
      scales: { x: { time: false, ...x.scale }, y: y.scale },
      axes: [
        { ...axis, size: 24, gap: 3, values: x.values },
        { ...axis, size: LEFT, gap: 5, values: y.values, splits: y.splits },
      ],
      series: [{}, ...series.map((one) => ({ points: { show: false }, width: 1.25, ...one }))],
      bands,
      hooks: { draw: [(plot) => lines?.(plot, plot.ctx)] },
    };
    this.plot = new uPlot(options, [[], ...series.map(() => [])], box);
    new ResizeObserver(() => this.resize()).observe(box);
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.box;
    if (width > 0 && (width !== this.plot.width || height !== this.plot.height)) this.plot.setSize({ width, height });
  }
}

function make_charts(shared) {
  // None right under the zero of the other axis.
  const seconds = (plot, ticks) => ticks.map((t) => (t < plot.scales.x.min + 50 ? '' : `${(t / 1000).toFixed(1)} s`));
  const window_scale = { range: () => [Math.max(shared.now, WINDOW_MS) - WINDOW_MS, Math.max(shared.now, WINDOW_MS)] };
  const plain = (plot, ticks) => ticks.map((t) => String(t).replace('-', '−'));
  const dashed = (plot, context, points) => {
    context.save();
    context.strokeStyle = colours.soft;
    context.lineWidth = 1.5 * devicePixelRatio;
    context.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
    context.beginPath();
    for (const [x, y] of points) context.lineTo(x, y);
    context.stroke();
    context.restore();
  };
  const [e, i, net] = [() => colours.e, () => colours.i, () => colours.ink];
  const stepped = uPlot.paths.stepped({ align: 1 });
  return {
    rates: new Chart(document.getElementById('rates'), [{ stroke: e }, { stroke: i }], {
      x: { scale: window_scale, values: seconds },
      y: { scale: { range: (plot, low, high) => [0, Math.max(high * 1.05, 10)] }, values: plain },
    }),
    currents: new Chart(document.getElementById('currents'), [{ stroke: e }, { stroke: i }, { stroke: net, width: 1.5 }], {
      x: { scale: window_scale, values: seconds },
      y: { scale: { range: (plot, low, high) => [Math.min(low * 1.05, -10), Math.max(high * 1.05, 30)] }, values: plain },
      lines: (plot, context) => {
        const y = plot.valToPos(shared.threshold, 'y', true);
        dashed(plot, context, [[plot.bbox.left, y], [plot.bbox.left + plot.bbox.width, y]]);
      },
    }),
    cvs: new Chart(document.getElementById('cvs'), [
      { stroke: e, fill: () => `${colours.e}40`, paths: stepped }, { stroke: i, fill: () => `${colours.i}40`, paths: stepped },
    ], {
      x: { scale: { range: () => [0, 3] }, values: (plot, ticks) => ticks.map((t) => (t === 3 ? '3+' : t)) },
      y: { scale: { range: (plot, low, high) => [0, Math.max(high * 1.08, 5)] }, values: plain },
      lines: (plot, context) => {
        for (const bound of shared.cv_bounds) {
          const x = plot.valToPos(bound, 'x', true);
          dashed(plot, context, [[x, plot.bbox.top], [x, plot.bbox.top + plot.bbox.height]]);
        }
      },
    }),
  };
}
