// What the API server puts around an object in protobuf: four bytes of magic, then the message
// Unknown, which says what kind of object is in it.

import { damaged, isText, runTag, WireReader } from './wire.ts'

/** `k8s` and a zero. */
const MAGIC = [0x6b, 0x38, 0x73, 0] as const
export const MAGIC_BYTES = MAGIC.length

/** Fields of Unknown, and of the TypeMeta in it. */
export const UNKNOWN_TYPE = runTag(1)
export const UNKNOWN_RAW = runTag(2)
export const UNKNOWN_ENCODING = runTag(3)
export const UNKNOWN_MEDIA_TYPE = runTag(4)
const TYPE_KIND = runTag(2)

const PROTOBUF = 'application/vnd.kubernetes.protobuf'

/** Whether an answer with that Content-Type is protobuf. */
export const isProtobuf = (contentType: string): boolean =>
  contentType.split(';', 1)[0]?.trim().toLowerCase() === PROTOBUF

/** Throws a KubeError for other bytes. */
export const checkMagic = (bytes: Uint8Array, at: number): void => {
  if (MAGIC.some((byte, k) => bytes[at + k] !== byte))
    throw damaged('it does not begin with the mark of Kubernetes')
}

/** Of the field where `reader` stands: throws a KubeError for objects that are packed otherwise. */
export const checkEncoding = (reader: WireReader): void => {
  const { tag, bytes, start, end } = reader
  if (start === end) return
  if (tag === UNKNOWN_MEDIA_TYPE && isText(bytes, start, end, PROTOBUF)) return
  throw damaged('an object is packed in another way')
}

const types = new WireReader()

export const kindOf = (typeMeta: WireReader): string => {
  types.into(typeMeta)
  let kind = ''
  while (types.next()) if (types.tag === TYPE_KIND) kind = types.text
  return kind
}

const unknown = new WireReader()
const NOTHING = Buffer.alloc(0)

/**
 * Has `object` stand before the first field of the object between `start` and `end`. Throws a
 * KubeError for what is none.
 */
export const openEnvelope = (
  bytes: Buffer,
  start: number,
  end: number,
  object: WireReader,
): WireReader => {
  if (end - start < MAGIC_BYTES) throw damaged('an object is cut off')
  checkMagic(bytes, start)
  object.over(NOTHING, 0, 0)
  unknown.over(bytes, start + MAGIC_BYTES, end)
  while (unknown.next()) {
    if (unknown.tag === UNKNOWN_RAW) object.into(unknown)
    else if (unknown.tag === UNKNOWN_ENCODING || unknown.tag === UNKNOWN_MEDIA_TYPE)
      checkEncoding(unknown)
  }
  return object
}
