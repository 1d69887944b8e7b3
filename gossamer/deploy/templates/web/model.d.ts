/** @NAME@: a neural network as WebAssembly, compiled by Gossamer. Do not edit. */

export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** Numbers, row by row, or nested as the shape is. */
export type Values = TypedArray | number | bigint | boolean | readonly Values[];

/** An input or an output. */
export interface Port {
  /** Its name in the model's signature. */
  readonly name: string;
  /** Its name in the model's graph. */
  readonly tensor: string;
  readonly shape: readonly number[];
  /** Such as "float32" or "int8". */
  readonly dtype: string;
  /** The number of elements. */
  readonly size: number;
  /** real = scale * (stored - zeroPoint); 0 where the tensor is not quantized. */
  readonly scale: number;
  readonly zeroPoint: number;
}

export interface LoadOptions {
  /** Whether vector instructions are used; else what the engine can is. */
  simd?: boolean;
  /** Where the module comes from, if not from beside this file. */
  source?: MaybePromise<string | URL | Response | BufferSource | WebAssembly.Module>;
}

type MaybePromise<T> = T | Promise<T>;

export declare class Model {
  constructor(instance: WebAssembly.Instance);
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Takes @INPUTS@; gives @OUTPUTS@ as real numbers. */
  run(values: Values | Record<string, Values>, options?: { raw?: false }): @RESULT@;
  /** Gives the outputs as they are stored, without their scale. */
  run(values: Values | Record<string, Values>, options: { raw: true }): @RAW@;
  /** Forgets what a streaming network has seen. */
  reset(): void;
}

/** Loads the network; each call gives one with memory of its own. */
export declare function load(options?: LoadOptions): Promise<Model>;
