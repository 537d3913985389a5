// The messages that the micro benches work on: what a cache sees most.

import { MessageWriter } from '../../src/wire/writer.ts'

export const TYPE_A = 1
export const CLASS_IN = 1
const QR_RD_RA = 0x8180

/** A name in wire form. */
export const nameOf = (text: string): Uint8Array =>
  Buffer.concat([
    ...text
      .split('.')
      .filter(label => label !== '')
      .map(label => Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1')])),
    Buffer.of(0),
  ])

/** A query with recursion desired, without EDNS. */
export const queryOf = (name: string): Uint8Array => {
  const writer = new MessageWriter(512)
  writer.header(0x1234, 0x0100)
  writer.question(nameOf(name), TYPE_A, CLASS_IN)
  return writer.finish()
}

/** A response with so many address records. */
export const responseOf = (name: string, records: number, compress: boolean): Uint8Array => {
  const wire = nameOf(name)
  const writer = new MessageWriter()
  writer.compress = compress
  writer.header(0x1234, QR_RD_RA)
  writer.question(wire, TYPE_A, CLASS_IN)
  for (let n = 0; n < records; n++)
    writer.record(0, wire, TYPE_A, CLASS_IN, 300, Uint8Array.of(192, 0, 2, n))
  return writer.finish()
}
