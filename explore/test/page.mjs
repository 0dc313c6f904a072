// The simulator of a page, outside of a browser.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** The simulator in a page's text, and as it lies there. */
export function simulator_of(html) {
  const packed = /<script type="text\/plain" id="wasm">([^<]*)<\/script>/.exec(html)?.[1];
  if (!packed) throw new Error('there is no simulator in the page');
  return { packed, bytes: gunzipSync(Buffer.from(packed, 'base64')) };
}

/** What the page's worker calls. */
export async function load(path) {
  const { bytes } = simulator_of(readFileSync(path, 'utf8'));
  const { instance: { exports: wasm } } = await WebAssembly.instantiate(bytes, {});
  const request = (settings) => {
    const words = new TextEncoder().encode(JSON.stringify(settings));
    const start = wasm.request(words.length);
    new Uint8Array(wasm.memory.buffer, start, words.length).set(words);
  };
  const text = () => {
    const [start, length] = [wasm.text(), wasm.text_length()];
    return new TextDecoder().decode(new Uint8Array(wasm.memory.buffer, start, length));
  };
  const answer = (fine) => {
    if (fine === 0) throw new Error(text());
    return JSON.parse(text());
  };
  return {
    record(settings, milliseconds) {
      request(settings);
      return answer(wasm.record(milliseconds));
    },
    start(settings) {
      request(settings);
      return answer(wasm.start());
    },
  };
}
