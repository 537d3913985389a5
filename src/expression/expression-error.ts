// What is wrong with an expression, and where in its text. The same for faults of the text and for
// faults that turn up when it runs.

/** Of a line, in characters. */
const MOST_SHOWN = 1000

export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  /** Where in the text, in UTF-16 code units; the text's length at its end. */
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }

  /** With the place, counted as CoreDNS counts it: `unknown name nope (1:1)`. */
  at(text: string): string {
    if (text === '') return this.message
    const before = text.slice(0, this.offset).split('\n')
    return `${this.message} (${before.length}:${[...(before.at(-1) ?? '')].length + 1})`
  }

  /**
   * As CoreDNS prints it: with the line in question and a mark under the place. A line that is too
   * long to be looked at is left out.
   */
  inFull(text: string): string {
    const before = text.slice(0, this.offset).split('\n')
    const line = text.split('\n')[before.length - 1] ?? ''
    if (line === '') return this.message
    if (line.length > MOST_SHOWN) return this.at(text)
    const dots = '.'.repeat([...(before.at(-1) ?? '')].length)
    return `${this.at(text)}\n | ${line.replaceAll('\t', ' ')}\n | ${dots}^`
  }
}
