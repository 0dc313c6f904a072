// What the simulator of a page gives, for a test that knows what the native one gives.
//
//   node native.mjs PAGE.html MILLISECONDS SETTINGS.json...
//
// A line of JSON for the settings of each file: the configuration, the hash of the spikes, and what is
// judged of them; or why they are refused.

import { readFileSync } from 'node:fs';
import { load } from './page.mjs';

const [path, milliseconds, ...files] = process.argv.slice(2);
const simulator = await load(path);
for (const file of files) {
  const settings = JSON.parse(readFileSync(file, 'utf8'));
  try {
    const { toml } = simulator.start(settings);
    console.log(JSON.stringify({ toml, ...simulator.record(settings, Number(milliseconds)) }));
  } catch (error) {
    console.log(JSON.stringify({ refused: error.message }));
  }
}
