// The residual stream (the vector of each token that all layers read and add to) as named blocks of
// coordinates, in the manner of Tracr (Lindner et al. 2023, arXiv 2301.05062). Every weight of a
// compiled network reads and writes blocks, so pictures of its matrices have names on their axes.

/** Coordinates that hold one matrix [rows, columns], row by row. */
export interface Block {
  readonly name: string;
  /** Its first coordinate. */
  readonly start: number;
  /** Names of its rows; a vector has one row, without a name. */
  readonly rows: readonly string[];
  readonly columns: readonly string[];
}

/** The blocks in order, without gaps. */
export interface Layout {
  /** Number of coordinates. */
  readonly width: number;
  readonly blocks: readonly Block[];
}

/** The name and size of a block. */
export type BlockShape = Omit<Block, 'start'>;

/** Puts blocks side by side. */
export function layOut(shapes: readonly BlockShape[]): Layout {
  const blocks: Block[] = [];
  let start = 0;
  for (const shape of shapes) {
    blocks.push({ ...shape, start });
    start += shape.rows.length * shape.columns.length;
  }
  return { width: start, blocks };
}

/** The number of coordinates of a block. */
export function blockSize({ rows, columns }: BlockShape): number {
  return rows.length * columns.length;
}

/** The block of that name. An unknown name is a programming mistake. */
export function blockNamed({ blocks }: Layout, name: string): Block {
  const block = blocks.find((candidate) => candidate.name === name);
  if (block === undefined)
    throw new Error(`no block ${name} among ${blocks.map((one) => one.name).join(', ')}`);
  return block;
}

/** The coordinate of an entry of a block. */
export function coordinateOf({ start, columns }: Block, row: number, column: number): number {
  return start + row * columns.length + column;
}

/** The name of a coordinate, e.g. `sub relation: a → b`. */
export function coordinateName({ blocks }: Layout, coordinate: number): string {
  const block = blocks.findLast(({ start }) => start <= coordinate);
  if (block === undefined) return String(coordinate);
  const place = coordinate - block.start;
  const row = block.rows[Math.floor(place / block.columns.length)] ?? '';
  const column = block.columns[place % block.columns.length] ?? '';
  return `${block.name}: ${row === '' ? column : `${row} → ${column}`}`;
}
