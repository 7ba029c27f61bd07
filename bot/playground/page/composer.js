// The field where people type: grows with its text, offers what can come next, remembers what was sent.

import { act, Refused } from "./api.js";
import { complete } from "./completion.js";
import { el, freshId, icon, toast } from "./dom.js";
import { keyboard, tab, world } from "./state.js";

const MOST_REMEMBERED = 50;

export class Composer {
  /** `place()` returns {channel, thread, label, isArchived}; `onSent(text)` hears of what went out. */
  constructor(root, place, { onSent, canBroadcast = false } = {}) {
    Object.assign(this, { place, onSent, offers: [], picked: -1, from: 0, isEager: false, historyAt: -1, draft: "", isOpen: false });
    const id = freshId("field");
    const listId = freshId("offers");
    this.field = el("textarea", {
      id, class: "composer-field", rows: 1, role: "combobox", "aria-expanded": "false", "aria-controls": listId,
      "aria-autocomplete": "list", "aria-haspopup": "listbox", "aria-label": "Message", autocomplete: "off", spellcheck: "true", enterkeyhint: "send",
    });
    this.list = el("ul", { id: listId, class: "offers", role: "listbox", "aria-label": "What can come next" });
    this.listBox = el("div", { class: "offers-box", hidden: true }, this.list,
      el("p", { class: "offers-help", "aria-hidden": "true" }, el("kbd", { text: "Tab" }), " takes it, ", el("kbd", { text: "↑" }), el("kbd", { text: "↓" }), " choose, ", el("kbd", { text: "Esc" }), " closes"));
    this.hint = el("p", { class: "composer-hint", id: freshId("hint") });
    this.button = el("button", { type: "button", class: "send", "aria-label": "Send", title: "Send (Enter)", on: { click: () => this.send() } }, icon("send"));
    this.broadcast = el("input", { type: "checkbox" });
    this.broadcastLabel = el("label", { class: "broadcast" }, this.broadcast, el("span", {}));
    this.field.setAttribute("aria-describedby", this.hint.id);
    root.classList.add("composer");
    root.replaceChildren(this.listBox, el("div", { class: "composer-box" }, this.field, this.button),
      canBroadcast ? this.broadcastLabel : "", this.hint);
    this.field.addEventListener("input", () => this.onInput());
    this.field.addEventListener("keydown", (event) => this.onKey(event));
    this.field.addEventListener("click", () => this.offer());
    this.field.addEventListener("blur", () => setTimeout(() => !root.contains(document.activeElement) && this.close(), 120));
  }

  /** Show where it writes to now. */
  moved() {
    const { label, isClosed } = this.place();
    this.field.placeholder = isClosed ? "Nobody can write here" : label;
    this.field.setAttribute("aria-label", label);
    this.field.disabled = this.button.disabled = Boolean(isClosed);
    this.broadcastLabel.lastChild.textContent = `Also send to #${world.channel(this.place().channel)?.name ?? ""}`;
    this.broadcast.checked = false;
    this.historyAt = -1;
    this.set(tab.get(this.draftKey(), ""), { isQuiet: true });
  }

  draftKey() {
    const { channel, thread } = this.place();
    return `draft.${world.me()}.${channel}.${thread ?? ""}`;
  }

  set(text, { isQuiet = false } = {}) {
    this.field.value = text;
    this.field.setSelectionRange(text.length, text.length);
    this.fit();
    if (isQuiet) {
      this.hint.textContent = "";
      this.close();
    } else this.offer();
  }

  focus() {
    this.field.focus();
  }

  /** Write and send, as if somebody had typed it. */
  async say(text) {
    this.set(text, { isQuiet: true });
    await this.send();
  }

  async send() {
    const text = this.field.value.replace(/\s+$/, "");
    if (!text.trim() || this.field.disabled) return;
    const { channel, thread } = this.place();
    this.set("", { isQuiet: true });
    this.remember(text);
    tab.set(this.draftKey(), "");
    try {
      await act("send", { as: world.me(), channel, thread, text, keyboard: keyboard(), is_broadcast: this.broadcast.checked });
      this.onSent?.(text);
      this.broadcast.checked = false;
    } catch (error) {
      if (!this.field.value) this.set(text, { isQuiet: true });
      tab.set(this.draftKey(), this.field.value);
      toast(error instanceof Refused ? `Not sent: ${error.message}` : "Not sent: the workspace does not answer.");
    }
  }

  // -- history

  remember(text) {
    const sent = tab.get(`sent.${world.me()}`, []).filter((each) => each !== text);
    tab.set(`sent.${world.me()}`, [...sent, text].slice(-MOST_REMEMBERED));
    this.historyAt = -1;
  }

  recall(step) {
    const sent = tab.get(`sent.${world.me()}`, []);
    const at = this.historyAt < 0 ? sent.length + step : this.historyAt + step;
    if (at < 0 || !sent.length) return;
    if (this.historyAt < 0) this.draft = this.field.value;
    const isBack = at >= sent.length;
    this.set(isBack ? this.draft : sent[at], { isQuiet: true });
    this.historyAt = isBack ? -1 : at;
  }

  // -- what can come next

  onInput() {
    this.historyAt = -1;
    tab.set(this.draftKey(), this.field.value);
    this.fit();
    this.offer();
  }

  fit() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight + 2, 220)}px`;
    this.button.classList.toggle("is-ready", Boolean(this.field.value.trim()));
  }

  offer() {
    const { channel, thread } = this.place();
    const where = { isThread: Boolean(thread), isDirect: world.channel(channel)?.with === world.app.user, members: world.channel(channel)?.members ?? [] };
    const found = complete(this.field.value, this.field.selectionStart, where);
    this.hint.textContent = found.hint || this.refusalHint(thread);
    this.offers = found.offers;
    this.from = found.from;
    this.isEager = found.isEager;
    this.picked = found.isEager && found.offers.length ? 0 : -1;
    this.isOpen = found.offers.length > 0 && document.activeElement === this.field;
    this.draw();
  }

  refusalHint(thread) {
    return thread && this.field.value.startsWith("/") ? "Slash commands do not work in threads. Mention the app instead: @callwatch calls …" : "";
  }

  draw() {
    this.listBox.hidden = !this.isOpen;
    this.field.setAttribute("aria-expanded", String(this.isOpen));
    this.list.replaceChildren(...this.offers.map((offer, index) =>
      el("li", {
        id: `${this.list.id}-${index}`, role: "option", class: "offer", "aria-selected": String(index === this.picked),
        on: { mousedown: (event) => { event.preventDefault(); this.take(index); } },
      },
      el("span", { class: "offer-text" }, el("b", { text: offer.label }), offer.usage && el("span", { class: "offer-usage", text: ` ${offer.usage}` })),
      el("span", { class: "offer-hint", text: offer.hint }))));
    const active = this.isOpen && this.picked >= 0 ? `${this.list.id}-${this.picked}` : "";
    if (active) {
      this.field.setAttribute("aria-activedescendant", active);
      document.getElementById(active)?.scrollIntoView({ block: "nearest" });
    } else this.field.removeAttribute("aria-activedescendant");
  }

  take(index) {
    const offer = this.offers[index];
    const after = this.field.value.slice(this.field.selectionStart);
    const text = this.field.value.slice(0, this.from) + offer.text;
    this.field.value = text + after.replace(/^\s/, "");
    this.field.setSelectionRange(text.length, text.length);
    this.field.focus();
    this.onInput();
  }

  close() {
    this.isOpen = false;
    this.draw();
  }

  onKey(event) {
    const { key } = event;
    if (event.isComposing) return;
    if (this.isOpen && (key === "ArrowDown" || key === "ArrowUp")) {
      const count = this.offers.length;
      const step = key === "ArrowDown" ? 1 : -1;
      this.picked = this.picked < 0 ? (step > 0 ? 0 : count - 1) : (this.picked + step + count) % count;
      this.draw();
    } else if (this.isOpen && key === "Tab" && !event.shiftKey) {
      this.take(Math.max(0, this.picked));
    } else if (this.isOpen && key === "Escape") {
      this.close();
    } else if (key === "Enter" && !event.shiftKey) {
      if (this.isOpen && this.picked >= 0) this.take(this.picked);
      else this.send();
    } else if (key === "ArrowUp" && !this.isOpen && (this.historyAt >= 0 || !this.field.value)) {
      this.recall(-1);
    } else if (key === "ArrowDown" && this.historyAt >= 0) {
      this.recall(1);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
