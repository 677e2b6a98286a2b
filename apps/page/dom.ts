// Elements of a page: finding them, and redrawing those that have changed. For scripts of pages
// alone.

/** Finds the element with an id, which must be on the page. */
export function element<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`);
  return found;
}

/** Checks if an element is an input, a text area or a list. */
export function isControl(
  element: EventTarget | null,
): element is HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement {
  return (
    element instanceof HTMLInputElement ||
    element instanceof HTMLTextAreaElement ||
    element instanceof HTMLSelectElement
  );
}

const shown = new Map<string, string>();

/**
 * Puts HTML into the elements with these ids where it is not what it was the last time. A redrawn
 * button keeps the focus.
 */
export function redrawPanels(panels: Readonly<Record<string, string>>): void {
  const focused = document.activeElement?.id ?? '';
  for (const [id, html] of Object.entries(panels)) {
    if (shown.get(id) === html) continue;
    shown.set(id, html);
    element(id, HTMLElement).innerHTML = html;
  }
  if (focused !== '' && document.activeElement?.id !== focused)
    document.getElementById(focused)?.focus({ preventScroll: true });
}
