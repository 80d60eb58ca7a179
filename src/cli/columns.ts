/** Draws rows of text in columns. Pure. */
import { fitInto, type Paint, type painter, visible, widthOf } from './text.js';

export type Styles = ReturnType<typeof painter>;

export interface Column<Row> {
  readonly name: string;
  /** Anything: it is made visible. */
  readonly text: (row: Row) => string;
  readonly paint?: (styles: Styles, row: Row) => Paint;
  readonly right?: true;
  /** The width to which it can be cut if a line is too long. */
  readonly min?: number;
}

const GAP = 2;

/** Rows that are drawn one batch after the other: columns only become wider. */
export class Columns<Row> {
  readonly #columns: readonly Column<Row>[];
  readonly #givingWay: readonly string[];
  readonly #styles: Styles;
  readonly #width: number | undefined;
  #natural: number[];

  /**
   * @param givingWay names of columns, those first that are cut first
   * @param width of the terminal; undefined for lines of any length
   */
  constructor(
    columns: readonly Column<Row>[],
    givingWay: readonly string[],
    styles: Styles,
    width: number | undefined,
  ) {
    this.#columns = columns;
    this.#givingWay = givingWay;
    this.#styles = styles;
    this.#width = width;
    this.#natural = columns.map(({ name }) => widthOf(name));
  }

  /** The lines of rows; `head` puts the names of the columns in front. */
  lines(rows: readonly Row[], head: boolean): string[] {
    const cells = rows.map((row) => this.#columns.map(({ text }) => visible(text(row))));
    this.#natural = this.#natural.map((width, place) =>
      cells.reduce((most, each) => Math.max(most, widthOf(each[place] ?? '')), width),
    );
    const widths = this.#fitted();
    const names = this.#columns.map(({ name }) => name);
    return [
      ...(head ? [this.#line(names, widths, () => this.#styles.dim)] : []),
      ...rows.map((row, place) =>
        this.#line(cells[place] ?? [], widths, ({ paint }) => paint?.(this.#styles, row) ?? plain),
      ),
    ];
  }

  #line(texts: readonly string[], widths: readonly number[], paintOf: (column: Column<Row>) => Paint): string {
    return this.#columns
      .map((column, place) => {
        const width = widths[place] ?? 0;
        const text = fitInto(texts[place] ?? '', width);
        const padding = ' '.repeat(width - widthOf(text));
        const paint = paintOf(column);
        if (column.right) return paint(padding + text);
        // The last column needs no padding.
        return place === this.#columns.length - 1 ? paint(text) : paint(text + padding);
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  }

  #fitted(): number[] {
    const widths = [...this.#natural];
    if (this.#width === undefined) return widths;
    let over = widths.reduce((sum, width) => sum + width, GAP * (widths.length - 1)) - this.#width;
    for (const name of this.#givingWay) {
      const place = this.#columns.findIndex((column) => column.name === name);
      const given = Math.min(Math.max(0, over), Math.max(0, (widths[place] ?? 0) - (this.#columns[place]?.min ?? 0)));
      widths[place] = (widths[place] ?? 0) - given;
      over -= given;
    }
    return widths;
  }
}

export function plain(text: string): string {
  return text;
}
