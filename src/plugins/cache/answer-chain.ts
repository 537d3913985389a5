// Whether an answer section answers its question: the CNAME chain rule. Names are compared on the wire; nothing outside the chain counts.

import type { Reply } from '../../core/reply.ts'
import { expandName, foldName, MAX_NAME_SIZE, namesEqual } from '../../wire/name.ts'
import type { Question } from '../../wire/question.ts'
import { TYPE_ANY, TYPE_CNAME } from '../../wire/rrtypes.ts'

/** `complete`: a record of the qtype stands at the chain's end. `open`: none does. `malformed`: forked, circular or over-long. */
export type AnswerChain = 'complete' | 'open' | 'malformed'

/** CNAMEs followed in one answer. Real chains have fewer than ten; the bound keeps the quadratic walk small. */
const CHAIN_LIMIT = 32

const owner = new Uint8Array(MAX_NAME_SIZE)
const target = new Uint8Array(MAX_NAME_SIZE)

/** Follows the CNAMEs of a reply's answer section from the question's name. */
export const answerChain = (question: Question, reply: Reply): AnswerChain => {
  let qname = question.folded
  for (let step = 0; step <= CHAIN_LIMIT; step++) {
    const next = stepFrom(qname, question, reply)
    if (typeof next === 'string') return next
    qname = next
  }
  return 'malformed'
}

/** The chain's verdict at `qname`, or the folded name that the one CNAME there leads to. */
const stepFrom = (qname: Uint8Array, question: Question, reply: Reply): AnswerChain | Uint8Array => {
  const { bytes, layout } = reply
  let alias: Uint8Array | undefined
  for (let i = 0; i < layout.answerCount; i++) {
    const type = layout.type(i)
    const answers = type === question.type || question.type === TYPE_ANY
    if ((!answers && type !== TYPE_CNAME) || layout.class(i) !== question.class) continue
    const size = expandName(bytes, layout.ownerOffset(i), owner)
    if (size < 0 || !namesEqual(owner.subarray(0, size), qname)) continue
    if (answers) return 'complete'
    const targetSize = expandName(bytes, layout.rdataOffset(i), target)
    if (targetSize < 0) return 'malformed'
    const name = target.subarray(0, targetSize)
    if (alias !== undefined && !namesEqual(alias, name)) return 'malformed'
    alias ??= foldName(name)
  }
  return alias ?? 'open'
}
