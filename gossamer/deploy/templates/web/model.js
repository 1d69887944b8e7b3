/**
 * @NAME@: a neural network as WebAssembly, compiled by Gossamer. Do not edit.
 *
 *     import { load } from "./@NAME@.js";
 *     const model = await load();
 *     const scores = model.run(pixels);
 */

const SIMD = new URL("./@NAME@.wasm", import.meta.url);
const SCALAR = new URL("./@NAME@.scalar.wasm", import.meta.url);

/** A module that engines without vectors do not validate. */
const VECTORS = Uint8Array.of(@VECTORS@);

/** Arrays whose elements are those of tensors; halves are their bits where need be. */
const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: globalThis.Float16Array ?? Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
};

const LIMITS = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-2147483648, 2147483647],
  uint32: [0, 4294967295],
};
const FIRST_ERROR = 2;

const compiled = new Map();

/** Loads the network; each call gives one with memory of its own. */
export async function load({ simd = WebAssembly.validate(VECTORS), source } = {}) {
  const module = await (source === undefined ? own(simd) : moduleOf(await source));
  return new Model(await WebAssembly.instantiate(module));
}

/** The module beside this file, compiled once. */
async function own(simd) {
  const url = simd ? SIMD : SCALAR;
  if (!compiled.has(url.href)) {
    compiled.set(url.href, read(url).then(moduleOf));
  }
  try {
    return await compiled.get(url.href);
  } catch (error) {
    compiled.delete(url.href);
    throw error;
  }
}

async function read(url) {
  if (url.protocol === "file:") {
    const name = "node:fs/promises";
    const { readFile } = await import(/* webpackIgnore: true */ /* @vite-ignore */ name);
    return readFile(url);
  }
  return fetch(url);
}

async function moduleOf(source) {
  if (source instanceof WebAssembly.Module) {
    return source;
  }
  if (typeof source === "string" || source instanceof URL) {
    return moduleOf(await read(new URL(source, import.meta.url)));
  }
  if (typeof Response === "undefined" || !(source instanceof Response)) {
    return WebAssembly.compile(source);
  }
  if (!source.ok) {
    throw new Error(`cannot load ${source.url}: ${source.status} ${source.statusText}`);
  }
  const type = source.headers.get("Content-Type") ?? "";
  return type.startsWith("application/wasm")
    ? WebAssembly.compileStreaming(source)
    : WebAssembly.compile(await source.arrayBuffer());
}

/** A network with its memory. */
export class Model {
  #code;
  #network;
  #about;
  #inputs;
  #outputs;

  /** @param instance of the module; `load` makes one. */
  constructor(instance) {
    this.#code = instance.exports;
    this.#network = this.#code.context.value;
    this.#about = JSON.parse(this.#text(this.#code.describe()));
    this.reset();
    this.#inputs = this.#tensors(this.#about.inputs, this.#code.input);
    this.#outputs = this.#tensors(this.#about.outputs, this.#code.output);
    this.name = this.#about.name;
    this.inputs = Object.freeze(this.#inputs.map((tensor) => tensor.port));
    this.outputs = Object.freeze(this.#outputs.map((tensor) => tensor.port));
    Object.freeze(this);
  }

  /**
   * Runs the network once.
   *
   * Of several inputs, an array or an object has a value for each. A value is an array
   * of the tensor's own type, which is taken as it is, or any other array of numbers,
   * nested or not, which is quantized where the tensor is.
   *
   * Gives the output's elements; of several outputs, an object by their names. They are
   * real numbers, unless `raw` asks for the stored ones.
   */
  run(values, { raw = false } = {}) {
    const given = this.#given(values);
    const elements = this.#inputs.map((tensor, i) => elementsOf(tensor.port, given[i]));
    this.#inputs.forEach((tensor, i) => tensor.memory.set(elements[i]));
    const error = this.#code.invoke(this.#network);
    if (error !== 0) {
      const text = this.#about.errors[error - FIRST_ERROR] ?? `error ${error}`;
      throw new Error(`'${this.name}' failed: ${text}`);
    }
    const made = this.#outputs.map(({ port, memory }) =>
      raw || port.scale === 0 ? memory.slice() : dequantized(port, memory),
    );
    if (made.length === 1) {
      return made[0];
    }
    return Object.fromEntries(this.outputs.map((port, i) => [port.name, made[i]]));
  }

  /** Forgets what a streaming network has seen. */
  reset() {
    this.#code.init(this.#network, this.#about.memory_bytes);
  }

  /** A value for each input, in their order. */
  #given(values) {
    const ports = this.inputs;
    const names = ports.map((port) => `'${port.name}'`).join(", ");
    if (values !== null && typeof values === "object" && !isArray(values)) {
      for (const name of Object.keys(values)) {
        if (!ports.some((port) => port.name === name || port.tensor === name)) {
          throw new TypeError(`no input is called '${name}'; there are ${names}`);
        }
      }
      return ports.map((port) => values[port.name] ?? values[port.tensor]);
    }
    if (ports.length === 1) {
      return [values];
    }
    if (!Array.isArray(values) || values.length !== ports.length) {
      throw new TypeError(
        `the network has ${ports.length} inputs, ${names}: give an array or an object ` +
          "with a value for each",
      );
    }
    return values;
  }

  #tensors(about, place) {
    return about.map((port, index) => {
      const { key, name, shape, dtype, scale } = port;
      const size = shape.reduce((product, each) => product * each, 1);
      const start = place(this.#network, index);
      const memory = new ARRAYS[dtype](this.#code.memory.buffer, start, size);
      const told = { name: key, tensor: name, shape: Object.freeze(shape), dtype, size };
      const quantization = { scale, zeroPoint: port.zero_point };
      return { port: Object.freeze({ ...told, ...quantization }), memory };
    });
  }

  /** The text of UTF-8 bytes that end by 0. */
  #text(start) {
    const bytes = new Uint8Array(this.#code.memory.buffer, start);
    return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
  }
}

function isArray(value) {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

/** The elements of an input as its memory has them. */
function elementsOf(port, value) {
  if (value === undefined || value === null) {
    throw new TypeError(`input '${port.name}' has no value; it takes ${kind(port)}`);
  }
  if (value instanceof DataView || typeof value === "string") {
    throw new TypeError(`input '${port.name}' takes ${kind(port)}, not a ${typeof value}`);
  }
  const nested = Array.isArray(value) ? value : [value];
  const flat = ArrayBuffer.isView(value) ? value : nested.flat(Infinity).flatMap(spread);
  if (flat.length !== port.size) {
    throw new RangeError(
      `input '${port.name}' takes ${kind(port)}: ${port.size} values, and ` +
        `${flat.length} of shape [${shapeOf(value)}] were given`,
    );
  }
  const array = ARRAYS[port.dtype];
  return flat instanceof array ? flat : converted(port, flat, array);
}

function spread(each) {
  return ArrayBuffer.isView(each) ? [...each] : each;
}

function kind(port) {
  return `${port.dtype} of shape [${port.shape.join(", ")}]`;
}

function shapeOf(value) {
  const sizes = [];
  for (let each = value; isArray(each); each = each[0]) {
    sizes.push(each.length);
  }
  return sizes.join(", ");
}

function converted(port, flat, array) {
  if (array === BigInt64Array || array === BigUint64Array) {
    return mapped(flat, array, BigInt);
  }
  if (array === Uint16Array && port.dtype.endsWith("float16")) {
    throw new TypeError(
      `input '${port.name}' takes ${kind(port)}: give their bits in a Uint16Array`,
    );
  }
  return port.scale === 0 ? mapped(flat, array, Number) : quantized(port, flat, array);
}

/** Adding it leaves no fraction, halves going to the even neighbour. */
const WHOLE = 1.5 * 2 ** 52;

/** Real numbers as the tensor stores them: value / scale + zero point. */
function quantized(port, flat, array) {
  const [least, greatest] = LIMITS[port.dtype];
  const { scale, zeroPoint } = port;
  const made = new array(flat.length);
  for (let i = 0; i < made.length; i += 1) {
    const steps = flat[i] / scale + WHOLE - WHOLE + zeroPoint;
    made[i] = Math.min(greatest, Math.max(least, steps));
  }
  return made;
}

function dequantized(port, memory) {
  const { scale, zeroPoint } = port;
  const made = new Float32Array(memory.length);
  for (let i = 0; i < made.length; i += 1) {
    made[i] = scale * (Number(memory[i]) - zeroPoint);
  }
  return made;
}

/** What `array.from` gives, in a tenth of the time: that asks an iterator each time. */
function mapped(flat, array, change) {
  const made = new array(flat.length);
  for (let i = 0; i < made.length; i += 1) {
    made[i] = change(flat[i]);
  }
  return made;
}
