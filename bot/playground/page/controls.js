// Buttons, menus and fields of Block Kit. Native controls: they come with keyboard and screen reader.

import { el, freshId } from "./dom.js";
import { mrkdwn, plainText } from "./mrkdwn.js";
import { world } from "./state.js";

/** Return the node of one control. */
export function control(block, element, surface) {
  const make = MAKERS[element.type];
  if (!make) return el("span", { class: "unknown-block", text: `A control of type “${element.type}”` });
  return make(block, element, surface);
}

const words = (object) => (object ? object.text : "");

/** Ask "are you sure?" where the control wants it; resolves to whether to go on. */
export function confirmed(element) {
  const asked = element.confirm;
  if (!asked) return Promise.resolve(true);
  return new Promise((resolve) => {
    const finish = (isSure) => {
      dialog.close();
      dialog.remove();
      resolve(isSure);
    };
    const titleId = freshId("confirm");
    const isDanger = asked.style === "danger";
    const dialog = el("dialog", { class: "dialog confirm", "aria-labelledby": titleId, on: { cancel: () => finish(false) } },
      el("h2", { id: titleId }, plainText(words(asked.title))),
      el("div", { class: "mrkdwn" }, asked.text.type === "mrkdwn" ? mrkdwn(asked.text.text, world) : plainText(asked.text.text)),
      el("div", { class: "dialog-actions" },
        el("button", { type: "button", class: "button", on: { click: () => finish(false) } }, plainText(words(asked.deny))),
        el("button", { type: "button", class: `button ${isDanger ? "danger" : "primary"}`, on: { click: () => finish(true) } }, plainText(words(asked.confirm)))));
    document.body.append(dialog);
    dialog.showModal();
  });
}

async function use(block, element, surface, chosen, node) {
  if (!(await confirmed(element))) return;
  node?.setAttribute("aria-busy", "true");
  try {
    await surface.use(block, element, chosen);
  } finally {
    node?.removeAttribute("aria-busy");
  }
}

function button(block, element, surface) {
  const style = element.style ? ` ${element.style}` : "";
  const isAway = Boolean(element.url);
  const node = el(isAway ? "a" : "button", {
    class: `button${style}`,
    ...(isAway ? { href: /^https?:\/\//i.test(element.url) ? element.url : "#", target: "_blank", rel: "noopener noreferrer" } : { type: "button" }),
    "aria-label": element.accessibility_label,
    dataset: { action: element.action_id, block: block.block_id },
    on: { click: () => use(block, element, surface, {}, node) },
  }, plainText(words(element.text)));
  return node;
}

/** Return the attributes that every field shares. */
function fieldProps(block, element, surface) {
  const described = surface.isInvalid ? `${surface.id}-error` : block.hint ? `${surface.id}-hint` : undefined;
  return {
    id: surface.id,
    "aria-label": surface.id ? undefined : words(element.placeholder) || words(block.text) || "Choose",
    "aria-invalid": surface.isInvalid ? "true" : undefined,
    "aria-describedby": surface.id ? described : undefined,
    "aria-required": surface.id && !block.optional ? "true" : undefined,
    dataset: { action: element.action_id, block: block.block_id },
  };
}

function groupsOf(element, surface, block) {
  if (element.option_groups) return element.option_groups.map((group) => [words(group.label), group.options]);
  if (element.options) return [["", element.options]];
  const listed = surface.choices?.(block, element) ?? [];
  return [["", listed.map((each) => ({ text: { text: each.text }, value: each.value }))]];
}

/** Menus of fixed options, of people and of conversations; the held thing is an option or an id. */
function select(heldName) {
  return (block, element, surface) => {
    const groups = groupsOf(element, surface, block);
    const all = groups.flatMap(([, options]) => options);
    const held = surface.held?.(block, element);
    const heldValue = held?.value ?? held ?? element.initial_option?.value;
    const optionNode = (option) =>
      el("option", { value: String(all.indexOf(option)), selected: option.value === heldValue, text: words(option.text) });
    const isMulti = element.type.startsWith("multi_");
    const node = el("select", { ...fieldProps(block, element, surface), class: "select", multiple: isMulti, on: { change: () => changed() } },
      !isMulti && el("option", { value: "", selected: heldValue === undefined || heldValue === null, text: words(element.placeholder) || "Choose…" }),
      groups.map(([label, options]) => (label ? el("optgroup", { label }, options.map(optionNode)) : options.map(optionNode))));
    const changed = () => {
      const picked = [...node.selectedOptions].filter((each) => each.value !== "").map((each) => all[Number(each.value)]);
      const toHeld = (option) => (heldName === "selected_option" ? option : option.value);
      const value = isMulti ? picked.map(toHeld) : picked[0] ? toHeld(picked[0]) : null;
      if (value === null && !surface.isView) return;
      use(block, element, surface, { [isMulti ? `${heldName}s` : heldName]: value }, node);
    };
    return node;
  };
}

function overflow(block, element, surface) {
  const node = el("select", { ...fieldProps(block, element, surface), class: "select overflow", "aria-label": "More actions", on: { change: () => {
    const option = element.options[Number(node.value)];
    node.value = "";
    if (option) use(block, element, surface, { selected_option: option }, node);
  } } },
  el("option", { value: "", text: "⋯" }),
  element.options.map((each, index) => el("option", { value: String(index), text: words(each.text) })));
  return node;
}

function typedField(type, heldName) {
  return (block, element, surface) => {
    const held = surface.held?.(block, element) ?? element[heldName.replace("selected_", "initial_")] ?? element.initial_value ?? "";
    const isLong = type === "text" && element.multiline;
    const node = el(isLong ? "textarea" : "input", {
      ...fieldProps(block, element, surface),
      ...(isLong ? { rows: 4 } : { type }),
      class: "field", value: String(held), placeholder: words(element.placeholder) || undefined,
      maxlength: element.max_length, min: element.min_value, max: element.max_value,
      autofocus: element.focus_on_load,
      on: { change: () => use(block, element, surface, { [heldName]: node.value || null }) },
    });
    return node;
  };
}

function choices(type, heldName) {
  return (block, element, surface) => {
    const name = freshId("choice");
    const held = surface.held?.(block, element) ?? element[heldName.replace("selected_", "initial_")];
    const values = new Set((Array.isArray(held) ? held : held ? [held] : []).map((each) => each.value));
    const boxes = element.options.map((option, index) => ({
      option,
      box: el("input", { type, name, id: index === 0 ? surface.id : undefined, checked: values.has(option.value), on: { change: () => changed() } }),
    }));
    const changed = () => {
      const picked = boxes.filter((each) => each.box.checked).map((each) => each.option);
      use(block, element, surface, { [heldName]: type === "radio" ? picked[0] ?? null : picked });
    };
    return el("div", { class: "choices", dataset: { action: element.action_id, block: block.block_id } },
      boxes.map(({ option, box }) => el("label", { class: "choice" }, box,
        el("span", {}, option.text.type === "mrkdwn" ? mrkdwn(option.text.text, world) : plainText(option.text.text),
          option.description && el("small", {}, plainText(words(option.description)))))));
  };
}

const MAKERS = {
  button,
  overflow,
  static_select: select("selected_option"),
  multi_static_select: select("selected_option"),
  external_select: select("selected_option"),
  users_select: select("selected_user"),
  multi_users_select: select("selected_user"),
  channels_select: select("selected_channel"),
  multi_channels_select: select("selected_channel"),
  conversations_select: select("selected_conversation"),
  multi_conversations_select: select("selected_conversation"),
  plain_text_input: typedField("text", "value"),
  url_text_input: typedField("url", "value"),
  email_text_input: typedField("email", "value"),
  number_input: typedField("number", "value"),
  datepicker: typedField("date", "selected_date"),
  timepicker: typedField("time", "selected_time"),
  radio_buttons: choices("radio", "selected_option"),
  checkboxes: choices("checkbox", "selected_options"),
};
