import { load } from "./@NAME@.js";
import { asText, microsecondsOf } from "./timing.js";

const SHOWN = 6;
const element = (name) => document.getElementById(name);
let model;

/** Numbers from 0 to 1 for real inputs, whole ones from 0 on for others. */
function randomFor(port) {
  const isReal = port.dtype.startsWith("float") || port.scale > 0;
  const numbers = Array.from({ length: port.size }, () =>
    isReal ? Math.random() : Math.floor(2 * Math.random()),
  );
  return port.dtype === "float16" ? new Uint16Array(port.size) : numbers;
}

function rowOf(port, which) {
  const row = document.createElement("tr");
  const cells = [`${which} ${port.name}`, port.dtype, port.shape.join(" × ") || "one", "–"];
  row.append(
    ...cells.map((text, i) => {
      const cell = document.createElement(i ? "td" : "th");
      cell.textContent = text;
      return cell;
    }),
  );
  return row;
}

function show(rows, values) {
  values.forEach((value, i) => {
    const first = Array.from(value).slice(0, SHOWN);
    const text = first.map((each) => Number(Number(each).toPrecision(4))).join(", ");
    rows[i].lastChild.textContent = value.length > SHOWN ? `${text}, …` : text;
  });
}

function run() {
  const given = model.inputs.map(randomFor);
  const inputs = given.length === 1 ? given[0] : given;
  const made = model.run(inputs);
  const outputs = model.outputs.length === 1 ? [made] : Object.values(made);
  show([...element("tensors").children], [...given, ...outputs]);
  element("time").textContent = asText(microsecondsOf(() => model.run(inputs)));
  element("facts").textContent = "for a run on this device";
  model.reset();
}

element("run").addEventListener("click", run);
try {
  model = await load();
  element("tensors").append(
    ...model.inputs.map((port) => rowOf(port, "input")),
    ...model.outputs.map((port) => rowOf(port, "output")),
  );
  element("run").disabled = false;
  run();
  document.body.dataset.ready = "yes";
  await navigator.serviceWorker?.register("offline.js").catch(() => {});
} catch (error) {
  element("error").textContent = error.message;
  element("error").hidden = false;
}
