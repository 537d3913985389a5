// The pod at an address with its name and labels, for metadata. Pods on the host's network share an
// address. Then the first by namespace and name is taken, since the search path of the address is
// that of the first namespace, too.

import { fromHex } from '../../../../base/text/byte-text.ts'
import type { KubeObject } from '../../../../kube/kube-object.ts'
import { MetadataBytes } from '../../../../kube/protobuf/object-bytes.ts'
import { encodePod } from '../../records/pod-record.ts'
import { partOf, textPart } from './json-parts.ts'

/** Limit of one pod's facts, in characters of JSON. Further labels are left out. */
const MOST_CHARACTERS = 4096

const BEGIN = '['

/** The facts as `["NAME","KEY","VALUE",…]`. They follow the address in the pod's text. */
export const podFacts = (object: KubeObject): string => {
  const { metadata } = object
  const labels = metadata instanceof MetadataBytes ? metadata.labels : partOf(metadata, 'labels')
  const texts = [textPart(metadata, 'name')]
  let length = 0
  for (const key of typeof labels === 'object' && labels !== null ? Object.keys(labels) : []) {
    const value = partOf(labels, key)
    if (typeof value !== 'string') continue
    length += key.length + value.length
    if (length > MOST_CHARACTERS) break
    texts.push(key, value)
  }
  return JSON.stringify(texts)
}

/** The address in hex. It is the part of the text before the facts. */
export const podAddress = (text: string): string => {
  const end = text.indexOf(BEGIN)
  return end < 0 ? text : text.slice(0, end)
}

/** Publishes the pod at an address. Undefined if there is none any more. */
type PublishFacts = (address: Uint8Array, facts: Uint8Array | undefined) => void

export class PodFacts {
  readonly #publish: PublishFacts
  /** Texts of the pods at an address, by `NAMESPACE/NAME`. */
  readonly #byAddress = new Map<string, Map<string, string>>()

  constructor(publish: PublishFacts) {
    this.#publish = publish
  }

  changed(id: string, was: string | undefined, is: string | undefined): void {
    const [old, now] = [was && podAddress(was), is && podAddress(is)]
    if (old !== undefined && old !== now) this.#set(old, id, undefined)
    if (now !== undefined) this.#set(now, id, is)
  }

  #set(addressHex: string, id: string, text: string | undefined): void {
    const pods = this.#byAddress.get(addressHex) ?? new Map<string, string>()
    const before = firstOf(pods)
    if (text === undefined) pods.delete(id)
    else pods.set(id, text)
    if (pods.size === 0) this.#byAddress.delete(addressHex)
    else this.#byAddress.set(addressHex, pods)
    const after = firstOf(pods)
    if (before?.[0] === after?.[0] && before?.[1] === after?.[1]) return
    this.#publish(fromHex(addressHex), after && recordOf(...after))
  }
}

const firstOf = (pods: ReadonlyMap<string, string>): readonly [string, string] | undefined => {
  let first: readonly [string, string] | undefined
  for (const pod of pods) if (first === undefined || isBefore(pod[0], first[0])) first = pod
  return first
}

/** Compares ids by namespace, then by name. */
const isBefore = (id: string, other: string): boolean => {
  const [namespace = '', name = ''] = id.split('/')
  const [otherNamespace = '', otherName = ''] = other.split('/')
  return namespace === otherNamespace ? name < otherName : namespace < otherNamespace
}

const recordOf = (id: string, text: string): Uint8Array => {
  const [name = '', ...rest] = JSON.parse(text.slice(text.indexOf(BEGIN))) as string[]
  const labels: [string, string][] = []
  for (let k = 0; k + 1 < rest.length; k += 2) labels.push([rest[k] ?? '', rest[k + 1] ?? ''])
  return encodePod({ namespace: id.slice(0, id.indexOf('/')), name, labels })
}
