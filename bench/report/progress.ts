// What is being done just now, on stderr: one line that is written over on a terminal, a line each
// elsewhere.

const isTerminal = process.stderr.isTTY === true

export const progress = (text: string): void => {
  if (isTerminal)
    process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns || 80) - 1)}`)
  else process.stderr.write(`${text}\n`)
}

export const clearProgress = (): void => {
  if (isTerminal) process.stderr.write('\r\x1b[K')
}
