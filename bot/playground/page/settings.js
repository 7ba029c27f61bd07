// What this browser keeps: the theme, and what the keyboard does to text. And the small menus.

import { el, freshId, icon, iconButton } from "./dom.js";
import { kept } from "./state.js";

const THEMES = [["auto", "As the system"], ["light", "Light"], ["dark", "Dark"]];
const KEYBOARD = [
  ["auto_link", "Links by itself", "numbers, e-mail addresses and domains become links, as in Slack's clients"],
  ["smart_quotes", "Smart quotes", "“bent” quotes, as phones and macOS type them"],
  ["smart_dashes", "Smart dashes", "-- and a - before a figure become dashes"],
  ["nbsp_after_mention", "Hard space after a mention", "as Slack's completion leaves one"],
];

/** Put the theme on the page. */
export function applyTheme() {
  document.documentElement.dataset.theme = kept.get("theme", "auto");
}

/** Show the settings; closes with Escape, a click outside, or its button. */
export function openSettings() {
  const titleId = freshId("settings");
  const dialog = dialogNode("settings-dialog", titleId);
  const on = new Set(kept.get("keyboard", []));
  const theme = freshId("theme");
  dialog.append(
    el("div", { class: "pane-head" }, el("h2", { id: titleId, text: "Settings of this browser" }), iconButton("close", "Close", () => dialog.close())),
    el("fieldset", { class: "input-block" }, el("legend", { text: "Colours" }),
      el("div", { class: "choices" }, THEMES.map(([name, title]) => el("label", { class: "choice" },
        el("input", { type: "radio", name: theme, checked: kept.get("theme", "auto") === name, on: { change: () => { kept.set("theme", name); applyTheme(); } } }),
        el("span", { text: title }))))),
    el("fieldset", { class: "input-block" }, el("legend", { text: "Keyboard" }),
      el("div", { class: "choices" }, KEYBOARD.map(([name, title, detail]) => el("label", { class: "choice" },
        el("input", { type: "checkbox", checked: on.has(name), on: { change: (event) => {
          if (event.target.checked) on.add(name);
          else on.delete(name);
          kept.set("keyboard", [...on]);
        } } }),
        el("span", {}, title, el("small", { text: detail })))))),
    el("section", { class: "input-block" }, el("h3", { text: "Keys" }), el("dl", { class: "keys" },
      [["F6", "next part of the page"], ["↑ ↓", "from message to message; in an empty field, what was sent before"], ["T", "open the message's thread"],
        ["Tab", "take what is offered"], ["Shift Enter", "a new line"], ["Esc", "close"]]
        .flatMap(([key, what]) => [el("dt", {}, el("kbd", { text: key })), el("dd", { text: what })]))));
  dialog.showModal();
}

function dialogNode(className, titleId) {
  const dialog = el("dialog", { class: `dialog ${className}`, "aria-labelledby": titleId, on: {
    close: () => dialog.remove(),
    click: (event) => event.target === dialog && dialog.close(),
  } });
  document.body.append(dialog);
  return dialog;
}

/** Show a menu at `anchor`: items are [title, run, detail]. Arrow keys move, Escape closes. */
export function openMenu(anchor, items, label) {
  document.querySelector(".menu")?.remove();
  const menu = el("ul", { class: "menu", role: "menu", "aria-label": label }, items.map(([title, run, detail]) =>
    el("li", { role: "none" }, el("button", { type: "button", role: "menuitem", class: "menu-item", on: { click: () => { close(); run(); } } },
      el("span", { text: title }), detail && el("small", { text: detail })))));
  const buttons = [...menu.querySelectorAll("button")];
  const close = () => {
    menu.remove();
    document.removeEventListener("mousedown", onOutside);
    if (anchor.isConnected) anchor.focus();
  };
  const onOutside = (event) => !menu.contains(event.target) && close();
  menu.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(document.activeElement);
    const goal = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (goal !== undefined) buttons[(goal + buttons.length) % buttons.length].focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  document.body.append(menu);
  const place = anchor.getBoundingClientRect();
  menu.style.top = `${Math.min(place.bottom + 4, innerHeight - menu.offsetHeight - 8)}px`;
  menu.style.left = `${Math.max(8, Math.min(place.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8))}px`;
  document.addEventListener("mousedown", onOutside);
  buttons[0]?.focus();
}

export { icon };
