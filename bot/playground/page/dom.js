// Elements by hand. Text always goes in as a text node: nothing here, or anywhere on this page, parses HTML.

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  menu: "M3 5h14M3 10h14M3 15h14",
  close: "M5 5l10 10M15 5L5 15",
  thread: "M4 4h12v9H9l-4 3v-3H4z",
  more: "M4 10h.01M10 10h.01M16 10h.01",
  eye: "M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5zM10 8a2 2 0 100 4 2 2 0 000-4z",
  send: "M3 10l14-6-5 13-3-5z",
  gear: "M10 7a3 3 0 100 6 3 3 0 000-6zM10 2v2.5M10 15.500V18M2 10h2.500M15.500 10H18M4.300 4.300l1.800 1.800M13.900 13.900l1.800 1.800M4.300 15.700l1.800-1.800M13.900 6.100l1.800-1.800",
  pulse: "M2 11h4l2-6 4 11 2-7 1.500 2H18",
  help: "M7.500 7.500a2.500 2.500 0 113.600 2.200c-.8.5-1.100 1-1.100 1.800M10 14.500h.01",
  lock: "M6 9V7a4 4 0 018 0v2M5 9h10v7H5z",
  hash: "M8 3L6 17M14 3l-2 14M3.500 7.500h13M3 12.500h13",
  copy: "M7 7h9v9H7zM4 13V4h9",
  bolt: "M11 2L4 11h5l-1 7 7-9h-5z",
  check: "M4 10l4 4 8-9",
};

/** Make an element. `props`: class, text, on (listeners), dataset; everything else is an attribute or a property. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (name === "dataset") Object.assign(node.dataset, value);
    else if (["value", "checked", "disabled", "hidden", "selected", "indeterminate"].includes(name)) node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Make an icon that screen readers do not hear of. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Make a button with an icon only; `label` is its name and its tooltip. */
export function iconButton(name, label, onClick, props = {}) {
  return el("button", { type: "button", class: "icon-button", "aria-label": label, title: label, on: { click: onClick }, ...props }, icon(name));
}

/** Put an icon into a button that is in the document already. */
export function dress(button, name, label, onClick) {
  button.replaceChildren(icon(name));
  button.setAttribute("aria-label", label);
  button.title = label;
  if (onClick) button.addEventListener("click", onClick);
}

const announcer = () => document.getElementById("announcer");

/** Let a screen reader say `text` when it has finished what it says. */
export function announce(text) {
  const line = el("p", { text });
  announcer().append(line);
  while (announcer().children.length > 3) announcer().firstChild.remove();
}

/** Show a sentence for a few seconds: something that was tried did not work, and why. */
export function toast(text) {
  const line = el("p", { class: "toast", text });
  document.getElementById("toasts").append(line);
  setTimeout(() => line.remove(), 6000);
}

let count = 0;

/** Return an id that no element has. */
export function freshId(prefix) {
  count += 1;
  return `${prefix}-${count}`;
}
