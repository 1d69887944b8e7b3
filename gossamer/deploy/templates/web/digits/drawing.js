/** Drawings made what the pictures of MNIST are, and scores made probabilities. */

export const SIZE = 28;
const BOX = 20;
const SEEN = 0.05;

/**
 * The drawing in a box of 20 by 20, whose centre of mass is that of 28 by 28.
 *
 * `ink` tells how white each point is, from 0 to 1, row by row of `side` points. Gives
 * 784 values from 0 to 1; all 0 where nothing is drawn.
 */
export function pictureOf(ink, side) {
  const box = boxOf(ink, side);
  if (box === null) {
    return new Float32Array(SIZE * SIZE);
  }
  const [left, top, right, bottom] = box;
  const scale = Math.max(right - left + 1, bottom - top + 1) / BOX;
  return centred(ink, side, scale);
}

function boxOf(ink, side) {
  let [left, top, right, bottom] = [side, side, -1, -1];
  ink.forEach((value, i) => {
    if (value > SEEN) {
      left = Math.min(left, i % side);
      right = Math.max(right, i % side);
      top = Math.min(top, Math.floor(i / side));
      bottom = Math.max(bottom, Math.floor(i / side));
    }
  });
  return right < 0 ? null : [left, top, right, bottom];
}

/** Places the drawing, `scale` points of which become one, by its centre of mass. */
function centred(ink, side, scale) {
  let [mass, x, y] = [0, 0, 0];
  ink.forEach((value, i) => {
    mass += value;
    x += value * ((i % side) + 0.5);
    y += value * (Math.floor(i / side) + 0.5);
  });
  const left = x / mass - (scale * SIZE) / 2;
  const top = y / mass - (scale * SIZE) / 2;
  return Float32Array.from({ length: SIZE * SIZE }, (_, i) =>
    meanOf(ink, side, left + (i % SIZE) * scale, top + Math.floor(i / SIZE) * scale, scale),
  );
}

/** The mean of a square of the drawing, beyond which all is black. */
function meanOf(ink, side, left, top, size) {
  let sum = 0;
  const lastRow = Math.min(side, Math.ceil(top + size));
  const lastColumn = Math.min(side, Math.ceil(left + size));
  for (let row = Math.max(0, Math.floor(top)); row < lastRow; row += 1) {
    const height = Math.min(row + 1, top + size) - Math.max(row, top);
    for (let column = Math.max(0, Math.floor(left)); column < lastColumn; column += 1) {
      const width = Math.min(column + 1, left + size) - Math.max(column, left);
      sum += height * width * ink[row * side + column];
    }
  }
  return sum / (size * size);
}

/** The scores themselves if they are probabilities, else their softmax. */
export function probabilitiesOf(scores) {
  const total = scores.reduce((sum, each) => sum + each, 0);
  if (scores.every((each) => each >= 0) && Math.abs(total - 1) < 0.05) {
    return Array.from(scores);
  }
  const greatest = Math.max(...scores);
  const powers = Array.from(scores, (each) => Math.exp(each - greatest));
  const whole = powers.reduce((sum, each) => sum + each, 0);
  return powers.map((each) => each / whole);
}

/**
 * What the network takes for white: 1 or 255.
 *
 * A quantized input shows it by what it can store; else the address may name it, as in
 * `index.html?white=255`.
 */
export function whiteOf(port, search) {
  const asked = Number(new URLSearchParams(search).get("white"));
  if (asked > 0) {
    return asked;
  }
  const greatest = { int8: 127, uint8: 255, int16: 32767 }[port.dtype] ?? 0;
  return port.scale * (greatest - port.zeroPoint) > 2 ? 255 : 1;
}
