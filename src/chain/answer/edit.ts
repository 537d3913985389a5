// Changes replies. Replies are values: an edit gives a new reply, and the first stays unchanged. A
// change that leaves records at their places is made in one copy of the bytes: flags, TTLs,
// addresses that change places, the OPT record at the end, the last sections cut off. For every
// other change the message is written again, record by record, since compressed names point into
// it.

import { readEdns } from '../../wire/edns.ts'
import {
  FLAG_AA,
  FLAG_AD,
  FLAG_CD,
  FLAG_RA,
  FLAG_RD,
  FLAG_TC,
  getArcount,
  getFlags,
  getId,
  getQdcount,
  getU16,
  getU32,
  MASK_RCODE,
  setAncount,
  setArcount,
  setFlags,
  setNscount,
  setU32,
} from '../../wire/header.ts'
import { MAX_MESSAGE_SIZE, type MessageLayout } from '../../wire/layout.ts'
import { type OptParts, optSize, writeOpt } from '../../wire/opt-record.ts'
import { type Question, readQuestion } from '../../wire/question.ts'
import { TYPE_A, TYPE_AAAA, TYPE_OPT } from '../../wire/rrtypes.ts'
import { MessageWriter, type Section } from '../../wire/writer.ts'
import { checkObject, checkRcode, checkSeconds } from '../checked.ts'
import { Reply } from '../reply/reply.ts'

/** Header flags to set (true) or to clear (false); absent ones stay as they are. */
export interface FlagChange {
  readonly aa?: boolean | undefined
  readonly tc?: boolean | undefined
  readonly rd?: boolean | undefined
  readonly ra?: boolean | undefined
  readonly ad?: boolean | undefined
  readonly cd?: boolean | undefined
}

/** The changes to a reply; absent fields leave it as it is. */
export interface Change {
  /**
   * Whether a record stays, by section (0 answer, 1 authority, 2 additional), type and index in the
   * reply's layout. Not called for OPT records.
   */
  readonly keep?: ((section: Section, type: number, index: number) => boolean) | undefined
  /**
   * `order[i]` is the index of the record that goes to place i; each record once, and in its own
   * section; a RangeError otherwise. A message that is too large to be written again keeps its
   * order.
   */
  readonly order?: readonly number[] | undefined
  /**
   * The new OPT record, placed last; its extendedRcode is set from the rcode. optOf gives the
   * present one. False: no OPT record, unless the rcode needs one.
   */
  readonly opt?: OptParts | false | undefined
  /** The TTL in seconds of all records, or a function from a record's TTL to its new one. */
  readonly ttl?: number | ((seconds: number, index: number) => number) | undefined
  readonly flags?: FlagChange | undefined
  /** The whole rcode, 0 to 4095. Above 15 it needs an OPT record. */
  readonly rcode?: number | undefined
}

/**
 * The contents of a reply's OPT record, to be changed and passed to Change.opt; UDP size 0 if it
 * has none.
 */
export const optOf = (reply: Reply): OptParts & { readonly options: Uint8Array } =>
  soundOpt(reply) ?? { udpSize: 0, options: NO_OPTIONS }

/**
 * The reply with the change made; the same object if nothing changes. Records that do not fit in
 * 65535 bytes are left out, with TC set. Throws a RangeError for values that are out of range.
 */
export const edit = (reply: Reply, change: Change): Reply => {
  const { bytes } = reply
  if (bytes.length === 0) return reply
  // Each part is read here, once: callers' objects have many shapes.
  const { keep, ttl, rcode } = change
  if (rcode !== undefined) checkRcode(rcode)
  if (typeof ttl === 'number') checkSeconds(ttl)
  checkObject('flags', change.flags)
  if (change.opt !== false) checkObject('opt', change.opt)
  const gone = keep && goneRecords(reply.layout, keep)
  const order = change.order && movingOrder(reply.layout, change.order)
  const opt = optAfter(reply, change.opt, rcode, gone !== undefined)
  const given = getFlags(bytes, 0)
  const flags = flagsAfter(given, change.flags, rcode)
  const isSame = opt === undefined && ttl === undefined && flags === given
  if (isSame && gone === undefined && order === undefined) return reply
  const form = { gone, order, opt, flags, ttl }
  const patched = patch(reply, form)
  if (patched !== undefined) return patched
  const written = writeAnew(reply, { ...ownForm(reply), ...form })
  if (!written.isWhole && order !== undefined) return edit(reply, { ...change, order: undefined })
  return new Reply(written.bytes, undefined, reply.isWritten, reply.following)
}

/** The form of a new message, made of the records of another. */
interface Form {
  /** For each record, 1 if it is removed; undefined: none is. */
  readonly gone?: Uint8Array | undefined
  readonly order?: readonly number[] | undefined
  /** Undefined: OPT records stay as they are. */
  readonly opt: OptParts | false | undefined
  readonly flags: number
  readonly ttl?: Change['ttl']
}

const NO_OPTIONS = new Uint8Array(0)

const goneRecords = (
  layout: MessageLayout,
  keep: NonNullable<Change['keep']>,
): Uint8Array | undefined => {
  const gone = new Uint8Array(layout.count)
  let isAny = false
  for (let index = 0; index < layout.count; index++) {
    const type = layout.type(index)
    if (type === TYPE_OPT || keep(layout.sectionOf(index), type, index)) continue
    gone[index] = 1
    isAny = true
  }
  return isAny ? gone : undefined
}

/** A root owner, type, class, TTL and an empty rdata. */
const MIN_RECORD_SIZE = 11
/** Scratch, all zero between calls: which records an order has had so far. */
const taken = new Uint8Array(Math.ceil(MAX_MESSAGE_SIZE / MIN_RECORD_SIZE))

/**
 * The order, or undefined if no record moves. Throws a RangeError if it is no permutation within
 * each section: a defect of the plugin.
 */
const movingOrder = (
  { answerCount, authorityCount, count }: MessageLayout,
  order: readonly number[],
): readonly number[] | undefined => {
  const additional = answerCount + authorityCount
  let isSound = order.length === count
  let isMoving = false
  for (let place = 0; place < count; place++) {
    const index = order[place] as number
    isSound &&=
      taken[index] === 0 &&
      index < count &&
      index < answerCount === place < answerCount &&
      index < additional === place < additional
    taken[index] = 1
    isMoving ||= index !== place
  }
  for (let place = 0; place < count; place++) taken[order[place] as number] = 0
  if (!isSound) throw new RangeError('order has not each record once, in its own section')
  return isMoving ? order : undefined
}

const flagsAfter = (
  given: number,
  wanted: FlagChange | undefined,
  rcode: number | undefined,
): number => {
  let flags = rcode === undefined ? given : (given & ~MASK_RCODE) | (rcode & MASK_RCODE)
  if (wanted === undefined) return flags
  flags = withFlag(flags, FLAG_AA, wanted.aa)
  flags = withFlag(flags, FLAG_TC, wanted.tc)
  flags = withFlag(flags, FLAG_RD, wanted.rd)
  flags = withFlag(flags, FLAG_RA, wanted.ra)
  flags = withFlag(flags, FLAG_AD, wanted.ad)
  return withFlag(flags, FLAG_CD, wanted.cd)
}

const withFlag = (flags: number, flag: number, isSet: boolean | undefined): number => {
  if (isSet === undefined) return flags
  return isSet ? flags | flag : flags & ~flag
}

const soundOpt = ({ bytes, layout }: Reply): (OptParts & { options: Uint8Array }) | undefined => {
  const edns = readEdns(bytes, layout)
  if (edns === undefined || edns === 'malformed') return undefined
  const { udpSize, version, extendedRcode, flags, optionsOffset, optionsLength } = edns
  const options = bytes.subarray(optionsOffset, optionsOffset + optionsLength)
  return { udpSize, version, extendedRcode, flags, options }
}

/** Removed records may stand before an OPT record, which then has to be written again. */
const optAfter = (
  reply: Reply,
  opt: Form['opt'],
  rcode: number | undefined,
  areSomeGone: boolean,
): Form['opt'] => {
  if (rcode === undefined && !areSomeGone) {
    if (opt === undefined || (opt === false && reply.layout.optIndex < 0)) return undefined
  }
  const own = soundOpt(reply)
  const extendedRcode = rcode === undefined ? (own?.extendedRcode ?? 0) : rcode >>> 4
  const said = opt ?? own
  if (said) return { ...said, extendedRcode }
  if (extendedRcode > 0) return { udpSize: 0, extendedRcode }
  return opt === false || rcode !== undefined ? false : undefined
}

/**
 * Makes the change in one copy of the bytes, with records at their places; undefined if that is not
 * possible.
 */
const patch = (reply: Reply, form: Form): Reply | undefined => {
  const { bytes, layout } = reply
  const { gone, order, opt } = form
  const stay =
    gone === undefined ? recordsBeforeOpt(layout, opt) : recordsBeforeGone(layout, opt, gone)
  if (stay < 0 || (order !== undefined && (gone !== undefined || !canSwap(reply, order))))
    return undefined
  const copy = copyFirst(reply, stay, opt, MAX_MESSAGE_SIZE)
  if (copy === undefined) return undefined
  setFlags(copy, 0, form.flags)
  if (order !== undefined) swap(reply, order, copy)
  const hasOther = form.ttl !== undefined && setTtls(layout, stay, form, copy)
  if (!hasOther && order === undefined && areEqual(copy, bytes)) return reply
  const own = opt === undefined && gone === undefined ? layout.of(copy) : undefined
  const optLength = opt ? optSize(opt.options?.length ?? 0) : 0
  return new Reply(
    copy,
    own ?? layout.endingAt(copy, stay, optLength),
    reply.isWritten,
    reply.following,
  )
}

const areEqual = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && getFlags(a, 0) === getFlags(b, 0) && Buffer.compare(a, b) === 0

/** Number of records before the OPT record that `opt` replaces; -1 if others follow it. */
const recordsBeforeOpt = (
  { count, optIndex, optCount }: MessageLayout,
  opt: Form['opt'],
): number => {
  if (opt === undefined || optIndex < 0) return count
  return optCount === 1 && optIndex === count - 1 ? optIndex : -1
}

/** The same for all removed records. */
const recordsBeforeGone = (layout: MessageLayout, opt: Form['opt'], gone: Uint8Array): number => {
  let stay = 0
  const goes = (index: number): boolean =>
    gone[index] === 1 || (opt !== undefined && layout.type(index) === TYPE_OPT)
  while (stay < layout.count && !goes(stay)) stay++
  for (let index = stay; index < layout.count; index++) if (!goes(index)) return -1
  return stay
}

/** The first `stay` records followed by an OPT record; undefined over `limit` bytes. */
const copyFirst = (
  { bytes, layout }: Reply,
  stay: number,
  opt: Form['opt'],
  limit: number,
): Uint8Array | undefined => {
  const { answerCount, authorityCount, count } = layout
  const end = stay === count ? layout.end : layout.ownerOffset(stay)
  const size = end + (opt ? optSize(opt.options?.length ?? 0) : 0)
  if (size > limit) return undefined
  const copy = new Uint8Array(size)
  // A view only where it is needed: it would move a short reply's bytes out of V8's heap.
  copy.set(end === bytes.length ? bytes : bytes.subarray(0, end))
  if (stay < count) {
    const additional = answerCount + authorityCount
    setAncount(copy, 0, Math.min(stay, answerCount))
    setNscount(copy, 0, Math.max(0, Math.min(stay, additional) - answerCount))
    setArcount(copy, 0, Math.max(0, stay - additional))
  }
  if (opt) {
    writeOpt(copy, end, opt)
    setArcount(copy, 0, getArcount(copy, 0) + 1)
  }
  return copy
}

/**
 * The message in fresh bytes, its OPT record replaced at the end; undefined if it is not the last
 * record, or over `limit` bytes.
 */
export const copyWithOpt = (
  reply: Reply,
  opt: Form['opt'],
  limit: number,
): Uint8Array | undefined => {
  const stay = recordsBeforeOpt(reply.layout, opt)
  return stay < 0 ? undefined : copyFirst(reply, stay, opt, limit)
}

/** Whether any TTL has changed. */
const setTtls = (
  layout: MessageLayout,
  stay: number,
  { order, ttl }: Form,
  copy: Uint8Array,
): boolean => {
  let hasOther = false
  for (let place = 0; place < stay; place++) {
    if (layout.type(place) === TYPE_OPT) continue
    const at = layout.ttlOffset(place)
    const before = getU32(copy, at)
    const seconds = ttlAfter(ttl, before, order?.[place] ?? place)
    hasOther ||= seconds !== before
    setU32(copy, at, seconds)
  }
  return hasOther
}

const ttlAfter = (ttl: Change['ttl'], seconds: number, index: number): number => {
  if (ttl === undefined) return seconds
  return typeof ttl === 'number' ? ttl : ttl(seconds, index)
}

// Type and class stand before the TTL, the size of rdata behind it.
const TYPE_TO_TTL = 4
const TTL_SIZE = 4

/** Whether records that move only swap places with others of the same form. */
const canSwap = (reply: Reply, order: readonly number[]): boolean => {
  for (let place = 0; place < order.length; place++)
    if (order[place] !== place && !areInterchangeable(reply, place, order[place] as number))
      return false
  return true
}

/**
 * Whether two address records differ in TTL and address only: same owner in the same case, type,
 * class and size.
 */
const areInterchangeable = ({ bytes, layout }: Reply, a: number, b: number): boolean => {
  const ownerA = layout.ownerOffset(a)
  const ownerB = layout.ownerOffset(b)
  const ttlA = layout.ttlOffset(a)
  const ttlB = layout.ttlOffset(b)
  if (ttlB - ownerB !== ttlA - ownerA) return false
  const type = getU16(bytes, ttlA - TYPE_TO_TTL)
  if (
    (type !== TYPE_A && type !== TYPE_AAAA) ||
    getU16(bytes, ttlA + TTL_SIZE) !== getU16(bytes, ttlB + TTL_SIZE)
  )
    return false
  for (let back = ttlA - ownerA; back > 0; back--)
    if (bytes[ttlA - back] !== bytes[ttlB - back]) return false
  return true
}

/** Writes TTL and address of each moving record to its new place in the copy. */
const swap = ({ bytes, layout }: Reply, order: readonly number[], copy: Uint8Array): void => {
  for (let place = 0; place < order.length; place++) {
    const index = order[place] as number
    if (index === place) continue
    const from = layout.ttlOffset(index)
    const to = layout.ttlOffset(place)
    // A loop: some twenty bytes, often of hundreds of records.
    for (let k = TTL_SIZE + 1 + getU16(bytes, from + TTL_SIZE); k >= 0; k--)
      copy[to + k] = bytes[from + k]!
  }
}

/** A form, with the parameters of the writer. */
export interface WrittenForm extends Form {
  readonly id: number
  readonly question: Pick<Question, 'wire' | 'type' | 'class'> | undefined
  /** Whether names are compressed. */
  readonly compress: boolean
  /** In bytes. */
  readonly limit: number
}

/**
 * The properties that a reply keeps when it is written again: names are compressed if they were.
 */
const ownForm = ({ bytes, layout }: Reply): Omit<WrittenForm, keyof Form> => ({
  id: getId(bytes, 0),
  question: getQdcount(bytes, 0) === 1 ? readQuestion(bytes) : undefined,
  compress: layout.end < layout.uncompressedLength,
  limit: MAX_MESSAGE_SIZE,
})

/**
 * Writes record by record while they fit. Sets TC if any is left out; the reply is then not whole.
 * An OPT that does not fit with its options is sent without them.
 */
export const writeAnew = (
  { bytes, layout }: Reply,
  form: WrittenForm,
): { bytes: Uint8Array; isWhole: boolean } => {
  const { id, question, flags, gone, order, ttl, limit } = form
  const writer = new MessageWriter(limit)
  writer.compress = form.compress
  writer.header(id, flags)
  if (question !== undefined) writer.question(question.wire, question.type, question.class)
  const opt = form.opt && fitting(form.opt, limit - writer.length)
  if (opt) writer.reserve(optSize(opt.options?.length ?? 0))
  let isWhole = true
  for (let place = 0; place < layout.count && isWhole; place++) {
    const index = order?.[place] ?? place
    const isOpt = layout.type(index) === TYPE_OPT
    if (gone?.[index] === 1 || (isOpt && opt !== undefined)) continue
    const seconds = ttl === undefined || isOpt ? undefined : ttlAfter(ttl, layout.ttl(index), index)
    isWhole = writer.copyRecord(layout.sectionOf(index), bytes, layout, index, seconds)
  }
  if (!isWhole) writer.header(id, flags | FLAG_TC)
  if (opt) writer.opt(opt)
  return { bytes: writer.finish(), isWhole }
}

const fitting = (opt: OptParts, room: number): OptParts =>
  optSize(opt.options?.length ?? 0) <= room ? opt : { ...opt, options: NO_OPTIONS }
