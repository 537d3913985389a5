// Markdown in lines of 100 columns at most, as all prose of the repository has them. Headings,
// tables and pictures stay as they are.

const WIDTH = 100
const WHOLE = /^(#|\||!\[)/
const ITEM = '- '

const wrapLine = (text: string, first: string, others: string): string => {
  const lines: string[] = []
  let line = first
  let isEmpty = true
  for (const word of text.split(/\s+/)) {
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = others + word
    } else line += isEmpty ? word : ` ${word}`
    isEmpty = false
  }
  return [...lines, line].join('\n')
}

const wrapBlock = (block: string): string => {
  if (WHOLE.test(block)) return block
  if (!block.startsWith(ITEM)) return wrapLine(block.trim(), '', '')
  return block
    .split(/\n(?=- )/)
    .map(item => wrapLine(item.slice(ITEM.length).trim(), ITEM, '  '))
    .join('\n')
}

/** Blocks are separated by empty lines. */
export const wrapMarkdown = (text: string): string =>
  `${text
    .trim()
    .split(/\n{2,}/)
    .map(wrapBlock)
    .join('\n\n')}\n`
