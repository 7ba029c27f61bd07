// Keys of the whole page: F6 goes from part to part, Escape leaves the one that was opened last.

const REGIONS = ["sidebar", "conversation", "thread", "panel"];

const $ = (id) => document.getElementById(id);

/** Listen; `leave` has showSidebar(isShown), closeThread() and closePanel(). */
export function listenToKeys(leave) {
  document.addEventListener("keydown", (event) => {
    if (event.key === "F6") goOn(event);
    else if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
      if (document.body.classList.contains("sidebar-open")) leave.showSidebar(false);
      else if ($("thread").contains(document.activeElement)) leave.closeThread();
      else if ($("panel").contains(document.activeElement)) leave.closePanel();
    }
  });
}

function goOn(event) {
  const open = REGIONS.map($).filter((each) => !each.hidden && each.offsetParent !== null);
  const at = open.findIndex((each) => each.contains(document.activeElement));
  const next = open[(at + (event.shiftKey ? -1 : 1) + open.length) % open.length];
  (next.querySelector("[aria-current], textarea:not([disabled])") ?? next).focus();
  event.preventDefault();
}
