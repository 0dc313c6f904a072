// What can be set: the sliders and their words.
'use strict';

const DEFAULTS = {
  circuit: 'brunel', neurons: 1000, g: 5, connection_probability: 0.1, threshold: 20, eta: 2, coupling: 100, delay: 1.5,
  synapse: 'delta', tau_excitatory: 5, tau_inhibitory: 10, input: 'constant', digit: 6, seed: 0,
};

const FIELDS = [
  { key: 'circuit', place: 'network', name: 'Circuit', options: [
    ['brunel', 'excitatory and inhibitory'], ['microcircuit', 'cortical microcircuit'],
  ] },
  { key: 'g', place: 'network', name: 'Inhibition <var>g</var>', help: 'over excitation', min: 0, max: 8, step: 0.1 },
  { key: 'eta', place: 'network', name: 'Background η', help: 'over the threshold rate', min: 0, max: 4, step: 0.05 },
  { key: 'connection_probability', place: 'network', name: 'Connectivity <var>p</var>', help: 'probability', min: 0.01, max: 0.5, step: 0.01 },
  { key: 'threshold', place: 'network', name: 'Threshold <var>V</var><sub>th</sub>', unit: 'mV', help: 'reset 10 mV', min: 11, max: 30, step: 0.5 },
  { key: 'neurons', place: 'network', name: 'Neurons <var>N</var>', min: 200, max: 4000, step: 100 },
  { key: 'input', place: 'input', name: 'Course of the input', options: [
    ['constant', 'constant'], ['ramp', 'ramp, once a second'], ['step', 'step, once a second'],
    ['sinusoid', 'sinusoid, twice a second'], ['image', 'constant, and an image'],
  ] },
  { key: 'digit', place: 'input', name: 'Image' },
  { key: 'synapse', place: 'synapses', name: 'Synapse', options: [
    ['delta', 'delta: the potential jumps'], ['exponential', 'exponential current'],
  ] },
  { key: 'tau_excitatory', place: 'synapses', name: 'Excitatory decay τ<sub>E</sub>', unit: 'ms', min: 0.5, max: 20, step: 0.5, only: ['synapse', 'exponential'] },
  { key: 'tau_inhibitory', place: 'synapses', name: 'Inhibitory decay τ<sub>I</sub>', unit: 'ms', min: 0.5, max: 20, step: 0.5, only: ['synapse', 'exponential'] },
  { key: 'coupling', place: 'synapses', name: 'Coupling <var>J</var><sub>E</sub><var>C</var><sub>E</sub>', unit: 'mV', help: 'at p = 0.1', min: 10, max: 200, step: 2 },
  { key: 'delay', place: 'synapses', name: 'Delay <var>D</var>', unit: 'ms', min: 0.5, max: 5, step: 0.1 },
  { key: 'seed', place: 'synapses', name: 'Seed', number: true },
];

/** A number as the slider's step shows it. */
function shown_value(field, value) {
  if (field.key === 'neurons') return value.toLocaleString('en');
  const digits = (String(field.step ?? 1).split('.')[1] ?? '').length;
  return Number(value).toFixed(digits) + (field.unit ? ` ${field.unit}` : '');
}

/** The settings of an address: what is missing, unknown or no number is as by default. */
function settings_of(hash) {
  const settings = { ...DEFAULTS };
  for (const [key, text] of new URLSearchParams(hash.replace(/^#/, ''))) {
    const field = FIELDS.find((known) => known.key === key);
    if (!field) continue;
    if (field.options) {
      if (field.options.some(([value]) => value === text)) settings[key] = text;
      continue;
    }
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value)) continue;
    if (key === 'digit' || key === 'seed' || key === 'neurons') {
      const [least, most] = { digit: [0, 9], seed: [0, Number.MAX_SAFE_INTEGER], neurons: [field.min, field.max] }[key];
      settings[key] = Math.min(Math.max(Math.round(value), least), most);
    } else {
      settings[key] = Math.min(Math.max(value, field.min), field.max);
    }
  }
  return settings;
}

/** The settings as an address: what differs from the default. */
function hash_of(settings) {
  const given = FIELDS.map(({ key }) => key).filter((key) => settings[key] !== DEFAULTS[key])
    .filter((key) => key !== 'digit' || settings.input === 'image');
  return given.length ? '#' + given.map((key) => `${key}=${settings[key]}`).join('&') : '';
}

/** Builds the controls; `changed` hears of a person's change. */
function make_fields(settings, changed) {
  const parts = {};
  for (const field of FIELDS) {
    const id = `field-${field.key}`;
    const row = document.createElement('div');
    row.className = 'field';
    const help = field.help ? ` <small id="${id}-help">${field.help}</small>` : '';
    const described = field.help ? ` aria-describedby="${id}-help"` : '';
    if (field.key === 'digit') {
      row.id = 'digits';
      row.setAttribute('role', 'radiogroup');
      row.setAttribute('aria-label', 'Image of a digit');
    } else if (field.options) {
      const options = field.options.map(([value, name]) => `<option value="${value}">${name}</option>`).join('');
      row.innerHTML = `<label for="${id}">${field.name}</label><select id="${id}">${options}</select>`;
    } else if (field.number) {
      row.innerHTML = `<label for="${id}">${field.name}</label><input id="${id}" type="number" min="0" max="9007199254740991" step="1">`;
    } else {
      row.innerHTML = `<span><label for="${id}">${field.name}</label>${help}</span><output for="${id}"></output>
        <input id="${id}" type="range" min="${field.min}" max="${field.max}" step="${field.step}"${described}>`;
    }
    document.getElementById(field.place).append(row);
    const input = row.querySelector('input, select');
    if (input) {
      input.addEventListener(field.number ? 'change' : 'input', () => {
        if (field.options) return changed(field.key, input.value);
        const value = field.number ? Math.round(Math.abs(Number(input.value))) : Number(input.value);
        if (Number.isSafeInteger(value) || !field.number) changed(field.key, value);
      });
    }
    parts[field.key] = { field, row, input, output: row.querySelector('output') };
  }
  return parts;
}

/** Draws the digits to choose from. */
function make_digits(part, images, changed) {
  images.forEach((image, digit) => {
    const label = document.createElement('label');
    label.innerHTML = `<input type="radio" name="digit" value="${digit}" aria-label="${digit}"><canvas width="28" height="28"></canvas>`;
    const context = label.querySelector('canvas').getContext('2d');
    const pixels = context.createImageData(28, 28);
    image.forEach((x, k) => pixels.data.set([255 * x, 255 * x, 255 * x, 255], 4 * k));
    context.putImageData(pixels, 0, 0);
    label.querySelector('input').addEventListener('change', () => changed('digit', digit));
    part.row.append(label);
  });
}

/** Shows the settings in the controls. */
function show_fields(parts, settings) {
  for (const { field, row, input, output } of Object.values(parts)) {
    const value = settings[field.key];
    if (field.key === 'digit') {
      row.hidden = settings.input !== 'image' || settings.circuit !== 'brunel';
      const chosen = row.querySelector(`input[value="${value}"]`);
      if (chosen) chosen.checked = true;
      continue;
    }
    if (document.activeElement !== input || input.type === 'range') input.value = value;
    if (output) output.textContent = shown_value(field, value);
    // Of the microcircuit little can be set.
    const fixed = settings.circuit !== 'brunel' && !['circuit', 'g', 'seed'].includes(field.key);
    row.hidden = fixed || (field.only !== undefined && settings[field.only[0]] !== field.only[1]);
    if (input.type === 'range') {
      input.setAttribute('aria-valuetext', shown_value(field, value));
    }
  }
}
