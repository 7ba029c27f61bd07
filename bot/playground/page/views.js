// Modals and App Home: what the app shows beside messages.

import { ask, tryTo } from "./api.js";
import { blocks } from "./blocks.js";
import { el, freshId, iconButton } from "./dom.js";
import { plainText } from "./mrkdwn.js";
import { world } from "./state.js";

const HELD = ["value", "selected_option", "selected_options", "selected_conversation", "selected_conversations",
  "selected_channel", "selected_channels", "selected_user", "selected_users", "selected_date", "selected_time", "selected_date_time"];

export class Views {
  constructor(homeRoot) {
    this.homeRoot = homeRoot;
    this.dialog = null;
    this.shown = "";
    this.opener = null;
    this.queue = Promise.resolve();
    this.told = new Map(); // what each field of a view was last said to hold
  }

  /** Ask for the person's modals and home, and show them. */
  async refresh() {
    if (!world.app.shortcuts.length && !world.app.has_home && !world.app.has_modals) return;
    const screens = await ask("screens", { as: world.me() }).catch(() => null);
    if (!screens) return;
    this.showModal(screens.modals, screens);
    this.showHome(screens.home, screens);
  }

  /** Carry out gestures one after the other: what was typed goes before "submit". */
  gesture(name, body) {
    this.queue = this.queue.then(() => tryTo(`view/${name}`, { as: world.me(), ...body }));
    return this.queue;
  }

  surface(screen, choices) {
    const { view } = screen;
    return {
      isView: true,
      errors: screen.errors,
      held: (block, element) => {
        const state = view.state?.values?.[block.block_id]?.[element.action_id];
        return state ? HELD.map((name) => state[name]).find((each) => each !== undefined && each !== null) : undefined;
      },
      choices: (_block, element) => choices?.[element.action_id] ?? [],
      use: (block, element, chosen) => {
        if (element.type === "button" || element.type === "overflow") {
          return this.gesture("press", { view_id: view.id, action_id: element.action_id, chosen });
        }
        const held = Object.values(chosen)[0];
        const key = `${view.id} ${block.block_id} ${element.action_id}`;
        // Browsers tell a change again when the field loses the caret, or goes away with it.
        if (this.told.get(key) === JSON.stringify(held)) return undefined;
        this.told.set(key, JSON.stringify(held));
        return this.gesture("fill", { view_id: view.id, block_id: block.block_id, action_id: element.action_id, held });
      },
    };
  }

  // -- modals

  showModal(modals, screens) {
    const screen = modals.at(-1);
    if (!screen) {
      this.dialog?.close();
      this.dialog?.remove();
      if (this.dialog) this.opener?.focus();
      this.dialog = null;
      this.shown = "";
      this.told.clear();
      return;
    }
    const { view } = screen;
    const shape = JSON.stringify([view.id, view.title, view.blocks, screen.errors, screen.notice, screen.is_busy, modals.length]);
    if (shape === this.shown) return;
    this.shown = shape;
    const focused = document.activeElement?.dataset?.action;
    if (!this.dialog) {
      this.opener = document.activeElement;
      this.dialog = el("dialog", { class: "dialog modal", on: { cancel: (event) => { event.preventDefault(); this.gesture("close", { view_id: this.viewId }); } } });
      document.body.append(this.dialog);
    }
    this.viewId = view.id;
    this.drawModal(screen, modals.length, screens);
    if (!this.dialog.open) this.dialog.showModal();
    const again = focused && this.dialog.querySelector(`[data-action="${CSS.escape(focused)}"]`);
    const wrong = this.dialog.querySelector("[aria-invalid=true]");
    (wrong ?? again ?? this.dialog.querySelector(".modal-body input, .modal-body textarea, .modal-body select") ?? this.dialog.querySelector(".button"))?.focus();
  }

  drawModal(screen, depth, screens) {
    const { view } = screen;
    const titleId = freshId("modal");
    this.dialog.setAttribute("aria-labelledby", titleId);
    const submit = view.submit && el("button", { type: "submit", class: "button primary", disabled: screen.is_busy }, plainText(view.submit.text));
    this.dialog.replaceChildren(el("form", { class: "modal-form", novalidate: true, on: { submit: (event) => { event.preventDefault(); this.submit(view.id); } } },
      el("div", { class: "pane-head" }, el("h2", { id: titleId }, plainText(view.title.text)),
        iconButton("close", "Close", () => this.gesture("close", { view_id: view.id, everything: true }))),
      screen.notice && el("p", { class: "notice", role: "alert", text: screen.notice }),
      el("div", { class: "modal-body" }, blocks(view.blocks, this.surface(screen, screens.choices))),
      el("div", { class: "dialog-actions" },
        el("button", { type: "button", class: "button", on: { click: () => this.gesture("close", { view_id: view.id }) } }, plainText(view.close?.text ?? (depth > 1 ? "Back" : "Cancel"))),
        submit)));
    this.dialog.toggleAttribute("aria-busy", Boolean(screen.is_busy));
  }

  async submit(viewId) {
    // A field that still has the caret has not told its change yet.
    const field = this.dialog.querySelector(":focus");
    if (field?.matches("input, textarea")) field.dispatchEvent(new Event("change"));
    await this.gesture("submit", { view_id: viewId });
  }

  // -- home

  showHome(screen, screens) {
    if (!screen) {
      this.homeRoot.replaceChildren(el("p", { class: "empty", text: "This app shows nothing at home yet." }));
      return;
    }
    this.homeRoot.replaceChildren(el("div", { class: "home-blocks" }, blocks(screen.view.blocks, this.surface(screen, screens.choices))));
  }
}
