// Records between zone-file text (`example.org. 300 IN A 192.0.2.1`) and messages, for tests, by
// the reader and printer of src/zone. Bad text is a mistake of the test and throws.

import type { RecordData } from '../../src/chain/answer/answer.ts'
import { HEADER_SIZE } from '../../src/wire/header.ts'
import type { MessageLayout } from '../../src/wire/layout.ts'
import { expandName, NameCursor } from '../../src/wire/name.ts'
import { walkRdata } from '../../src/wire/rdata-shape.ts'
import { recordText, recordFromText as zoneRecord } from '../../src/zone/record-text.ts'

/** `OWNER TTL CLASS TYPE RDATA…`; the case of names is kept. */
export const recordFromText = (text: string): RecordData => {
  const record = zoneRecord(text)
  if (typeof record === 'string') throw new Error(`${record}: ${text}`)
  return record
}

/** Record `index` of a message as zone-file text, names expanded. */
export const recordToText = (bytes: Uint8Array, layout: MessageLayout, index: number): string =>
  recordText({
    owner: nameAt(bytes, layout.ownerOffset(index)),
    type: layout.type(index),
    class: layout.class(index),
    ttlSeconds: layout.ttl(index),
    rdata: expandedRdata(bytes, layout, index),
  })

const nameAt = (bytes: Uint8Array, offset: number): Uint8Array => {
  const wire = new Uint8Array(255)
  const length = expandName(bytes, offset, wire)
  if (length < 0) throw new Error('a message has a malformed name')
  return wire.subarray(0, length)
}

const expandedRdata = (bytes: Uint8Array, layout: MessageLayout, index: number): Uint8Array => {
  const parts: Uint8Array[] = []
  const visitor = {
    rdataBytes: (_: Uint8Array, from: number, to: number) =>
      parts.push(bytes.subarray(from, to)) > 0,
    rdataName: (_: Uint8Array, offset: number) => parts.push(nameAt(bytes, offset)) > 0,
  }
  const start = layout.rdataOffset(index)
  walkRdata(
    bytes,
    start,
    start + layout.rdataLength(index),
    HEADER_SIZE,
    layout.type(index),
    new NameCursor(),
    visitor,
  )
  return new Uint8Array(Buffer.concat(parts))
}
