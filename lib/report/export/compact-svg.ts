// A smaller SVG that draws the same: plotly writes colours and styles at length.

/** Colours as `#rrggbb`, styles without spaces, and no empty ones. */
export function compactSvg(svg: string): string {
  return svg.replace(/ style="([^"]*)"/g, (_, style: string) => {
    const short = style
      .replace(colour, hex)
      .replace(/([;:]) /g, '$1')
      .replace(/;$/, '');
    return short === '' ? '' : ` style="${short}"`;
  });
}

const colour = /rgb\((\d+), (\d+), (\d+)\)/g;

function hex(_: string, ...channels: string[]): string {
  return `#${channels
    .slice(0, 3)
    .map((channel) => Number(channel).toString(16).padStart(2, '0'))
    .join('')}`;
}
