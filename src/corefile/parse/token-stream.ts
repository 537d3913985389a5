// The parser's cursor over tokens into which imports are spliced. The cost of splicing depends only
// on the number of spliced tokens, not on those that follow.

import { lineBreaks, startsNewLine, type Token } from '../diagnostics/span.ts'

interface Frame {
  readonly tokens: readonly Token[]
  next: number
}

/** Enough for `import NAME` and the two tokens before it. */
const HISTORY = 4

export class TokenStream {
  readonly #frames: Frame[]
  #history: Token[] = []

  constructor(tokens: readonly Token[]) {
    this.#frames = [{ tokens, next: 0 }]
  }

  /** The token moved to last; undefined before the first. It stays when the end is reached. */
  get current(): Token | undefined {
    return this.#history.at(-1)
  }

  /** Whether the current token starts a new logical line. */
  get isNewLine(): boolean {
    return startsNewLine(this.#history.at(-2), this.#history.at(-1))
  }

  #peek(): Token | undefined {
    for (;;) {
      const frame = this.#frames.at(-1)
      if (frame === undefined) return undefined
      if (frame.next < frame.tokens.length) return frame.tokens[frame.next]
      this.#frames.pop()
    }
  }

  advance(): boolean {
    const token = this.#peek()
    const frame = this.#frames.at(-1)
    if (token === undefined || frame === undefined) return false
    frame.next++
    if (this.#history.length === HISTORY) this.#history.shift()
    this.#history.push(token)
    return true
  }

  /** The last token of the logical line; undefined if it is the current one. */
  get lineEnd(): Token | undefined {
    const next = this.#peek()
    const frame = this.#frames.at(-1)
    if (next === undefined || frame === undefined || startsNewLine(this.current, next))
      return undefined
    let at = frame.next
    while (at + 1 < frame.tokens.length && !startsNewLine(frame.tokens[at], frame.tokens[at + 1]))
      at++
    return frame.tokens[at]
  }

  /** Moves to the next token only if it is on the same logical line. */
  advanceInLine(): boolean {
    const here = this.current
    const there = this.#peek()
    if (here === undefined || there === undefined) return false
    return here.file === there.file && here.line + lineBreaks(here) === there.line && this.advance()
  }

  /** Moves to the brace that closes the block that begins on this line. */
  skipBlock(): void {
    for (let depth = 0; this.advance(); ) {
      if (this.current?.text === '{') depth++
      else if (this.current?.text === '}' && --depth === 0) return
    }
  }

  /**
   * Puts a token in place of the current one: line breaks from variables count when the next line
   * is looked for.
   */
  substitute(token: Token): void {
    if (this.#history.length > 0) this.#history[this.#history.length - 1] = token
  }

  /** Takes back one advance. */
  retreat(): void {
    const token = this.#history.pop()
    if (token !== undefined) this.#frames.push({ tokens: [token], next: 0 })
  }

  /**
   * Drops the last `count` tokens moved over and puts others in their place; the next advance goes
   * to the first of them.
   */
  replaceLast(count: number, tokens: readonly Token[]): void {
    this.#history = this.#history.slice(0, Math.max(0, this.#history.length - count))
    this.#peek()
    this.#frames.push({ tokens, next: 0 })
  }
}
