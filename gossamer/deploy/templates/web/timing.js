/** How long a run takes. Clocks of browsers are coarse: many runs fill an interval. */

const INTERVAL = 20;

/** Microseconds of a run, the least mean of three intervals. */
export function microsecondsOf(run) {
  let best = Infinity;
  for (let i = 0; i < 3; i += 1) {
    best = Math.min(best, meanOf(run));
  }
  return best;
}

function meanOf(run) {
  const start = performance.now();
  let count = 0;
  let passed = 0;
  while (passed < INTERVAL) {
    run();
    count += 1;
    passed = performance.now() - start;
  }
  return (passed / count) * 1000;
}

export function asText(microseconds) {
  const digits = microseconds < 10 ? 1 : 0;
  return microseconds < 10000
    ? `${microseconds.toFixed(digits)} µs`
    : `${(microseconds / 1000).toFixed(1)} ms`;
}
