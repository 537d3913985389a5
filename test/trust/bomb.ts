// The reply that costs most to judge: thousands of CNAMEs that lead nowhere, all owned by one name
// of forty labels by way of a pointer, and behind them a chain of CNAMEs from the name that was
// asked for.

import { readQuestion } from '../../src/wire/question.ts'

const LABELS = 40
const CHAIN = 32
const MOST_BYTES = 65_000
const TYPE_CNAME = 5
const QNAME = [0xc0, 12]

const u16 = (value: number): number[] => [value >>> 8, value & 255]
const label = (text: string): number[] => [text.length, ...Buffer.from(text)]
const link = (n: number): number[] => (n < 0 ? QNAME : [...label(`c${n}`), ...QNAME])

const cname = (owner: readonly number[], target: readonly number[]): number[] => [
  ...owner,
  ...[...u16(TYPE_CNAME), ...u16(1), 0, 0, 0, 60],
  ...u16(target.length),
  ...target,
]

export const cnameBomb = (asked: Uint8Array): Uint8Array => {
  const { end } = readQuestion(asked)!
  const question = [...asked.subarray(12, end)]
  const long = Array.from({ length: LABELS }, (_, n) =>
    label(String.fromCharCode(97 + (n % 26))),
  ).flat()
  const first = cname([...long, 0], QNAME)
  const filler = cname([0xc0, end], QNAME)
  const chain = Array.from({ length: CHAIN }, (_, n) => cname(link(n - 1), link(n)))
  const room = MOST_BYTES - end - first.length - chain.flat().length
  const fillers = Array.from({ length: Math.floor(room / filler.length) }, () => filler)
  const answers = [first, ...fillers, ...chain]
  const header = [
    ...asked.subarray(0, 2),
    0x81,
    0x80,
    ...u16(1),
    ...u16(answers.length),
    0,
    0,
    0,
    0,
  ]
  return Uint8Array.from([...header, ...question, ...answers.flat()])
}
