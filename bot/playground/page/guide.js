// The first minute: things to try, each one click, and what a real installation needs next.

import { el, icon, iconButton, toast } from "./dom.js";
import { kept, world } from "./state.js";

/** Draw the card; `go(thing)` does one thing, `close()` puts the card away. */
export function drawGuide(root, { go, close }) {
  const done = new Set(kept.get("tried", []));
  root.classList.toggle("is-compact", done.size > 0); // what has been understood gives its place to the messages
  root.replaceChildren(
    el("div", { class: "guide-head" },
      el("h2", { text: "Three things to try" }),
      iconButton("close", "Put the first steps away", close)),
    el("ol", { class: "tries" }, world.tour.tries.map((thing) => el("li", {},
      el("button", { type: "button", class: "try", on: { click: async () => {
        kept.set("tried", [...new Set([...kept.get("tried", []), thing.title])]);
        await go(thing);
      } } },
      el("b", {}, thing.title, done.has(thing.title) && el("span", { class: "done" }, icon("check"), el("span", { class: "visually-hidden", text: "tried" }))),
      el("code", { text: thing.text }),
      el("span", { class: "try-detail", text: thing.detail }))))),
    el("details", { class: "next-steps" },
      el("summary", { text: "Then, with your own Slack and your own calls" }),
      el("ol", {}, world.tour.next_steps.map(([command, what]) => el("li", {},
        el("span", { text: what }),
        el("span", { class: "copyable" }, el("code", { text: command }),
          iconButton("copy", `Copy ${command}`, () => copy(command))))))));
}

/** Put a text on the clipboard, and say so. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.");
  } catch {
    toast(`This browser does not let me copy. It is: ${text}`);
  }
}
