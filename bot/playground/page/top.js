// The bar at the top: who acts, whether the bot is there, and how many rules it broke.

import { el } from "./dom.js";
import { world } from "./state.js";

const $ = (id) => document.getElementById(id);

/** Offer everybody to act as. */
export function drawActors() {
  $("actor").replaceChildren(...world.actors.map((id) => {
    const person = world.people[id];
    return el("option", { value: id, selected: id === world.me(), text: `${person.real_name} · ${person.role} · ${person.tz.split("/").at(-1).replaceAll("_", " ")}` });
  }));
}

/** Say whether the workspace and the bot can be reached; a screen reader hears of changes only. */
export function showLink(isLost) {
  const state = $("link-state");
  const words = isLost ? "Workspace not reached" : world.isConnected ? `${world.app.name} is connected` : `${world.app.name} is away`;
  state.className = `link-state ${isLost || !world.isConnected ? "is-away" : "is-here"}`;
  if (state.textContent !== words) state.replaceChildren(el("span", { class: "lamp" }), el("span", { text: words }));
}

/** Count the broken rules on the button of the panel. */
export function drawVerdict() {
  const count = world.violations;
  $("open-panel").replaceChildren(el("span", { class: "panel-word", text: "Behind the scenes" }), count ? el("span", { class: "broken", text: `${count} broken` }) : "");
  $("open-panel").setAttribute("aria-label", count ? `Behind the scenes: ${count} ${count === 1 ? "rule" : "rules"} broken` : "Behind the scenes");
}
