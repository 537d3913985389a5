// Whether an answer section answers its question: the CNAME chain rule. Names are compared on the
// wire; nothing outside the chain counts.

import { randomId } from '../../../base/entropy.ts'
import type { Reply } from '../../../chain/reply/reply.ts'
import type { MessageLayout } from '../../../wire/layout.ts'
import { expandName, MAX_NAME_SIZE, namesEqual } from '../../../wire/name.ts'
import { NameIds, NO_ID } from '../../../wire/name-ids.ts'
import type { Question } from '../../../wire/question.ts'
import { TYPE_ANY, TYPE_CNAME } from '../../../wire/rrtypes.ts'

/**
 * `complete`: a record of the qtype stands at the chain's end. `open`: none does. `malformed`:
 * forked, circular or over-long.
 */
export type AnswerChain = 'complete' | 'open' | 'malformed'

/**
 * CNAMEs followed in one answer. Real chains have fewer than ten; without a bound a circle would
 * have no end.
 */
const CHAIN_LIMIT = 32

const owner = new Uint8Array(MAX_NAME_SIZE)
const names = new NameIds(randomId() | (randomId() << 16))

/**
 * Follows the CNAMEs of a reply's answer section from the question's name: one pass over the
 * records, then a look-up for each link.
 */
export const answerChain = (question: Question, reply: Reply): AnswerChain => {
  if (isAnsweredAtOnce(question, reply)) return 'complete'
  names.aim(reply.bytes)
  const links = linksOf(question, reply.layout)
  let name = names.find(question.folded)
  names.leave()
  for (let step = 0; step <= CHAIN_LIMIT; step++) {
    const link = links.get(name) ?? 'open'
    if (typeof link === 'string') return link
    name = link
  }
  return 'malformed'
}

/**
 * Whether the first record is of the qname and the qtype, as it is in most answers: then there is
 * no chain.
 */
const isAnsweredAtOnce = (
  { type, class: cls, folded }: Question,
  { bytes, layout }: Reply,
): boolean => {
  if (layout.answerCount === 0 || layout.type(0) !== type || layout.class(0) !== cls) return false
  const size = expandName(bytes, layout.ownerOffset(0), owner)
  return size === folded.length && namesEqual(owner.subarray(0, size), folded)
}

/**
 * For each owner of records that matter what they come to, the first verdict counting, or the name
 * that its CNAMEs lead to.
 */
const linksOf = (question: Question, layout: MessageLayout): Map<number, AnswerChain | number> => {
  const links = new Map<number, AnswerChain | number>()
  for (let i = 0; i < layout.answerCount; i++) {
    const type = layout.type(i)
    const answers = type === question.type || question.type === TYPE_ANY
    if ((!answers && type !== TYPE_CNAME) || layout.class(i) !== question.class) continue
    const name = names.id(layout.ownerOffset(i))
    const link = links.get(name)
    if (name === NO_ID || typeof link === 'string') continue
    links.set(name, answers ? 'complete' : linkTo(layout, i, link))
  }
  return links
}

/** Several CNAMEs of one owner must agree. */
const linkTo = (
  layout: MessageLayout,
  index: number,
  before: number | undefined,
): AnswerChain | number => {
  if (layout.rdataLength(index) === 0) return 'malformed'
  const target = names.id(layout.rdataOffset(index))
  return before === undefined || before === target ? target : 'malformed'
}
