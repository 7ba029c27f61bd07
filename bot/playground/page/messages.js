// A list of messages, of a channel or of a thread: added to, changed and taken from one at a time.

import { el, freshId, icon, iconButton } from "./dom.js";
import { blocks } from "./blocks.js";
import { linkNode, mrkdwn } from "./mrkdwn.js";
import { world } from "./state.js";
import { agoText, dayText, fullText, isSameDay, timeText } from "./when.js";

const GROUP_S = 300; // messages of one speaker this close show the name once
const NEAR_END_PX = 60; // closer to the end than this, a reader is at the end
const MOST_ROWS = 400; // while somebody reads at the end, older rows are let go

const instant = (ts) => new Date(Number(ts) * 1000);

/** Return a person's picture: initials on a colour of their own, the app's own sign. */
export function face(userId, className = "face") {
  const person = world.people[userId];
  if (person?.is_app) return el("img", { class: className, src: "/callwatch.svg", alt: "" });
  const name = person?.real_name ?? "Workspace";
  const initials = name.split(/\s+/).map((word) => word[0]).join("").slice(0, 2).toUpperCase();
  const hue = [...(userId ?? "")].reduce((sum, character) => (sum * 31 + character.codePointAt(0)) % 997, 7) % 8;
  return el("span", { class: `${className} face-${hue}`, "aria-hidden": "true", text: initials });
}

export class MessageList {
  /** `hooks`: use(message, block, element, chosen), openThread(message), older(), menu(message), seen(ts). */
  constructor(frame, log, hooks, { isThread = false } = {}) {
    Object.assign(this, { frame, log, hooks, isThread, rows: new Map(), order: [], readTs: "", isAtEnd: true });
    this.hasOlder = false;
    this.isLoading = false;
    this.rowsNode = el("div", { class: "rows" });
    this.olderNode = el("p", { class: "older", hidden: true, text: "Loading older messages…" });
    log.replaceChildren(this.olderNode, this.rowsNode);
    this.top = new IntersectionObserver((seen) => seen.at(-1).isIntersecting && this.loadOlder(), { root: log, rootMargin: "600px 0px 0px 0px" });
    this.toolbar = this.makeToolbar();
    log.addEventListener("scroll", () => this.onScroll(), { passive: true });
    log.addEventListener("keydown", (event) => this.onKey(event));
    log.addEventListener("focusin", (event) => this.showToolbar(event.target.closest(".message")));
    log.addEventListener("mouseover", (event) => this.showToolbar(event.target.closest(".message")));
    log.addEventListener("mouseleave", () => !log.contains(document.activeElement) && this.toolbar.remove());
    new ResizeObserver(() => this.isAtEnd && this.toEnd()).observe(this.rowsNode);
    new ResizeObserver(() => this.isAtEnd && this.toEnd()).observe(log);
  }

  /** Show these messages and no others; `readTs` is where what is new begins. */
  show(messages, { hasOlder = false, readTs = "" } = {}) {
    this.rows.clear();
    this.order = [];
    this.readTs = readTs;
    this.hasOlder = hasOlder;
    this.toolbar.remove();
    this.rowsNode.replaceChildren();
    this.insert(messages);
    this.toEnd();
    this.watchTop();
  }

  /** Put older messages on top; what the reader looks at stays where it is. */
  prepend(messages, hasOlder) {
    const before = this.log.scrollHeight - this.log.scrollTop;
    this.hasOlder = hasOlder;
    this.insert(messages);
    this.log.scrollTop = this.log.scrollHeight - before;
  }

  /** Add a message, or show its new state. Returns whether it is new here. */
  upsert(message) {
    const known = this.rows.get(message.ts);
    if (known) {
      if (message.version >= known.message.version) this.replace(known, message);
      return false;
    }
    if (this.hasOlder && this.order.length && message.ts < this.order[0]) return false;
    this.insert([message]);
    if (this.isAtEnd) {
      this.dropOldest();
      this.toEnd();
    }
    return true;
  }

  remove(ts) {
    const row = this.rows.get(ts);
    if (!row) return;
    const at = this.order.indexOf(ts);
    if (row.node.contains(document.activeElement)) this.log.focus();
    row.node.remove();
    this.rows.delete(ts);
    this.order.splice(at, 1);
    this.decorate(at);
  }

  /** Show how many replies a message has. */
  setThread(ts, thread) {
    const row = this.rows.get(ts);
    if (row) this.replace(row, { ...row.message, thread });
  }

  /** Return the newest ts, "" for an empty list. */
  get newest() {
    return this.order.at(-1) ?? "";
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.isAtEnd = true;
  }

  /** Show "new" from here on, for what comes while nobody looks. */
  markRead(ts) {
    this.readTs = ts;
  }

  // -- rows

  insert(messages) {
    if (!messages.length) return;
    const fragment = document.createDocumentFragment();
    const isAfterAll = !this.order.length || messages[0].ts > this.newest;
    const first = isAfterAll ? this.order.length : 0;
    for (const message of messages) {
      const row = { message, node: null };
      row.node = this.rowNode(row);
      this.rows.set(message.ts, row);
      fragment.append(row.node);
    }
    if (isAfterAll) {
      this.order.push(...messages.map((each) => each.ts));
      this.rowsNode.append(fragment);
    } else if (messages.at(-1).ts < this.order[0]) {
      this.order.unshift(...messages.map((each) => each.ts));
      this.rowsNode.prepend(fragment);
    } else {
      this.order = [...this.order, ...messages.map((each) => each.ts)].sort();
      for (const each of messages) {
        const next = this.order[this.order.indexOf(each.ts) + 1];
        this.rowsNode.insertBefore(this.rows.get(each.ts).node, next ? this.rows.get(next).node : null);
      }
    }
    const isBeforeAll = !isAfterAll && messages.at(-1).ts < this.order[messages.length];
    const last = isBeforeAll ? messages.length + 1 : this.order.length;
    for (let at = first; at < last; at += 1) this.decorate(at);
  }

  replace(row, message) {
    const hadFocus = row.node.contains(document.activeElement);
    const action = document.activeElement?.dataset?.action;
    row.message = message;
    const node = this.rowNode(row);
    row.node.replaceWith(node);
    row.node = node;
    const at = this.order.indexOf(message.ts);
    this.decorate(at);
    this.decorate(at + 1);
    if (!hadFocus) return;
    const again = action && [...node.querySelectorAll("[data-action]")].find((each) => each.dataset.action === action);
    (again ?? node.querySelector(".message")).focus();
  }

  dropOldest() {
    if (this.order.length <= MOST_ROWS) return;
    while (this.order.length > MOST_ROWS) {
      const ts = this.order.shift();
      this.rows.get(ts).node.remove();
      this.rows.delete(ts);
      this.hasOlder = true;
    }
    this.watchTop();
  }

  /** Set what depends on the message before: the day, the line where new things begin, the speaker's name. */
  decorate(at) {
    const row = this.rows.get(this.order[at]);
    if (!row) return;
    const before = this.rows.get(this.order[at - 1])?.message;
    const { message, node } = row;
    const isNewDay = !before || !isSameDay(instant(before.ts), instant(message.ts), world.zone());
    const isFirstNew = this.readTs && message.ts > this.readTs && (!before || before.ts <= this.readTs) && message.user !== world.me();
    const isFollowing = before && !isNewDay && !isFirstNew && before.user === message.user && before.is_ephemeral === message.is_ephemeral
      && message.ts - before.ts < GROUP_S && !before.thread && !message.is_broadcast;
    node.querySelector(".divider")?.remove();
    if ((isNewDay && !this.isThread) || isFirstNew) {
      const day = isNewDay ? dayText(instant(message.ts), world.zone(), world.now()) : "";
      node.prepend(el("div", { class: `divider${isFirstNew ? " is-new" : ""}`, role: "separator" },
        day && el("span", { class: "divider-day", text: day }), isFirstNew && el("span", { class: "divider-new", text: "New" })));
    }
    node.classList.toggle("is-following", Boolean(isFollowing));
  }

  rowNode(row) {
    const { message } = row;
    const when = instant(message.ts);
    const person = world.people[message.user];
    const name = message.author === "slack" ? "Workspace" : person?.real_name ?? message.user;
    const bodyId = freshId("body");
    const nameId = freshId("name");
    const body = el("div", { class: "body", id: bodyId });
    if (message.is_broadcast && !this.isThread) {
      body.append(el("button", { type: "button", class: "link-button", text: "replied to a thread", on: { click: () => this.hooks.openThread(message) } }));
    }
    body.append(...this.contentNodes(message));
    const article = el("article", {
      class: `message${message.is_ephemeral ? " is-ephemeral" : ""}`, tabindex: "-1",
      "aria-labelledby": `${nameId} ${bodyId}`, dataset: { ts: message.ts },
    },
    message.is_ephemeral && el("p", { class: "only-you" }, icon("eye"), "Only visible to you"),
    el("div", { class: "gutter" }, face(message.author === "slack" ? "" : message.user),
      el("time", { class: "gutter-time", "aria-hidden": "true", text: timeText(when, world.zone()) })),
    el("div", { class: "content" },
      el("header", { class: "byline", id: nameId },
        el("span", { class: "speaker", text: name }),
        message.author !== "person" && el("span", { class: "badge", text: message.author === "app" ? "App" : "Note" }),
        person && person.role !== "member" && person.role !== "app" && el("span", { class: "badge badge-guest", text: person.role }),
        el("time", { class: "when", datetime: when.toISOString(), title: fullText(when, world.zone()), text: timeText(when, world.zone()) })),
      body, this.threadNode(message)));
    return el("div", { class: "row" }, article);
  }

  contentNodes(message) {
    const surface = { use: (block, element, chosen) => this.hooks.use(message, block, element, chosen) };
    const nodes = message.blocks.length
      ? blocks(message.blocks, surface)
      : [el("div", { class: "block mrkdwn" }, mrkdwn(message.text, world))];
    for (const attachment of message.attachments) {
      nodes.push(el("div", { class: "attachment mrkdwn" }, attachment.blocks
        ? blocks(attachment.blocks, surface)
        : mrkdwn([attachment.pretext, attachment.title, attachment.text ?? attachment.fallback].filter(Boolean).join("\n"), world)));
    }
    nodes.push(...(message.files ?? []).map((each) => fileNode(each)));
    if (message.is_edited) nodes.push(el("span", { class: "edited", text: "(edited)" }));
    return nodes;
  }

  threadNode(message) {
    if (this.isThread || !message.thread) return null;
    const { count, users, last_ts: lastTs } = message.thread;
    const label = `${count} ${count === 1 ? "reply" : "replies"}`;
    return el("button", { type: "button", class: "thread-bar", on: { click: () => this.hooks.openThread(message) } },
      el("span", { class: "faces" }, users.map((each) => face(each, "face face-small"))),
      el("b", { text: label }),
      el("span", { class: "thread-when", text: `Last reply ${agoText(instant(lastTs), world.now())}` }));
  }

  // -- the toolbar over a message

  makeToolbar() {
    return el("div", { class: "toolbar", role: "toolbar", "aria-label": "Message" },
      !this.isThread && iconButton("thread", "Reply in thread (T)", () => this.hooks.openThread(this.current())),
      iconButton("more", "More actions", (event) => this.hooks.menu(this.current(), event.currentTarget)));
  }

  current() {
    return this.rows.get(this.toolbar.closest(".message")?.dataset.ts)?.message;
  }

  showToolbar(article) {
    if (!article || article.contains(this.toolbar)) return;
    const message = this.rows.get(article.dataset.ts)?.message;
    if (!message) return;
    // What only one person sees has no thread, no link and no shortcuts.
    if (message.is_ephemeral || message.author === "slack") this.toolbar.remove();
    else article.append(this.toolbar);
  }

  // -- moving about

  onScroll() {
    const { scrollTop, scrollHeight, clientHeight } = this.log;
    this.isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    if (this.isAtEnd) this.hooks.seen?.(this.newest);
  }

  async loadOlder() {
    if (!this.hasOlder || this.isLoading) return;
    this.isLoading = true;
    try {
      await this.hooks.older(this.order[0]);
    } finally {
      this.isLoading = false;
      this.watchTop();
    }
  }

  /** Ask for older messages when their place comes near; also when it is near already. */
  watchTop() {
    this.olderNode.hidden = !this.hasOlder;
    this.top.unobserve(this.olderNode);
    if (this.hasOlder) this.top.observe(this.olderNode);
  }

  onKey(event) {
    const article = event.target.closest(".message");
    if (event.target !== article && event.target !== this.log) return;
    const at = article ? this.order.indexOf(article.dataset.ts) : this.order.length;
    const goal = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: this.order.length - 1 }[event.key];
    if (goal !== undefined) {
      const row = this.rows.get(this.order[Math.max(0, Math.min(goal, this.order.length - 1))]);
      row?.node.querySelector(".message").focus();
      event.preventDefault();
    } else if ((event.key === "t" || event.key === "T") && article && !this.isThread && !event.ctrlKey && !event.metaKey) {
      const { message } = this.rows.get(article.dataset.ts);
      if (!message.is_ephemeral) this.hooks.openThread(message);
      event.preventDefault();
    }
  }
}

function fileNode(file) {
  const source = `/files?${new URLSearchParams({ as: world.me(), id: file.id })}`;
  if (file.mimetype?.startsWith("image/")) {
    return el("figure", { class: "image-block" }, el("figcaption", { text: file.title || file.name }),
      el("img", { class: "picture", src: source, alt: file.alt_txt || file.title || file.name, loading: "lazy" }));
  }
  return el("p", { class: "file" }, el("a", { href: source, download: file.name, text: file.title || file.name }),
    el("small", { text: ` ${file.mimetype ?? ""} · ${file.size ?? 0} bytes` }));
}

export { linkNode };
