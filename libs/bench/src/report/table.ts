/** Lines of equal columns, the first left, the others right, for a terminal or a log. */
export function formatTable(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) => row.map(formatCell));
  const widths = columns.map((name, column) => Math.max(name.length, ...cells.map((row) => (row[column] ?? '').length)));
  const line = (texts: readonly string[]): string =>
    texts.map((text, column) => (column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0))).join('  ');
  return [columns, widths.map((width) => '-'.repeat(width)), ...cells].map(line).join('\n');
}

function formatCell(value: string | number): string {
  if (typeof value === 'string') return value;
  return Number.isInteger(value) ? value.toLocaleString('en-US') : value.toFixed(2);
}
