// Puts the page together: one file with its style, its scripts, and the simulator, compressed.
//
//   node assemble.mjs SIMULATOR.wasm COMPILER OUT.html [--check]
//
// With --check it writes nothing, and fails if OUT.html is not what it would write. The compressed
// bytes may differ with the version of zlib, so the simulator itself is compared.

import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { simulator_of } from './test/page.mjs';

const [wasm_path, compiler, out, check] = process.argv.slice(2);
const wasm = readFileSync(wasm_path);
const part = (name) => readFileSync(new URL(`page/${name}`, import.meta.url), 'utf8').trim();

const packed = gzipSync(wasm, { level: 9 });
// The system that it was compressed on.
packed[9] = 255;

const fill = (simulator) => part('index.html').replace(/\{\{([\w.]+)\}\}/g, (_, name) => {
  if (name === 'wasm') return simulator;
  if (name === 'compiler') return compiler;
  return part(name);
}) + '\n';

if (check === '--check') {
  const there = readFileSync(out, 'utf8');
  const { bytes, packed: text } = simulator_of(there);
  if (fill(text) !== there) fail('its style or its scripts are not those of explore/page');
  if (!bytes.equals(wasm)) fail(`its simulator (${bytes.length} bytes) is not the one that was built (${wasm.length})`);
  console.log(`${out}: ${there.length} bytes, as built`);
} else {
  const html = fill(packed.toString('base64'));
  writeFileSync(out, html);
  console.log(`${out}: ${html.length} bytes, the simulator ${wasm.length}, compressed ${packed.length}`);
}

function fail(reason) {
  console.error(`${out}: ${reason}; run explore/build.sh`);
  process.exit(1);
}
