// Instants as a reader in a zone reads them.

const cache = new Map();

function formatter(zone, options) {
  const key = zone + JSON.stringify(options);
  if (!cache.has(key)) cache.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return cache.get(key);
}

const DAY = { year: "numeric", month: "2-digit", day: "2-digit" };

/** Return "14:02". */
export function timeText(when, zone, withSeconds = false) {
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return formatter(zone, withSeconds ? { ...options, second: "2-digit" } : options).format(when);
}

/** Return whether two instants fall on one day there. */
export function isSameDay(a, b, zone) {
  return formatter(zone, DAY).format(a) === formatter(zone, DAY).format(b);
}

/** Return "Today", "Yesterday" or "Monday, 23 November". */
export function dayText(when, zone, now) {
  return nearDay(when, zone, now) ?? formatter(zone, { weekday: "long", day: "numeric", month: "long" }).format(when);
}

function nearDay(when, zone, now) {
  const shifted = (days) => new Date(now.getTime() + days * 86_400_000);
  if (isSameDay(when, now, zone)) return "Today";
  if (isSameDay(when, shifted(-1), zone)) return "Yesterday";
  if (isSameDay(when, shifted(1), zone)) return "Tomorrow";
  return null;
}

/** Return the moment in full, for a tooltip. */
export function fullText(when, zone) {
  const day = formatter(zone, { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(when);
  return `${day}, ${timeText(when, zone, true)} (${zone})`;
}

/** Return "3 min ago" or "2 h ago". */
export function agoText(when, now) {
  const minutes = Math.round((now - when) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.round(hours / 24)} days ago`;
}

/** Return the text of a `<!date^…>` token. Source: Slack's "Formatting text for app surfaces", date formatting. */
export function dateText(form, when, zone, now) {
  const number = (options) => formatter(zone, options).format(when);
  const day = number({ day: "numeric" });
  const ordinal = day + (["th", "st", "nd", "rd"][(day % 100 > 10 && day % 100 < 14) || day % 10 > 3 ? 0 : day % 10]);
  const month = number({ month: "long" });
  const year = number({ year: "numeric" });
  const forms = {
    date_num: () => `${year}-${number({ month: "2-digit" })}-${number({ day: "2-digit" })}`,
    date_slash: () => `${number({ month: "2-digit" })}/${number({ day: "2-digit" })}/${year}`,
    date: () => `${month} ${ordinal}, ${year}`,
    date_short: () => `${number({ month: "short" })} ${day}, ${year}`,
    date_long: () => `${number({ weekday: "long" })}, ${month} ${ordinal}, ${year}`,
    time: () => timeText(when, zone),
    time_secs: () => timeText(when, zone, true),
    ago: () => agoText(when, now),
  };
  return form.replace(/\{(\w+)\}/g, (whole, name) => {
    const pretty = name.endsWith("_pretty");
    if (pretty) {
      const near = nearDay(when, zone, now);
      if (near) return near.toLowerCase();
    }
    return (forms[pretty ? name.slice(0, -"_pretty".length) : name] ?? (() => whole))();
  });
}
