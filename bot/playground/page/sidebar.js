// Conversations at the left: channels and direct messages, with what is new in them.

import { el, icon } from "./dom.js";
import { face } from "./messages.js";
import { world } from "./state.js";

/** Draw the list; `current` is the open conversation's id, `open(id)` opens one. */
export function drawSidebar(root, current, open) {
  const channels = world.channels.filter((each) => each.kind !== "im");
  const directs = world.channels.filter((each) => each.kind === "im").sort((a, b) => Number(b.with === world.app.user) - Number(a.with === world.app.user));
  const had = root.contains(document.activeElement) ? document.activeElement.dataset.id : undefined;
  root.replaceChildren(group("Channels", channels, current, open), group("Direct messages", directs, current, open), whoAmI());
  if (had) root.querySelector(`[data-id="${CSS.escape(had)}"]`)?.focus();
}

function group(title, list, current, open) {
  const id = `group-${title.toLowerCase().replace(" ", "-")}`;
  return el("section", { class: "group" }, el("h2", { id, text: title }),
    el("ul", { "aria-labelledby": id }, list.map((each) => el("li", {}, entry(each, current, open)))));
}

function entry(channel, current, open) {
  const isUnread = channel.unread > 0 && channel.id !== current;
  const news = isUnread ? `, ${channel.unread} unread` : "";
  const sign = channel.kind === "im" ? face(channel.with, "face face-tiny") : icon(channel.kind === "private" ? "lock" : "hash");
  return el("button", {
    type: "button", class: `conversation-entry${isUnread ? " is-unread" : ""}`, dataset: { id: channel.id },
    "aria-current": channel.id === current ? "page" : undefined, "aria-label": `${channel.name}${news}`,
    on: { click: () => open(channel.id) },
  }, sign, el("span", { class: "entry-name", text: channel.name }),
  channel.is_ext_shared && el("span", { class: "entry-tag", text: "shared" }),
  isUnread && channel.pings > 0 && el("span", { class: "pings", text: String(channel.pings) }));
}

function whoAmI() {
  const { person } = world;
  return el("div", { class: "who" }, face(person.id),
    el("p", {}, el("b", { text: person.real_name }), el("span", { text: `${person.role} · ${person.tz}` })));
}
