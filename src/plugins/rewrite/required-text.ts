// Text that all names have which a regular expression matches, where that is easy to see. It
// excludes most other names without the expression. In doubt there is no such text.

import type { NameMatch } from './rule.ts'

/** Part of a name. */
export interface Needle {
  readonly how: Exclude<NameMatch['how'], 'regex'>
  readonly text: string
}

/** Texts that are in each lower-case name which the pattern (RE2 syntax) matches. */
export const requiredText = (pattern: string): Needle[] => {
  // In lower-case ASCII text, a pattern that ignores case matches where its lower-case letters do.
  const ignoresCase = pattern.startsWith('(?i)')
  const own = ignoresCase ? pattern.slice(4).toLowerCase() : pattern
  return new Reader(ignoresCase && /\\[A-Z]/.test(pattern) ? '|' : own).read() ?? []
}

const QUANTIFIER = /^\{[0-9]+(,[0-9]*)?\}/
/** Classes and boundaries that are one letter after a backslash. */
const CLASS_LETTERS = 'dDwWsSbB'
const NAMED_GROUP = /^\?(:|P?<[A-Za-z_][A-Za-z0-9_]*>)/

class Reader {
  readonly #parts: readonly string[]
  readonly #needles: Needle[] = []
  #at = 0
  /** Adjacent characters of each match, and where they begin. */
  #run = ''
  #isFirst = false

  constructor(pattern: string) {
    this.#parts = Array.from(pattern)
  }

  /** The texts. Undefined if nothing is known. */
  read(): Needle[] | undefined {
    if (this.#parts[0] === '^') {
      this.#at = 1
      this.#isFirst = true
    }
    while (this.#at < this.#parts.length) if (!this.#step()) return undefined
    this.#end(false)
    return this.#needles
  }

  #step(): boolean {
    const part = this.#parts[this.#at++] ?? ''
    switch (part) {
      case '|':
      case '^':
      case ')':
        return false
      case '$':
        return this.#end(true) && this.#at === this.#parts.length
      case '.':
      case '+':
        return this.#end(false)
      case '*':
      case '?':
        return this.#maybeNot()
      case '{':
        return this.#braces()
      case '[':
        return this.#class()
      case '(':
        return this.#group()
      case '\\':
        return this.#escape()
      default:
        this.#run += part
        return true
    }
  }

  /** Ends a run: something else follows, or the pattern ends. */
  #end(isLast: boolean): true {
    const text = this.#run
    if (text !== '') {
      const borders = this.#isFirst ? ('prefix' as const) : ('substring' as const)
      const how = isLast ? (this.#isFirst ? 'exact' : 'suffix') : borders
      this.#needles.push({ how, text })
    }
    this.#run = ''
    this.#isFirst = false
    return true
  }

  /** Ends a run without its last character, which may be missing in a match. */
  #maybeNot(): true {
    this.#run = Array.from(this.#run).slice(0, -1).join('')
    return this.#end(false)
  }

  #braces(): boolean {
    const [quantifier] =
      QUANTIFIER.exec(this.#parts.slice(this.#at - 1, this.#at + 10).join('')) ?? []
    if (quantifier === undefined) {
      this.#run += '{'
      return true
    }
    this.#at += quantifier.length - 1
    return this.#maybeNot()
  }

  /** Reads a class. `[.]` is that character. A longer class may match several. */
  #class(): boolean {
    const [only, close] = this.#parts.slice(this.#at, this.#at + 2)
    if (close === ']' && only !== '^' && only !== '\\' && only !== '[') {
      this.#run += only
      this.#at += 2
      return true
    }
    return this.#end(false) && this.#skipClass()
  }

  /** Skips a class, from after its `[`. */
  #skipClass(): boolean {
    if (this.#parts[this.#at] === '^') this.#at++
    if (this.#parts[this.#at] === ']') this.#at++
    for (; this.#at < this.#parts.length; this.#at++) {
      const part = this.#parts[this.#at]
      // `[:alpha:]` has brackets of its own.
      if (part === '[' && this.#parts[this.#at + 1] === ':') return false
      if (part === '\\') this.#at++
      else if (part === ']') break
    }
    return this.#at++ < this.#parts.length
  }

  #group(): boolean {
    this.#end(false)
    let depth = 1
    for (let isNew = true; depth > 0; isNew = this.#parts[this.#at - 1] === '(') {
      const rest = this.#parts.slice(this.#at, this.#at + 100).join('')
      // Flags change how the text after them matches.
      if (isNew && rest.startsWith('?') && !NAMED_GROUP.test(rest)) return false
      const part = this.#parts[this.#at++]
      if (part === undefined) return false
      if (part === '(') depth++
      else if (part === ')') depth--
      else if (part === '[' && !this.#skipClass()) return false
      else if (part === '\\' && this.#parts[this.#at++] === 'Q') return false
    }
    return true
  }

  #escape(): boolean {
    const letter = this.#parts[this.#at++] ?? ''
    if (CLASS_LETTERS.includes(letter)) return this.#end(false)
    if (/^[A-Za-z0-9]?$/.test(letter)) return false
    this.#run += letter
    return true
  }
}
