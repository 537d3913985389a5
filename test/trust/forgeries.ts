// Replies that are not the upstream's: each kind is wrong in one thing, and all of them lead to an
// address that no true answer has.

import { answerTo } from '../fakes/fake-upstream.ts'
import { seeded } from '../fakes/raw-message.ts'
import { query } from '../support/messages.ts'

export const FORGED_ADDRESS = '203.0.113.66'

type Forge = (asked: Uint8Array, random: (below: number) => number) => Uint8Array

const reply = (asked: Uint8Array, name = 'x.forged.test.'): Uint8Array =>
  Uint8Array.from(answerTo(asked, { ra: true, answer: [`${name} 3600 IN A ${FORGED_ADDRESS}`] }))

const nameOf = (asked: Uint8Array): string => {
  const labels: string[] = []
  for (let at = 12; asked[at]! > 0; at += asked[at]! + 1)
    labels.push(Buffer.from(asked.subarray(at + 1, at + 1 + asked[at]!)).toString())
  return `${labels.join('.')}.`
}

const withId = (bytes: Uint8Array, id: number): Uint8Array => {
  bytes[0] = id >>> 8
  bytes[1] = id & 255
  return bytes
}

const idOf = (bytes: Uint8Array): number => (bytes[0]! << 8) | bytes[1]!

/** Another question under the right id, answered well. */
const other = (asked: Uint8Array, name: string, type = 'A', cls = 1): Uint8Array =>
  reply(query(name, type, { id: idOf(asked), class: cls }).bytes, name)

const KINDS: readonly Forge[] = [
  // Guessed ids come most often: that is what an attacker who sees nothing can do.
  (asked, random) =>
    withId(reply(asked, nameOf(asked)), (idOf(asked) + 1 + random(65_535)) & 0xffff),
  (asked, random) =>
    withId(reply(asked, nameOf(asked)), (idOf(asked) + 1 + random(65_535)) & 0xffff),
  asked => other(asked, 'another.forged.test.'),
  asked => other(asked, nameOf(asked), 'TXT'),
  asked => other(asked, nameOf(asked), 'A', 3),
  asked => {
    const bytes = reply(asked, nameOf(asked))
    bytes[2]! &= 0x7f
    return bytes
  },
  (asked, random) =>
    withId(
      reply(asked, nameOf(asked)).subarray(0, 12 + random(20)),
      (idOf(asked) + 1 + random(65_535)) & 0xffff,
    ),
  (_, random) => Uint8Array.from({ length: 1 + random(100) }, () => random(256)),
]

export const FORGERY_KINDS = KINDS.length

/** As many as asked for, the kinds in turn. */
export function* forgeries(asked: Uint8Array, count: number, seed: number): Generator<Uint8Array> {
  const random = seeded(seed)
  for (let n = 0; n < count; n++) yield KINDS[n % KINDS.length]!(asked, random)
}
