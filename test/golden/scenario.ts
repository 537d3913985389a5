// A golden case as its files say it: what is asked and done in which order, and what CoreDNS
// answered. README.md has the format.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { classFromText } from '../../src/wire/rrtypes.ts'

export interface QueryLine {
  /** The line's number in its file, from 1. */
  readonly number: number
  readonly text: string
  readonly name: string
  readonly type: string
  readonly class: string
  /** By the words before `=`; '' for those without a value. */
  readonly options: ReadonlyMap<string, string>
}

export type Step =
  | { readonly kind: 'ask'; readonly line: QueryLine }
  | { readonly kind: 'sleep'; readonly ms: number }
  | { readonly kind: 'copy'; readonly from: string; readonly to: string }
  | { readonly kind: 'remove'; readonly file: string }

/** One entry of expected.json. */
export interface Recorded {
  readonly query: string
  readonly reply?: 'none'
  readonly rcode: string
  readonly opcode?: string
  readonly flags: string
  readonly question: readonly string[]
  readonly answer: readonly string[]
  readonly authority: readonly string[]
  readonly additional: readonly string[]
  readonly opt: {
    readonly version: number
    readonly size: number
    readonly do: boolean
    readonly options: readonly string[]
  } | null
  readonly wire: string
  /** Over HTTP; `body` only of what was no DNS message, `grpc` of a call that failed. */
  readonly status?: number
  readonly 'content-type'?: string
  readonly 'cache-control'?: string
  readonly body?: string
  readonly grpc?: string
  readonly marks?: readonly string[]
}

export interface Scenario {
  readonly name: string
  readonly folder: string
  /** With its marks. */
  readonly corefile: string
  readonly files: readonly string[]
  readonly steps: readonly Step[]
  readonly log: readonly string[]
  /** In the order of the questions. */
  readonly recorded: readonly Recorded[]
}

export const readScenarios = (folder: string): Scenario[] =>
  readdirSync(folder).map(name => readScenario(join(folder, name), name))

const readScenario = (folder: string, name: string): Scenario => {
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8')
  const { log = [], replies } = JSON.parse(read('expected.json')) as {
    log?: string[]
    replies: Recorded[]
  }
  const steps = read('queries').split('\n').flatMap(readStep)
  return {
    name,
    folder,
    corefile: read('Corefile'),
    files: readdirSync(folder),
    steps,
    log,
    recorded: replies,
  }
}

const readStep = (line: string, index: number): Step[] => {
  const text = line.trim()
  if (text === '' || text.startsWith('#')) return []
  const [first = '', ...words] = text.split(/\s+/)
  if (first === '!') return [readDeed(words)]
  const [type = '', ...rest] = words
  const hasClass = rest[0] !== undefined && classFromText(rest[0]) !== undefined
  const options = new Map(rest.slice(hasClass ? 1 : 0).map(optionOf))
  const cls = hasClass ? rest[0]! : 'IN'
  return [
    { kind: 'ask', line: { number: index + 1, text, name: first, type, class: cls, options } },
  ]
}

const readDeed = ([word, one = '', two = '']: readonly string[]): Step => {
  if (word === 'sleep') return { kind: 'sleep', ms: 1000 * Number(one) }
  if (word === 'copy') return { kind: 'copy', from: one, to: two }
  if (word === 'remove') return { kind: 'remove', file: one }
  throw new Error(`not something to do between queries: ${word}`)
}

const optionOf = (word: string): [string, string] => {
  const at = word.indexOf('=')
  return at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)]
}
