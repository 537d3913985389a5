// The shard half: the order of the records in replies on their way out.

import { randomId } from '../../base/entropy.ts'
import { CidrSet, parseCidr } from '../../base/ip.ts'
import { edit } from '../../chain/answer/edit.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import type { Query } from '../../chain/query/query.ts'
import { after } from '../../chain/reply/after.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import type { Stage, Wrap } from '../../chain/stage/handler.ts'
import { getAncount, getArcount, getNscount, HEADER_SIZE } from '../../wire/header.ts'
import { RCODE_NOERROR } from '../../wire/rcodes.ts'
import { TYPE_A, TYPE_AAAA, TYPE_AXFR, TYPE_IXFR, TYPE_SRV } from '../../wire/rrtypes.ts'
import type { LoadbalanceShared } from './control.ts'
import { fast } from './fast.ts'
import type { LoadbalanceOptions } from './options.ts'
import { preferred, roundRobin, weighted } from './order.ts'
import type { Draw } from './random.ts'
import { WeightReader } from './weight-board.ts'

/** Indexes of one section's records to the order they go out in. */
type Arrange = (
  reply: Reply,
  section: readonly number[],
  sectionNumber: number,
  qtype: number,
) => readonly number[]

const AUTHORITY = 1

export const serve = (
  options: LoadbalanceOptions,
  _scope: ServeScope,
  shared: LoadbalanceShared,
): Stage => makeStage(options, shared, randomId)

/** The stage with a source of random numbers of the caller's choice. */
export const makeStage = (
  options: LoadbalanceOptions,
  shared: LoadbalanceShared,
  draw: Draw,
): Stage => {
  const arrange = withPreference(
    shared.board === undefined ? arrangeRoundRobin(draw) : arrangeWeighted(shared.board, draw),
    options,
  )
  const balance = (query: Query, reply: Reply): Reply =>
    hasOrder(query, reply) ? balanced(reply, query.question.type, arrange) : reply
  const wrap: Wrap = next => query => after(next(query), reply => balance(query, reply))
  const isPlain = shared.board === undefined && options.prefer.length === 0
  return isPlain ? { wrap, fast: fast(draw) } : { wrap }
}

const arrangeRoundRobin =
  (draw: Draw): Arrange =>
  (reply, section) =>
    roundRobin(reply, section, draw)

const arrangeWeighted = (board: SharedArrayBuffer, draw: Draw): Arrange => {
  const weights = new WeightReader(board)
  return (reply, section, sectionNumber, qtype) => {
    const isForAddresses = qtype === TYPE_A || qtype === TYPE_AAAA || qtype === TYPE_SRV
    if (!isForAddresses || sectionNumber === AUTHORITY) return section
    const { table } = weights
    return weighted(reply, section, (owner, index) => table.weightOf(owner, index), draw)
  }
}

const withPreference = (arrange: Arrange, { prefer }: LoadbalanceOptions): Arrange => {
  if (prefer.length === 0) return arrange
  const subnets = prefer
    .map(parseCidr)
    .map(prefix => new CidrSet(prefix === undefined ? [] : [prefix]))
  return (reply, section, sectionNumber, qtype) => {
    const arranged = arrange(reply, section, sectionNumber, qtype)
    return sectionNumber === AUTHORITY ? arranged : preferred(reply, arranged, subnets)
  }
}

/** Whether there is anything to order: cheap, for most answers have one record. */
const hasOrder = (query: Query, { bytes, rcode }: Reply): boolean => {
  if (bytes.length <= HEADER_SIZE || rcode !== RCODE_NOERROR) return false
  const { type } = query.question
  if (type === TYPE_AXFR || type === TYPE_IXFR) return false
  return getAncount(bytes, 0) > 1 || getNscount(bytes, 0) > 1 || getArcount(bytes, 0) > 1
}

const balanced = (reply: Reply, qtype: number, arrange: Arrange): Reply => {
  const { answerCount, authorityCount, additionalCount } = reply.layout
  const order: number[] = []
  for (const [sectionNumber, count] of [answerCount, authorityCount, additionalCount].entries()) {
    const start = order.length
    const section = Array.from({ length: count }, (_, i) => start + i)
    order.push(...(count > 1 ? arrange(reply, section, sectionNumber, qtype) : section))
  }
  return edit(reply, { order })
}
