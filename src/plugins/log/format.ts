// Hot path. The placeholder language of log formats, compiled once to a list of functions.

import { flagsToLeave } from '../../chain/answer/finish.ts'
import type { Query } from '../../chain/query/query.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import { opcodeOf } from '../../wire/header.ts'
import { rcodeToText } from '../../wire/rcodes.ts'
import { classToText, typeToText } from '../../wire/rrtypes.ts'

/** The data of a line. */
export interface Event {
  readonly query: Query
  /** Undefined if nothing was answered. */
  readonly reply: Reply | undefined
  readonly durationMs: number
}

type Part = (event: Event) => string

const NONE = '-'

const FLAG_NAMES: readonly (readonly [number, string])[] = [
  [0x8000, 'qr'],
  [0x0400, 'aa'],
  [0x0200, 'tc'],
  [0x0100, 'rd'],
  [0x0080, 'ra'],
  [0x0040, 'z'],
  [0x0020, 'ad'],
  [0x0010, 'cd'],
]

const PLACEHOLDERS: ReadonlyMap<string, Part> = new Map<string, Part>([
  ['{type}', e => typeToText(e.query.question.type)],
  ['{class}', e => classToText(e.query.question.class)],
  ['{name}', e => e.query.question.name],
  ['{proto}', e => e.query.proto],
  ['{size}', e => String(e.query.bytes.length)],
  ['{remote}', e => bracketed(e.query.client.address)],
  ['{local}', e => bracketed(e.query.local.address)],
  ['{port}', e => String(e.query.client.port)],
  ['{>id}', e => String(e.query.id)],
  ['{>opcode}', e => String(opcodeOf(e.query.flags))],
  ['{>do}', e => String(e.query.do)],
  ['{>bufsize}', e => String(e.query.replyLimit)],
  ['{rcode}', e => (e.reply === undefined ? NONE : rcodeText(e.reply.rcode))],
  ['{>rflags}', e => (e.reply === undefined ? NONE : flagsToText(flagsToLeave(e.query, e.reply)))],
  ['{rsize}', e => String(e.reply?.layout.uncompressedLength ?? 0)],
  ['{duration}', e => formatSeconds(e.durationMs)],
])

/** A value that *metadata* has collected; `-` if no plugin gives it. */
const metadataPart =
  (label: string): Part =>
  e =>
    e.query.metadata?.get(label) ?? NONE

/**
 * Compiles a format. Unknown placeholders and lone braces stay as they are; `{/label}` is metadata.
 */
export const compileFormat = (format: string): ((event: Event) => string) => {
  const parts: Part[] = []
  const literal = (text: string) => {
    if (text !== '') parts.push(() => text)
  }
  let rest = format
  for (let close = rest.indexOf('}'); close >= 0; close = rest.indexOf('}')) {
    // The nearest brace to the left: of `{ {type} }` the inner one.
    const open = rest.lastIndexOf('{', close)
    const word = open < 0 ? '' : rest.slice(open, close + 1)
    const known = word.startsWith('{/') ? metadataPart(word.slice(2, -1)) : PLACEHOLDERS.get(word)
    literal(rest.slice(0, known === undefined ? close + 1 : open))
    if (known !== undefined) parts.push(known)
    rest = rest.slice(close + 1)
  }
  literal(rest)
  return event => {
    let line = ''
    for (const part of parts) line += part(event)
    return line
  }
}

const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address)

/** As rcodeToText, but a code without a name is a bare number. */
export const rcodeText = (rcode: number): string => {
  const text = rcodeToText(rcode)
  return text.startsWith('RCODE') ? String(rcode) : text
}

/** The names of the flags that are set in a flags word: `qr,rd,ra`. */
export const flagsToText = (flags: number): string => {
  return FLAG_NAMES.filter(([bit]) => (flags & bit) !== 0)
    .map(([, name]) => name)
    .join(',')
}

/**
 * Seconds as the shortest decimal that is exact to the nanosecond, never with an exponent:
 * `0.037990251s`.
 */
export const formatSeconds = (durationMs: number): string => {
  const nanoseconds = Math.max(0, Math.round(durationMs * 1e6))
  const whole = Math.floor(nanoseconds / 1e9)
  const fraction = String(nanoseconds % 1e9)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return fraction === '' ? `${whole}s` : `${whole}.${fraction}s`
}
