// What a page tells its reader to do: files to write, and commands with what they print.

/** A file that the page shows: its name stands behind the language of the block. */
export interface FileStep {
  readonly kind: 'file'
  readonly name: string
  readonly text: string
}

/** A command, and the lines that stand below it. */
export interface CommandStep {
  readonly kind: 'command'
  readonly command: string
  readonly prints: readonly string[]
}

export type Step = FileStep | CommandStep

const BLOCK = /^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm

/** In the order of the page. Blocks without a name that are no `console` are only shown. */
export const stepsOf = (page: string): Step[] =>
  [...page.matchAll(BLOCK)].flatMap(([, language = '', name, text = '']): Step[] => {
    if (name !== undefined) return [{ kind: 'file', name, text }]
    return language === 'console' ? commandsOf(text) : []
  })

const commandsOf = (text: string): CommandStep[] =>
  text
    .split(/^\$ /m)
    .slice(1)
    .map(part => {
      const [command = '', ...prints] = part.trimEnd().split('\n')
      return { kind: 'command', command, prints }
    })

/** RegExp.escape, which Node 22 has not. */
const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

/**
 * What the whole output has to look like: `…` alone in a line stands for any lines, in a line for
 * any text.
 */
export const patternOf = (prints: readonly string[]): RegExp => {
  const lines = prints.map(line =>
    line === '…' ? '(?:.*\\n)*' : `${line.split('…').map(escaped).join('.*')}[ \\t]*\\n`,
  )
  return new RegExp(`^${lines.join('')}$`)
}
