// Names and what they stand for, in two columns.

export const WIDTH = 100
/** Names longer than this stand on a line of their own. */
const NAME_WIDTH = 34

/** Lines of at most so many columns; a longer word has one of its own. */
export const wrapped = (text: string, width: number): string[] => {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** Two columns. */
const rowOf = (name: string, text: string, nameWidth: number): string => {
  const indent = ' '.repeat(nameWidth + 4)
  const lines = wrapped(text, WIDTH - indent.length)
  const isLong = name.length > nameWidth
  const first = isLong ? `  ${name}\n${indent}` : `  ${name.padEnd(nameWidth)}  `
  return `${first}${lines.join(`\n${indent}`)}`.trimEnd().concat('\n')
}

/** A line for each pair, texts one below the other. */
export const rowsOf = (rows: readonly (readonly [name: string, text: string])[]): string => {
  const fitting = rows.map(([name]) => name.length).filter(length => length <= NAME_WIDTH)
  const nameWidth = Math.max(0, ...fitting)
  return rows.map(([name, text]) => rowOf(name, text, nameWidth)).join('')
}
