/** Lays rows out in columns, as wide as their widest cell. Numbers as text are aligned by their column's side. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  rightAligned: readonly string[] = [],
): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (cells: readonly string[]) =>
    headings
      .map((heading, column) => {
        const width = widths[column] ?? 0
        const cell = cells[column] ?? ''
        return rightAligned.includes(heading) ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return [line(headings), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)].join('\n')
}
