/*
 * Reads the inputs of one step after another, and writes the stored outputs of each.
 *
 *     node driver.mjs MODULE simd|scalar [typed|numbers]
 */

import { readFileSync, writeSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { outputsOf } from "./steps.mjs";

const [, , module, engine, kind = "typed"] = process.argv;
const { load } = await import(pathToFileURL(module));
const model = await load({ simd: engine === "simd" });
const given = new Uint8Array(readFileSync(0));
outputsOf(model, given, kind).forEach((values) => writeSync(1, values));
