// Buttons with a picture, as HTML text.

/**
 * A button whose picture is an SVG path in a square of 24; `text` is read out and shown above it.
 */
export function iconButton(id: string, text: string, path: string): string {
  return `<button type="button" id="${id}" title="${text}" aria-label="${text}">${icon(path)}</button>`;
}

/** The button that starts and stops playing. */
export function playButton(id: string, isPlaying: boolean): string {
  const [text, path] = isPlaying ? ['Pause', 'M7 5v14M17 5v14'] : ['Play', 'M7 4l13 8-13 8z'];
  return `<button type="button" id="${id}" class="play" title="${text}" aria-label="${text}">${icon(path)}<span>${text}</span></button>`;
}

function icon(path: string): string {
  return `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`;
}
