// Messages as objects, for plugins that want them: the only place that imports dns-packet. It knows
// fewer types than the wire and reads labels as UTF-8, so nothing that is relayed goes through it.

import { Buffer } from 'node:buffer'
import dnsPacket, { type DecodedPacket, type Packet } from 'dns-packet'

export type { DecodedPacket, Packet } from 'dns-packet'

/** Decodes a whole message; undefined if dns-packet cannot read it. */
export const decodeMessage = (bytes: Uint8Array): DecodedPacket | undefined => {
  try {
    return dnsPacket.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  } catch {
    // dns-packet reports malformed messages only by throwing; why it did does not matter to
    // callers.
    return undefined
  }
}

/**
 * Encodes a message, without name compression. Throws what dns-packet throws for objects that are
 * no message.
 */
export const encodeMessage = (packet: Packet): Uint8Array =>
  new Uint8Array(dnsPacket.encode(packet))
