/* Runs a network on the bytes of the inputs of one step after another. */

const ARRAYS = {
  float32: Float32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  float64: Float64Array,
};

/** The stored outputs of each step; inputs are `typed` arrays or nested `numbers`. */
export function outputsOf(model, bytes, kind) {
  const made = [];
  let position = 0;

  function next(port) {
    const array = ARRAYS[port.dtype];
    const size = port.size * array.BYTES_PER_ELEMENT;
    const typed = new array(bytes.slice(position, position + size).buffer);
    position += size;
    return kind === "typed" ? typed : nested(Array.from(typed), port.shape);
  }

  while (position < bytes.length) {
    const given = model.inputs.map(next);
    const found = model.run(given.length === 1 ? given[0] : given, { raw: true });
    const every = model.outputs.length === 1 ? [found] : Object.values(found);
    made.push(...every.map((values) => new Uint8Array(values.buffer)));
  }
  return made;
}

function nested(flat, shape) {
  if (shape.length < 2) {
    return flat;
  }
  const step = flat.length / shape[0];
  return Array.from({ length: shape[0] }, (_, i) =>
    nested(flat.slice(i * step, (i + 1) * step), shape.slice(1)),
  );
}
