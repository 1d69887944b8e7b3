import { load } from "./@NAME@.js";
import { SIZE, pictureOf, probabilitiesOf, whiteOf } from "./drawing.js";
import { asText, microsecondsOf } from "./timing.js";

const PEN = 22;
const element = (name) => document.getElementById(name);
const paper = element("paper");
const pen = paper.getContext("2d", { willReadFrequently: true });
const seen = element("seen").getContext("2d");
let model;
let white = 1;
let last = null;

function clear() {
  pen.fillStyle = "black";
  pen.fillRect(0, 0, paper.width, paper.height);
  pen.lineWidth = PEN;
  pen.lineCap = "round";
  pen.lineJoin = "round";
  pen.strokeStyle = "white";
  show(null, new Float32Array(SIZE * SIZE));
}

/** A place on the paper, whatever size it is shown in. */
function placeOf(event) {
  const shown = paper.getBoundingClientRect();
  const scale = paper.width / shown.width;
  return [(event.clientX - shown.left) * scale, (event.clientY - shown.top) * scale];
}

function draw(event) {
  const place = placeOf(event);
  pen.beginPath();
  pen.moveTo(...(last ?? place));
  pen.lineTo(...place);
  pen.stroke();
  last = place;
}

function read() {
  if (model === undefined) {
    return;
  }
  const { data } = pen.getImageData(0, 0, paper.width, paper.height);
  const ink = Float32Array.from({ length: data.length / 4 }, (_, i) => data[4 * i] / 255);
  const picture = pictureOf(ink, paper.width);
  const isEmpty = picture.every((value) => value === 0);
  const values = picture.map((value) => value * white);
  show(isEmpty ? null : probabilitiesOf(model.run(values)), picture);
}

function show(probabilities, picture) {
  const image = seen.createImageData(SIZE, SIZE);
  picture.forEach((value, i) => image.data.set([...Array(3).fill(255 * value), 255], 4 * i));
  seen.putImageData(image, 0, 0);
  const best = probabilities?.indexOf(Math.max(...probabilities)) ?? -1;
  element("digit").value = best < 0 ? "?" : String(best);
  element("sure").textContent =
    best < 0 ? "nothing drawn yet" : `${percent(probabilities[best])} sure`;
  [...element("bars").children].forEach((row, digit) => {
    const share = probabilities?.[digit] ?? 0;
    row.classList.toggle("best", digit === best);
    const bar = row.querySelector("[role=meter]");
    bar.style.setProperty("--share", share);
    bar.ariaValueNow = share.toFixed(3);
    row.querySelector("data").textContent = percent(share);
  });
}

function percent(share) {
  return `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}

function rowOf(digit) {
  const row = document.createElement("li");
  const name = document.createElement("span");
  name.textContent = String(digit);
  const bar = document.createElement("span");
  bar.role = "meter";
  bar.ariaValueMin = "0";
  bar.ariaValueMax = "1";
  bar.ariaLabel = `probability of ${digit}`;
  bar.append(document.createElement("i"));
  row.append(name, bar, document.createElement("data"));
  return row;
}

function measure() {
  const example = new Float32Array(SIZE * SIZE).map((_, i) => (white * (i % 7)) / 7);
  element("time").textContent = asText(microsecondsOf(() => model.run(example)));
  element("facts").textContent = "for a digit, on this device";
}

paper.addEventListener("pointerdown", (event) => {
  paper.setPointerCapture(event.pointerId);
  last = null;
  draw(event);
  read();
});
paper.addEventListener("pointermove", (event) => {
  if (paper.hasPointerCapture(event.pointerId)) {
    const passed = event.getCoalescedEvents();
    (passed.length ? passed : [event]).forEach(draw);
    read();
  }
});
paper.addEventListener("keydown", (event) => event.key === "Escape" && clear());
element("clear").addEventListener("click", clear);

element("bars").append(...Array.from({ length: 10 }, (_, digit) => rowOf(digit)));
clear();
try {
  model = await load();
  white = whiteOf(model.inputs[0], location.search);
  measure();
  document.body.dataset.ready = "yes";
  await navigator.serviceWorker?.register("offline.js").catch(() => {});
} catch (error) {
  element("error").textContent = error.message;
  element("error").hidden = false;
}
