// Kubernetes label selectors: equality-based (`a=b`, `a!=b`) and set-based (`a in (b,c)`, `!a`),
// parsed to plain data. The API server does the matching.

export interface LabelRequirement {
  readonly key: string
  /** `=` and `==` are In with one value, `!=` is NotIn with one. */
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  readonly values: readonly string[]
}

export interface LabelSelector {
  /**
   * As the Corefile has it, arguments joined with blanks: what the API takes as `labelSelector`.
   */
  readonly text: string
  /** All must hold; none select everything. */
  readonly requirements: readonly LabelRequirement[]
}

const WORD = /[^\s=!(),<>]+/y
const SYMBOL = /==|!=|[=!(),<>]/y

/** A qualified name's last part, and a label's value if it is not empty. */
const isLabelText = (text: string): boolean =>
  text.length <= 63 && /^[A-Za-z0-9](?:[-\w.]*[A-Za-z0-9])?$/.test(text)

const isDnsSubdomain = (text: string): boolean =>
  text.length <= 253 &&
  text.split('.').every(label => /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(label))

const isKey = (text: string): boolean => {
  const slash = text.indexOf('/')
  return slash < 0
    ? isLabelText(text)
    : isDnsSubdomain(text.slice(0, slash)) && isLabelText(text.slice(slash + 1))
}

const tokenize = (text: string): string[] => {
  const tokens: string[] = []
  for (let at = 0; at < text.length; ) {
    WORD.lastIndex = at
    SYMBOL.lastIndex = at
    const token = WORD.exec(text)?.[0] ?? SYMBOL.exec(text)?.[0]
    if (token !== undefined) tokens.push(token)
    at += token?.length ?? 1
  }
  return tokens
}

const isWord = (token: string | undefined): token is string =>
  token !== undefined && !/^[=!(),<>]/.test(token)

class SelectorReader {
  readonly #tokens: readonly string[]
  #at = 0

  constructor(text: string) {
    this.#tokens = tokenize(text)
  }

  all(): LabelRequirement[] {
    if (this.#tokens.length === 0) return []
    const requirements = [this.#requirement()]
    while (this.#at < this.#tokens.length) {
      this.#expect([','])
      requirements.push(this.#requirement())
    }
    return requirements
  }

  #take(): string | undefined {
    return this.#tokens[this.#at++]
  }

  #unexpected(token: string | undefined, expected: string): Error {
    return new Error(`unable to parse requirement: found '${token ?? ''}', expected: ${expected}`)
  }

  #expect(symbols: readonly string[]): string {
    const token = this.#take()
    if (token === undefined || !symbols.includes(token))
      throw this.#unexpected(token, symbols.map(s => `'${s}'`).join(', '))
    return token
  }

  #key(): string {
    const token = this.#take()
    if (!isWord(token)) throw this.#unexpected(token, 'identifier')
    if (!isKey(token)) throw new Error(`unable to parse requirement: invalid label key '${token}'`)
    return token
  }

  #value(token: string): string {
    if (!isLabelText(token))
      throw new Error(`unable to parse requirement: invalid label value '${token}'`)
    return token
  }

  #requirement(): LabelRequirement {
    if (this.#tokens[this.#at] === '!') {
      this.#at++
      return { key: this.#key(), operator: 'DoesNotExist', values: [] }
    }
    const key = this.#key()
    const next = this.#tokens[this.#at]
    if (next === undefined || next === ',') return { key, operator: 'Exists', values: [] }
    const operator = this.#expect(['=', '==', '!=', 'in', 'notin'])
    if (operator === 'in' || operator === 'notin') {
      return { key, operator: operator === 'in' ? 'In' : 'NotIn', values: this.#set() }
    }
    const value = this.#tokens[this.#at]
    const values = isWord(value) ? [this.#value(value)] : ['']
    if (isWord(value)) this.#at++
    return { key, operator: operator === '!=' ? 'NotIn' : 'In', values }
  }

  /** `(a, b)`; an empty place between commas is the empty value. */
  #set(): string[] {
    this.#expect(['('])
    const values: string[] = []
    for (;;) {
      const token = this.#tokens[this.#at]
      if (isWord(token)) this.#at++
      values.push(isWord(token) ? this.#value(token) : '')
      if (this.#expect([',', ')']) === ')') return values
    }
  }
}

/** The selector, or what is wrong with it. */
export const parseLabelSelector = (text: string): LabelSelector | { readonly error: string } => {
  try {
    return { text, requirements: new SelectorReader(text).all() }
  } catch (error) {
    return { error: `couldn't parse the selector string "${text}": ${(error as Error).message}` }
  }
}
