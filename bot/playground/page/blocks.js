// Block Kit as DOM nodes. A surface says what happens when a control is used: use(block, element, chosen).

import { el, freshId } from "./dom.js";
import { decode, linkNode, mrkdwn, plainText } from "./mrkdwn.js";
import { control, confirmed } from "./controls.js";
import { world } from "./state.js";

/** Return the nodes of `blocks`. `surface`: {use(block, element, chosen), held(block, element), errors, isView}. */
export function blocks(list, surface) {
  return list.map((block) => {
    const make = MAKERS[block.type];
    const node = make ? make(block, surface) : el("p", { class: "unknown-block", text: `A block of type “${block.type}”` });
    node.classList.add("block");
    return node;
  });
}

/** Return the nodes of a text object. */
export function textNodes(object) {
  if (!object) return document.createTextNode("");
  return object.type === "mrkdwn" ? mrkdwn(object.text, world) : plainText(object.text);
}

const MAKERS = {
  header: (block) => el("h3", { class: "header-block" }, plainText(block.text.text)),
  divider: () => el("hr"),
  section: (block, surface) => {
    const body = el("div", { class: "section-body" });
    if (block.text) body.append(el("div", { class: "mrkdwn" }, textNodes(block.text)));
    if (block.fields) {
      body.append(el("div", { class: "fields" }, block.fields.map((each) => el("div", { class: "mrkdwn" }, textNodes(each)))));
    }
    const accessory = block.accessory && accessoryNode(block, block.accessory, surface);
    return el("div", { class: "section" }, body, accessory && el("div", { class: "accessory" }, accessory));
  },
  context: (block) =>
    el("div", { class: "context" }, block.elements.map((each) =>
      each.type === "image" ? picture(each, "context-image") : el("span", { class: "mrkdwn" }, textNodes(each)))),
  actions: (block, surface) =>
    el("div", { class: "actions" }, block.elements.map((each) => control(block, each, surface))),
  image: (block) => {
    const figure = el("figure", { class: "image-block" });
    if (block.title) figure.append(el("figcaption", {}, textNodes(block.title)));
    figure.append(picture(block, "picture"));
    return figure;
  },
  input: (block, surface) => inputNode(block, surface),
  file: (block) => el("p", { class: "file", text: `File ${block.external_id}` }),
  markdown: (block) => el("div", { class: "mrkdwn" }, mrkdwn(block.text, world)),
  rich_text: (block) => el("div", { class: "mrkdwn" }, block.elements.map(richPart)),
};

function accessoryNode(block, element, surface) {
  return element.type === "image" ? picture(element, "thumbnail") : control(block, element, surface);
}

function inputNode(block, surface) {
  const id = freshId("input");
  const error = surface.errors?.[block.block_id];
  const field = control(block, block.element, { ...surface, id, isInvalid: Boolean(error) });
  const isGroup = ["radio_buttons", "checkboxes"].includes(block.element.type);
  const label = el(isGroup ? "legend" : "label", isGroup ? {} : { for: id }, plainText(block.label.text));
  if (block.optional) label.append(el("span", { class: "optional", text: " (optional)" }));
  const parts = [label, field];
  if (error) parts.push(el("p", { class: "field-error", id: `${id}-error`, role: "alert", text: error }));
  else if (block.hint) parts.push(el("p", { class: "hint", id: `${id}-hint` }, plainText(block.hint.text)));
  return el(isGroup ? "fieldset" : "div", { class: "input-block", dataset: { block: block.block_id } }, parts);
}

/** A picture from this workspace; one from elsewhere is a link, because this page loads nothing from the network. */
function picture(element, className) {
  const file = element.slack_file;
  const source = file ? `/files?${new URLSearchParams({ as: world.me(), ...file })}` : element.image_url ?? "";
  if (!source.startsWith("/") && !source.startsWith("data:image/")) {
    return el("span", { class: "picture-elsewhere" }, linkNode(decode(source), `Picture: ${element.alt_text}`));
  }
  return el("img", { class: className, src: source, alt: element.alt_text, loading: "lazy" });
}

function richPart(part) {
  const spans = (part.elements ?? []).map(richPart);
  switch (part.type) {
    case "rich_text_section": return el("div", {}, spans);
    case "rich_text_preformatted": return el("pre", {}, spans);
    case "rich_text_quote": return el("blockquote", {}, spans);
    case "rich_text_list": return el(part.style === "ordered" ? "ol" : "ul", {}, spans.map((each) => el("li", {}, each)));
    case "link": return linkNode(part.url, part.text);
    case "user": return mrkdwn(`<@${part.user_id}>`, world);
    case "channel": return mrkdwn(`<#${part.channel_id}>`, world);
    case "emoji": return plainText(`:${part.name}:`);
    case "text": {
      let node = document.createTextNode(part.text);
      for (const [style, tag] of [["bold", "strong"], ["italic", "em"], ["strike", "s"], ["code", "code"]]) {
        if (part.style?.[style]) node = el(tag, {}, node);
      }
      return node;
    }
    default: return document.createTextNode(part.fallback ?? "");
  }
}

export { confirmed };
