// Changes the question of a query, for the rest of the chain or for a question of the server's own.
// The message is written again; everything else that the client has sent stays.

import type { Edns } from '../../wire/edns.ts'
import { getFlags, getId } from '../../wire/header.ts'
import { makeQuestion, type Question } from '../../wire/question.ts'
import { MessageWriter } from '../../wire/writer.ts'
import { checkU16 } from '../checked.ts'

/** The changes to a question; absent fields leave it as it is. */
export interface QuestionChange {
  /** The new qname in wire form, in the case to ask with; owned by the new query. */
  readonly name?: Uint8Array | undefined
  readonly type?: number | undefined
  readonly class?: number | undefined
  /** All EDNS options in wire form. An OPT record is added if there was none. */
  readonly options?: Uint8Array | undefined
  /** UDP size in bytes of an added OPT record; 1232 if absent. */
  readonly addedUdpSize?: number | undefined
}

/** A message and the fields that were parsed from it. */
export interface Written {
  readonly bytes: Uint8Array
  readonly question: Question
  readonly edns: Edns | undefined
}

/** Of an OPT record that is added (RFC 9715 section 3.2). */
const ADDED_UDP_SIZE = 1232
const OPT_HEADER_BYTES = 11

/** The same message in fresh bytes with the change made. */
export const changeQuestion = (
  { bytes, question, edns }: Written,
  change: QuestionChange,
): Written => {
  const wire = change.name ?? question.wire
  const type = change.type ?? question.type
  const cls = change.class ?? question.class
  checkU16('type', type)
  checkU16('class', cls)
  checkU16('bytes of options:', change.options?.length)
  const asked = makeQuestion(wire, type, cls)
  const writer = new MessageWriter()
  writer.header(getId(bytes, 0), getFlags(bytes, 0))
  writer.question(wire, type, cls)
  const own = edns && bytes.subarray(edns.optionsOffset, edns.optionsOffset + edns.optionsLength)
  const options = change.options ?? own
  if (options === undefined) return { bytes: writer.finish(), question: asked, edns: undefined }
  const udpSize = edns?.udpSize ?? change.addedUdpSize ?? ADDED_UDP_SIZE
  const flags = edns?.flags ?? 0
  writer.opt({ udpSize, flags, options })
  const offset = asked.end
  const moved: Edns = {
    udpSize,
    version: 0,
    extendedRcode: 0,
    flags,
    do: edns?.do ?? false,
    offset,
    optionsOffset: offset + OPT_HEADER_BYTES,
    optionsLength: options.length,
  }
  return { bytes: writer.finish(), question: asked, edns: moved }
}
