// $GENERATE, BIND's directive that makes an entry for each number of a range: `$GENERATE 1-20/2
// host-$ A 192.0.2.$`. `$` stands for the number, `${OFFSET,WIDTH,BASE}` for the number in another
// form, `\$` and `$$` for a dollar.

/** Entries of one directive, as in miekg/dns. */
export const MAX_GENERATED = 65_536
const MAX_WIDTH = 255
/** Numbers are below this, as in BIND. */
const LIMIT = 2 ** 31

export interface GenerateRange {
  readonly start: number
  readonly stop: number
  readonly step: number
}

/** `START-STOP` or `START-STOP/STEP`; a plain sentence if it is no range. */
export const rangeFromText = (text: string): GenerateRange | string => {
  const [, first, last, by] = /^(\d{1,10})-(\d{1,10})(?:\/(\d{1,10}))?$/.exec(text) ?? []
  if (first === undefined) return `${text} is not a range: START-STOP or START-STOP/STEP`
  const [start, stop, step] = [Number(first), Number(last), Number(by ?? 1)]
  if (stop < start || stop >= LIMIT || step < 1) return `range ${text} does not go upwards from 0`
  if ((stop - start) / step >= MAX_GENERATED)
    return `range ${text} has more than ${MAX_GENERATED} numbers`
  return { start, stop, step }
}

/**
 * Reversed hex digits with dots between, as ip6.arpa wants them; a width counts digits and dots, as
 * in BIND.
 */
const nibbles = (value: number, width: number): string => {
  let text = ''
  let rest = value
  do {
    text += (rest % 16).toString(16)
    rest = Math.floor(rest / 16)
    if (text.length < width || rest > 0) text += '.'
  } while (text.length < width || rest > 0)
  return text
}

type Part = string | ((value: number) => string)

const modifier = (text: string): ((value: number) => string) | string => {
  const [, offset = '', width = '0', base = 'd'] =
    /^([-+]?\d{1,10})(?:,(\d{1,3})(?:,(.))?)?$/.exec(text) ?? []
  if (offset === '' || Number(width) > MAX_WIDTH) return `\${${text}} is not \${OFFSET,WIDTH,BASE}`
  const add = Number(offset)
  const size = Number(width)
  switch (base) {
    case 'd':
      return value => String(value + add).padStart(size, '0')
    case 'o':
      return value => (value + add).toString(8).padStart(size, '0')
    case 'x':
      return value => (value + add).toString(16).padStart(size, '0')
    case 'X':
      return value => (value + add).toString(16).toUpperCase().padStart(size, '0')
    case 'n':
      return value => nibbles(value + add, size)
    case 'N':
      return value => nibbles(value + add, size).toUpperCase()
    default:
      return `${base} is not a base of $GENERATE: d, o, x, X, n or N`
  }
}

const decimal = (value: number): string => String(value)

/** The entry of a directive, cut where numbers go. */
export class GenerateTemplate {
  readonly #parts: readonly Part[]

  private constructor(parts: readonly Part[]) {
    this.#parts = parts
  }

  /**
   * `text` is the entry in one line; a plain sentence if it cannot be filled for every number of
   * the range.
   */
  static from(text: string, range: GenerateRange): GenerateTemplate | string {
    const parts: Part[] = []
    let from = 0
    for (let at = text.search(/[\\$]/); at >= 0 && at < text.length; at = nextSign(text, from)) {
      const [, kept, dollar, inner] =
        /^(?:(\\(?!\$).?)|(\\\$|\$\$)|\$(?:\{([^}]*)\})?)/s.exec(text.slice(at)) ?? []
      parts.push(text.slice(from, at))
      if (kept !== undefined) parts.push(kept)
      else if (dollar !== undefined) parts.push('$')
      else {
        const part = inner === undefined ? decimal : modifier(inner)
        if (typeof part === 'string') return part
        const offset = Number.parseInt(inner ?? '0', 10)
        if (range.start + offset < 0 || range.stop + offset >= LIMIT)
          return `\${${inner}} leads out of the numbers from 0 to ${LIMIT - 1}`
        parts.push(part)
      }
      from = at + (kept ?? dollar ?? (inner === undefined ? '$' : `\${${inner}}`)).length
    }
    parts.push(text.slice(from))
    if (/\$\{[^}]*$/.test(text)) return 'a modifier has no closing brace'
    return new GenerateTemplate(parts)
  }

  /** The entry for one number. */
  fill(value: number): string {
    let text = ''
    for (const part of this.#parts) text += typeof part === 'string' ? part : part(value)
    return text
  }
}

const nextSign = (text: string, from: number): number => {
  const at = text.slice(from).search(/[\\$]/)
  return at < 0 ? -1 : from + at
}
