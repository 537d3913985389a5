// A and AAAA of names that may be ExternalNames: the chain of CNAMEs, followed in the zone itself
// or through the server's own listener (CoreDNS's upstream lookup). RFC 1034 section 3.6.2.

import type { RecordData } from '../../../chain/answer/answer.ts'
import { copyRecords } from '../../../chain/answer/record-copy.ts'
import type { ServeScope } from '../../../chain/plugin/serve-scope.ts'
import type { Query } from '../../../chain/query/query.ts'
import { after } from '../../../chain/reply/after.ts'
import type { Reply } from '../../../chain/reply/reply.ts'
import { FLAG_TC, getFlags } from '../../../wire/header.ts'
import { foldName, isSubname, namesEqual, nameToText } from '../../../wire/name.ts'
import type { Answers, Asked } from './answers.ts'

/** The limit of CNAMEs in one answer. */
const MAX_CHAIN = 10

export interface AddressRecords {
  readonly answers: readonly RecordData[]
  readonly isTruncated: boolean
}

const NODATA: AddressRecords = { answers: [], isTruncated: false }

export class Aliases {
  readonly #answers: Answers
  readonly #resolve: ServeScope['resolve']

  constructor(answers: Answers, resolve: ServeScope['resolve']) {
    this.#answers = answers
    this.#resolve = resolve
  }

  /**
   * The records of the name. Undefined if it does not exist. Synchronous unless the rest of the
   * server must be asked.
   */
  addresses(asked: Asked): AddressRecords | undefined | Promise<AddressRecords | undefined> {
    const own = this.#answers.nameServerAddresses(asked)
    if (own !== undefined) return { answers: own, isTruncated: false }
    return this.#from(asked, asked.query.question.wire, [])
  }

  #from(
    asked: Asked,
    owner: Uint8Array,
    before: readonly RecordData[],
  ): AddressRecords | undefined | Promise<AddressRecords | undefined> {
    const { type } = asked.query.question
    const folded = foldName(owner)
    const own = this.#answers.ownAddresses(asked, owner, folded)
    if (own !== undefined) return { answers: own, isTruncated: false }
    const found = this.#answers.find(asked, folded)
    if (found === undefined) return undefined
    const { target } = found
    if (target === undefined)
      return { answers: this.#answers.addresses(owner, found.items, type), isTruncated: false }
    const isLoop = isSubname(target, owner) || before.some(({ rdata }) => namesEqual(rdata, target))
    if (isLoop || before.length > MAX_CHAIN) return NODATA
    const alias = this.#answers.alias(owner, target)
    if (!isSubname(target, asked.zone.name)) return this.#ask(asked.query, alias, target)
    return after(this.#from(asked, target, [...before, alias]), further => behind(alias, further))
  }

  /** The answer of the rest of the server for the target. */
  async #ask(query: Query, alias: RecordData, target: Uint8Array): Promise<AddressRecords> {
    const reply = await this.#resolve(query, nameToText(target), query.question.type)
    if (reply.bytes.length === 0) return NODATA
    const isTruncated = (getFlags(reply.bytes, 0) & FLAG_TC) !== 0
    return { answers: [alias, ...answersOf(reply)], isTruncated }
  }
}

/**
 * The alias with the records of its target. If the target is a name of the cluster without such
 * records, the alias is left out, too.
 */
const behind = (alias: RecordData, further: AddressRecords | undefined): AddressRecords => {
  if (further === undefined || further.answers.length === 0)
    return { ...NODATA, isTruncated: further?.isTruncated ?? false }
  return { ...further, answers: [alias, ...further.answers] }
}

/** The records of the answer section, with uncompressed names. */
const answersOf = ({ bytes, layout }: Reply): RecordData[] =>
  copyRecords(bytes, layout, layout.answerCount)
