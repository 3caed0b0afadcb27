import { stripVTControlCharacters } from 'node:util';

/** A column: its heading and where its text comes from. */
export interface Column<Row> {
  readonly heading: string;
  readonly text: (row: Row) => string;
  /** Numbers stand to the right. */
  readonly isNumber?: boolean;
}

/** Rows under headings, in columns as wide as they need. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cells = [columns.map(({ heading }) => heading), ...rows.map((row) => columns.map(({ text }) => printable(text(row))))];
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => widthOf(line[at] ?? ''))));
  return cells.map((line) => line.map((cell, at) => padded(cell, widths[at] ?? 0, columns[at]?.isNumber === true)).join('  ').trimEnd()).join('\n');
}

/** Text of strangers without what could steer a terminal; our own emphasis stays. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001a\u001c-\u001f\u007f-\u009f]|\u001b(?!\[\d+m)/g, '?');
}

function padded(cell: string, width: number, toTheRight: boolean): string {
  const room = ' '.repeat(width - widthOf(cell));
  return toTheRight ? room + cell : cell + room;
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
