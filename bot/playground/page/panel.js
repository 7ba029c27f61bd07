// Behind the scenes: the platform's services, counter and faults, Slack's weather, and the traffic between bot and workspace.

import { act, ask, tryTo } from "./api.js";
import { el, freshId, iconButton } from "./dom.js";
import { world } from "./state.js";
import { timeText } from "./when.js";

const MOST_LINES = 300;

// What a service can be, in the words of the platform's control: {status, manner}.
const SERVICE_STATES = [
  ["up", "Up", { status: "up", manner: "answers" }],
  ["down", "Down", { status: "down", manner: "answers" }],
  ["failing", "Failing", { manner: "fails" }],
  ["silent", "Silent", { manner: "hangs" }],
];

const API_FAULTS = [
  ["Unreachable until cleared", { cut: "before", times: null }],
  ["429, Retry-After 2 s", { code: 42900, retry_after_s: 2 }],
  ["500 Internal Server Error", { code: 50000 }],
  ["503 Service Unavailable", { code: 50300 }],
  ["An HTML page, 502", { html: 502 }],
  ["Each answer takes 4 s", { slow_s: 4 }],
  ["Connection cut halfway", { cut: "after" }],
  ["Clock an hour off", null],
];

const FILTERS = [
  ["all", "All", () => true],
  ["in", "To the bot", (line) => ["envelope", "ack", "no_ack"].includes(line.kind)],
  ["out", "From the bot", (line) => ["call", "refused", "response"].includes(line.kind)],
  ["broken", "Broken rules", (line) => ["violation", "refused"].includes(line.kind)],
];

const KIND_WORDS = {
  envelope: "sent", ack: "ack", no_ack: "no ack", call: "call", refused: "refused", response: "answer", socket: "socket",
  fault: "weather", violation: "rule", view: "view", file: "file",
};

export class Panel {
  constructor(root, close) {
    this.root = root;
    this.lines = [];
    this.filter = "all";
    this.opened = new Set();
    this.services = el("div", { class: "switches" });
    this.counter = el("div", { class: "counter" });
    this.apiFaults = el("div", { class: "faults" });
    this.slackFaults = el("div", { class: "faults" });
    this.verdict = el("p", { class: "verdict" });
    this.list = el("ol", { class: "traffic", "aria-label": "Traffic, newest first" });
    this.filters = el("div", { class: "filters", role: "group", "aria-label": "Which lines" }, FILTERS.map(([name, title]) =>
      el("button", { type: "button", class: "filter", "aria-pressed": String(name === this.filter), dataset: { name }, text: title, on: { click: () => this.setFilter(name) } })));
    root.replaceChildren(
      el("div", { class: "pane-head" }, el("h2", { text: "Behind the scenes" }), iconButton("close", "Close the panel", close)),
      el("div", { class: "panel-body" },
        this.platformSection = el("div", { class: "platform" },
          section("Platform services", this.services), section("Ongoing calls", this.counter), section("Weather at the platform", this.apiFaults, true)),
        section("Weather at Slack", this.slackFaults, true),
        el("section", { class: "panel-section" }, el("h3", { text: "Traffic" }), this.verdict, this.filters, this.list)));
  }

  /** Fetch everything that is shown. */
  async open() {
    this.platformSection.hidden = !world.hasPlatform;
    const [traffic, weather] = await Promise.all([ask("traffic", { as: world.me() }), ask("weather", { as: world.me() })]);
    this.lines = traffic.lines;
    this.drawTraffic();
    this.drawWeather(weather);
    if (world.hasPlatform) this.drawPlatform(await ask("platform"));
  }

  // -- the platform

  async change(wanted) {
    const answer = await tryTo("platform", wanted);
    if (answer) this.drawPlatform(answer);
  }

  /** Switch a service by its name, for the first steps; tell whether it is down now. */
  async flip(service) {
    const state = await ask("platform");
    const isUp = state.services[service]?.status === "up";
    const answer = await act("platform", { services: { [service]: { status: isUp ? "down" : "up", manner: "answers" } } });
    if (!this.root.hidden) this.drawPlatform(answer);
    return isUp;
  }

  drawPlatform(state) {
    const focused = document.activeElement?.id;
    this.services.replaceChildren(...Object.entries(state.services).map(([id, service]) => this.serviceRow(id, service)));
    this.drawCounter(state.counters);
    this.drawApiFaults(state);
    if (focused) document.getElementById(focused)?.focus();
  }

  serviceRow(id, service) {
    const now = service.manner === "hangs" ? "silent" : service.manner === "fails" ? "failing" : service.status;
    const group = `service-${id}`;
    return el("fieldset", { class: `switch is-${now}` }, el("legend", {}, el("span", { class: "lamp" }), el("code", { text: id })),
      el("div", { class: "segments" }, SERVICE_STATES.map(([name, title, wanted]) => {
        const boxId = `${group}-${name}`;
        return el("span", { class: "segment" },
          el("input", { type: "radio", name: group, id: boxId, checked: name === now, on: { change: () => this.change({ services: { [id]: { status: service.status, ...wanted } } }) } }),
          el("label", { for: boxId, text: title }));
      })));
  }

  drawCounter(counters) {
    this.counter.replaceChildren(...Object.entries(counters).map(([id, value]) => {
      const boxId = `counter-${id}`;
      const output = el("output", { for: boxId, text: value.toLocaleString("en") });
      const slider = el("input", {
        type: "range", id: boxId, min: 0, max: Math.max(600, value), value, "aria-label": id,
        on: { input: () => { output.textContent = Number(slider.value).toLocaleString("en"); }, change: () => this.change({ counters: { [id]: Number(slider.value) } }) },
      });
      return el("div", { class: "slider" }, el("label", { for: boxId }, el("code", { text: id })), slider, output,
        el("button", { type: "button", class: "small-button", text: "Count again", title: "Forget the value set by hand", on: { click: () => this.change({ counters: { [id]: null } }) } }));
    }));
  }

  drawApiFaults(state) {
    const times = el("input", { type: "number", id: "api-times", min: 1, max: 50, value: this.apiTimes ?? 1, on: { change: () => { this.apiTimes = Number(times.value); } } });
    const add = (fault) => {
      if (fault === null) return this.change({ quirks: { clock_offset_s: state.quirks.clock_offset_s ? 0 : 3600 } });
      const wanted = { ...fault, times: "times" in fault ? fault.times : Number(times.value) || 1 };
      return this.change({ faults: [...state.faults.map(settable), wanted] });
    };
    const waiting = state.faults.map(describe);
    if (state.quirks.clock_offset_s) waiting.push(`clock ${state.quirks.clock_offset_s} s off`);
    this.apiFaults.replaceChildren(
      timesRow("api-times", times, () => this.change({ faults: [], quirks: { clock_offset_s: 0 } })),
      el("div", { class: "fault-buttons" }, API_FAULTS.map(([title, fault]) =>
        el("button", { type: "button", class: "small-button", text: title, on: { click: () => add(fault) } }))),
      waitingLines(waiting));
  }

  // -- Slack's weather

  drawWeather(weather) {
    const times = el("input", { type: "number", id: "slack-times", min: 1, max: 50, value: this.slackTimes ?? 1, on: { change: () => { this.slackTimes = Number(times.value); } } });
    const order = async (fault) => {
      const answer = await tryTo("weather", { as: world.me(), fault, times: Number(times.value) || 1 });
      if (answer) this.drawWeather(answer);
    };
    this.slackFaults.replaceChildren(
      timesRow("slack-times", times, () => order("")),
      el("div", { class: "fault-buttons" }, weather.faults.map((each) =>
        el("button", { type: "button", class: "small-button", text: each.title, on: { click: () => order(each.name) } }))),
      waitingLines(weather.waiting));
  }

  // -- traffic

  /** Take a new line of traffic. */
  tell(line) {
    this.lines.push(line);
    if (this.lines.length > MOST_LINES) this.lines.shift();
    if (this.root.hidden) return;
    this.drawVerdict();
    if (!FILTERS.find(([name]) => name === this.filter)[2](line)) return;
    this.list.prepend(this.lineNode(line));
    while (this.list.children.length > MOST_LINES) this.list.lastChild.remove();
    if (line.kind === "fault") this.refreshWeather();
  }

  async refreshWeather() {
    this.drawWeather(await ask("weather", { as: world.me() }));
    if (world.hasPlatform) this.drawPlatform(await ask("platform"));
  }

  setFilter(name) {
    this.filter = name;
    for (const each of this.filters.children) each.setAttribute("aria-pressed", String(each.dataset.name === name));
    this.drawTraffic();
  }

  drawTraffic() {
    const [, , isShown] = FILTERS.find(([name]) => name === this.filter);
    this.list.replaceChildren(...this.lines.filter(isShown).reverse().map((line) => this.lineNode(line)));
    this.drawVerdict();
  }

  drawVerdict() {
    const count = world.violations;
    this.verdict.className = `verdict ${count ? "is-bad" : "is-good"}`;
    this.verdict.textContent = count ? `The bot broke ${count} ${count === 1 ? "rule" : "rules"} of Slack's` : "The bot has broken no rule of Slack's";
  }

  lineNode(line) {
    const detailId = freshId("detail");
    const row = el("li", { class: `line line-${line.kind}` });
    const summary = [
      el("time", { class: "line-time", text: timeText(new Date(line.at * 1000), world.zone(), true) }),
      el("span", { class: "line-kind", text: KIND_WORDS[line.kind] ?? line.kind }),
      line.rule && el("b", { class: "line-rule", text: line.rule }),
      el("span", { class: "line-summary", text: line.summary }),
    ];
    if (!line.has_detail) {
      row.append(el("span", { class: "line-head" }, summary));
      return row;
    }
    const head = el("button", { type: "button", class: "line-head", "aria-expanded": "false", "aria-controls": detailId, on: { click: () => this.toggle(line, row, head, detailId) } }, summary);
    row.append(head);
    return row;
  }

  async toggle(line, row, head, detailId) {
    const shown = row.querySelector("pre");
    head.setAttribute("aria-expanded", String(!shown));
    if (shown) {
      shown.remove();
      return;
    }
    const answer = await ask("entry", { as: world.me(), seq: line.seq }).catch((error) => ({ detail: error.message }));
    row.append(el("pre", { id: detailId, class: "detail", tabindex: "0", text: JSON.stringify(answer.detail, null, 2) }));
  }
}

function section(title, body, isFolded = false) {
  if (!isFolded) return el("section", { class: "panel-section" }, el("h3", { text: title }), body);
  return el("details", { class: "panel-section" }, el("summary", {}, el("h3", { text: title })), body);
}

function timesRow(id, times, clear) {
  return el("p", { class: "times" }, el("label", { for: id, text: "The next" }), times, el("span", { text: "requests" }),
    el("button", { type: "button", class: "small-button", text: "Clear all", on: { click: clear } }));
}

function waitingLines(lines) {
  return el("ul", { class: "waiting" }, lines.map((each) => el("li", { text: each })));
}

/** Return a fault as the platform told it in the form in which it takes it: what is empty is left out. */
function settable(fault) {
  return Object.fromEntries(Object.entries(fault).filter(([name, value]) => name === "times" || (value !== null && value !== "")));
}

function describe(fault) {
  const times = fault.times === null ? "until cleared" : `${fault.times} to come`;
  const [name, value] = Object.entries(fault)[0];
  return `${name} ${value}, ${times}`;
}
