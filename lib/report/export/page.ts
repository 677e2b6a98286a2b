// The code inside the browser page: plotly draws, then the drawing gets its foot line, its
// description and the room that its texts need, and is turned into SVG text and PNG bytes. The
// function is sent to the page as text, so it refers to nothing outside itself.

/** The request to the page. */
export interface DrawRequest {
  readonly data: unknown;
  readonly layout: unknown;
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly description: string;
  /** The foot line, already broken into lines that fit. */
  readonly footer: readonly string[];
  readonly footerStyle: {
    readonly size: number;
    readonly lineHeight: number;
    readonly color: string;
    readonly rule: string;
    readonly family: string;
    readonly edge: number;
  };
  readonly background: string;
  /** PNG pixels per px. */
  readonly scale: number;
}

/** The answer: the SVG's text, and the PNG in base 64. */
export interface DrawReply {
  readonly svg: string;
  readonly png: string;
}

// The few names of the page that are used, since the library is compiled without the browser's
// types.
interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}
interface PageElement {
  textContent: string | null;
  readonly attributes: Iterable<{ name: string; value: string }>;
  removeAttribute(name: string): void;
  setAttribute(name: string, value: string): void;
  append(child: PageElement): void;
  prepend(...children: PageElement[]): void;
  remove(): void;
  closest(selector: string): PageElement | null;
  getBoundingClientRect(): Box;
  querySelectorAll(selector: string): Iterable<PageElement>;
}
interface PageCanvas {
  width: number;
  height: number;
  getContext(kind: '2d'): { drawImage(image: unknown, x: number, y: number, w: number, h: number): void };
  toDataURL(type: string): string;
}
interface PageWindow {
  Plotly: { toImage(figure: unknown, options: unknown): Promise<string> };
  document: {
    body: PageElement;
    createElement(name: 'canvas'): PageCanvas;
    createElementNS(namespace: string, name: string): PageElement;
    importNode(node: PageElement, deep: boolean): PageElement;
  };
  DOMParser: new () => { parseFromString(text: string, type: string): { documentElement: PageElement } };
  XMLSerializer: new () => { serializeToString(node: PageElement): string };
  Image: new () => { src: string; decode(): Promise<void> };
}

/** Draws one figure. Runs in the page, where `plotly.js` is loaded. */
export async function drawInPage(request: DrawRequest): Promise<DrawReply> {
  const page = globalThis as unknown as PageWindow;
  const { document } = page;
  const { footer, footerStyle } = request;

  // plotly names its clip paths at random; the same figure shall give the same bytes. (Mulberry32)
  let state = 1;
  Math.random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const address = await page.Plotly.toImage(
    { data: request.data, layout: request.layout },
    { format: 'svg', width: request.width, height: request.height },
  );
  const source = decodeURIComponent(address.slice(address.indexOf(',') + 1));
  const parsed = new page.DOMParser().parseFromString(source, 'image/svg+xml').documentElement;
  const svg = document.importNode(parsed, true);
  document.body.append(svg);
  const create = (name: string, text: string, attributes: Record<string, string | number>): PageElement => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    element.textContent = text;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    return element;
  };

  // The foot, below all that plotly drew.
  const { edge, lineHeight } = footerStyle;
  const bottom = request.height + (footer.length === 0 ? 0 : footer.length * lineHeight + edge);
  if (footer.length > 0) {
    const from = { x1: edge, x2: request.width - edge, y1: request.height, y2: request.height };
    svg.append(create('line', '', { ...from, stroke: footerStyle.rule, 'stroke-width': 1 }));
  }
  footer.forEach((line, index) => {
    const text = create('text', line, {
      class: 'provenance',
      x: edge,
      y: request.height + (index + 1) * lineHeight + 1,
      fill: footerStyle.color,
      'font-family': footerStyle.family,
      'font-size': footerStyle.size,
    });
    svg.append(text);
  });

  // Room for every text that would be cut at the edge; texts inside a plot area are plotly's to
  // clip.
  svg.setAttribute('width', String(request.width));
  svg.setAttribute('height', String(bottom));
  svg.setAttribute('viewBox', `0 0 ${request.width} ${bottom}`);
  const origin = svg.getBoundingClientRect();
  const need = { left: 0, top: 0, right: request.width, bottom };
  for (const text of svg.querySelectorAll('text')) {
    if (text.closest('.plot') !== null) continue;
    const box = text.getBoundingClientRect();
    if (box.right === box.left) continue;
    need.left = Math.min(need.left, Math.floor(box.left - origin.left - 2));
    need.top = Math.min(need.top, Math.floor(box.top - origin.top - 2));
    need.right = Math.max(need.right, Math.ceil(box.right - origin.left + 2));
    need.bottom = Math.max(need.bottom, Math.ceil(box.bottom - origin.top + 2));
  }
  const width = need.right - need.left;
  const height = need.bottom - need.top;
  svg.setAttribute('width', String(width));
  svg.setAttribute('height', String(height));
  svg.setAttribute('viewBox', `${need.left} ${need.top} ${width} ${height}`);
  svg.setAttribute('role', 'img');
  svg.prepend(
    create('title', request.title, {}),
    create('desc', request.description, {}),
    create('rect', '', { x: need.left, y: need.top, width, height, fill: request.background }),
  );
  svg.remove();

  // The browser writes attributes in the order they were set, which depends on what it drew before.
  for (const element of [svg, ...svg.querySelectorAll('*')]) {
    const attributes = [...element.attributes].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const { name } of attributes) element.removeAttribute(name);
    for (const { name, value } of attributes) {
      const rounded = value.replace(/-?\d+\.\d{4,}/g, (number) =>
        String(Math.round(Number(number) * 1000) / 1000),
      );
      element.setAttribute(name, rounded);
    }
  }
  const text = new page.XMLSerializer().serializeToString(svg);

  const image = new page.Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * request.scale);
  canvas.height = Math.round(height * request.scale);
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  const png = canvas.toDataURL('image/png');
  return { svg: `${text}\n`, png: png.slice(png.indexOf(',') + 1) };
}
