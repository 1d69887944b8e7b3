/* Prints the nanoseconds of the fastest inference of a module: timed.mjs FILE SECONDS. */

import { pathToFileURL } from "node:url";

const [, , file, seconds] = process.argv;
const BLOCK = 8;
const { load } = await import(pathToFileURL(file));
const model = await load();
const ARRAYS = { float32: Float32Array, int8: Int8Array, uint8: Uint8Array };
const { dtype, size } = model.inputs[0];
const input = new ARRAYS[dtype](size);
let fastest = Infinity;
let start = process.hrtime.bigint();
const end = start + BigInt(Math.round(Number(seconds) * 1e9));
while (start < end) {
  for (let i = 0; i < BLOCK; i += 1) {
    model.run(input, { raw: true });
  }
  const now = process.hrtime.bigint();
  fastest = Math.min(fastest, Number(now - start) / BLOCK);
  start = now;
}
console.log(fastest);
