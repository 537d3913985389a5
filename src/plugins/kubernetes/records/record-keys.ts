// Hot path. What lies in the records map of a cluster: the kinds of its keys and its notes. Main
// writes (publisher.ts), shards read (lookup.ts). Names in keys and values are labels in lower
// case, each a length byte and its text, without a root: zones are the readers' business.
//
//   SERVICE, IMPORT  key: service label, namespace label    value: service-record.ts (IMPORT: a
//                                                           ServiceImport of multicluster zones)
//   NAMESPACE        key: namespace label                   value: empty; there is an entry only if
//                                                           the namespace is exposed
//   ADDRESS          key: 4 or 16 bytes of an address        value: address-record.ts
//   POD              key: 4 or 16 bytes of an address        value: label-list.ts, namespaces
//                                                           (pods verified only)
//   OUTSIDE          key: as SERVICE's                       value: external-record.ts, if it is
//                                                           reached from outside
//   OUTSIDE_OWNER    key: 4 or 16 bytes of an address        value: label-list.ts, services with
//                                                           their namespaces
//   POD_FACTS        key: 4 or 16 bytes of an address        value: pod-record.ts (pods
//                                                           verified, in blocks with metadata)

import type { RecordsReader } from '../../../records/reader.ts'

export const KIND_SERVICE = 1
export const KIND_IMPORT = 2
export const KIND_NAMESPACE = 3
export const KIND_ADDRESS = 4
export const KIND_POD = 5
export const KIND_OUTSIDE = 6
export const KIND_OUTSIDE_OWNER = 7
export const KIND_POD_FACTS = 8

/** Number of labels in an item of these lists. */
export const POD_LABELS = 1
export const OWNER_LABELS = 2

/** 1 after every watched resource has been listed once. It stays 1. */
export const NOTE_SYNCED = 0
/** Serial of the SOA: Unix seconds of the last change that DNS shows; 0 before the first object. */
export const NOTE_SERIAL = 1
/** The same for multicluster zones. */
export const NOTE_IMPORT_SERIAL = 2
/**
 * 1 while something is not written because there is no room. A name that is not found may exist
 * then.
 */
export const NOTE_INCOMPLETE = 3
/** The same for what is reachable from outside. */
export const NOTE_OUTSIDE_SERIAL = 4

export const serialNote = (isMulticluster: boolean): number =>
  isMulticluster ? NOTE_IMPORT_SERIAL : NOTE_SERIAL

/** Whether the records hold the whole cluster: then what they lack does not exist. */
export const isComplete = (reader: RecordsReader): boolean =>
  reader.note(NOTE_SYNCED) === 1 && reader.note(NOTE_INCOMPLETE) === 0

const MAX_LABEL_BYTES = 63
const SLASH = 0x2f

/** A label as keys and values have it; undefined if it is empty or longer than 63 bytes. */
export const labelBytes = (text: string): Uint8Array | undefined => {
  const { length } = text
  if (length === 0 || length > MAX_LABEL_BYTES) return undefined
  const label = new Uint8Array(1 + length)
  label[0] = length
  for (let k = 0; k < length; k++) {
    const code = text.charCodeAt(k)
    if (code >= 0x80) return foreignLabel(text)
    label[1 + k] = code >= 0x41 && code <= 0x5a ? code | 0x20 : code
  }
  return label
}

/**
 * For text with characters outside ASCII. They have several bytes, and their number may change with
 * the case.
 */
const foreignLabel = (text: string): Uint8Array | undefined => {
  const bytes = Buffer.from(text.toLowerCase())
  return bytes.length > MAX_LABEL_BYTES ? undefined : Uint8Array.of(bytes.length, ...bytes)
}

/** Whether a text can be a label of a name. A slash would make two objects' ids one. */
export const isLabelText = (text: string): boolean => {
  const { length } = text
  if (length === 0 || length > MAX_LABEL_BYTES) return false
  for (let k = 0; k < length; k++) {
    const code = text.charCodeAt(k)
    if (code === SLASH) return false
    if (code >= 0x80) return !text.includes('/') && foreignLabel(text) !== undefined
  }
  return true
}

/** Labels one after the other; undefined if one of them is none. */
export const labelsBytes = (...texts: readonly string[]): Uint8Array | undefined => {
  const labels: Uint8Array[] = []
  for (const text of texts) {
    const label = labelBytes(text)
    if (label === undefined) return undefined
    labels.push(label)
  }
  return Buffer.concat(labels)
}
