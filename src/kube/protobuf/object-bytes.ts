// An object of the API server as the bytes of its message. What all objects have is read here; the
// rest is read by whoever wants it, while it is being handed over: the bytes are the connection's.

import type { KubeObject } from '../kube-object.ts'
import { isText, runTag, sharedTextOf, WireReader } from './wire.ts'

/** Field 1 of every object; fields of ObjectMeta. */
const METADATA = runTag(1)
const NAME = runTag(1)
const NAMESPACE = runTag(3)
const RESOURCE_VERSION = runTag(6)
const DELETION_TIMESTAMP = runTag(9)
const LABELS = runTag(11)
const ANNOTATIONS = runTag(12)
/** Of an entry of a map. */
const KEY = runTag(1)
const VALUE = runTag(2)

const fields = new WireReader()
const entry = new WireReader()

export class ObjectBytes implements KubeObject {
  readonly [field: string]: unknown
  readonly metadata: MetadataBytes
  readonly bytes: Buffer
  /** The message. */
  readonly start: number
  readonly end: number

  /** Throws a KubeError if its metadata cannot be read. */
  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes
    this.start = start
    this.end = end
    let [from, to] = [start, start]
    fields.over(bytes, start, end)
    while (fields.next()) if (fields.tag === METADATA) [from, to] = [fields.start, fields.end]
    this.metadata = new MetadataBytes(bytes, from, to)
  }

  /** For log lines: no bytes. */
  toJSON(): unknown {
    const { name, namespace } = this.metadata
    return { metadata: { name, namespace } }
  }
}

export class MetadataBytes {
  readonly [field: string]: unknown
  /** Each '' if there is none. */
  readonly name: string
  readonly namespace: string
  /** Whether the object is being deleted. */
  readonly isLeaving: boolean
  readonly #bytes: Buffer
  readonly #start: number
  readonly #end: number

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes
    this.#start = start
    this.#end = end
    let [name, namespace, isLeaving] = ['', '', false]
    fields.over(bytes, start, end)
    while (fields.next())
      switch (fields.tag) {
        case NAME:
          name = fields.text
          break
        case NAMESPACE:
          namespace = sharedTextOf(bytes, fields.start, fields.end)
          break
        case DELETION_TIMESTAMP:
          isLeaving = true
      }
    this.name = name
    this.namespace = namespace
    this.isLeaving = isLeaving
  }

  get resourceVersion(): string {
    let version = ''
    this.#rewind()
    while (fields.next()) if (fields.tag === RESOURCE_VERSION) version = fields.text
    return version
  }

  /** '' if there is none. */
  annotation(key: string): string {
    return this.#find(ANNOTATIONS, key)?.text ?? ''
  }

  /**
   * A reader that stands at the label's value, until the next call; undefined if there is no such
   * label.
   */
  label(key: string): WireReader | undefined {
    return this.#find(LABELS, key)
  }

  get labels(): Record<string, string> {
    const entries: [string, string][] = []
    this.#rewind()
    while (fields.next()) {
      if (fields.tag !== LABELS) continue
      let [key, value] = ['', '']
      entry.into(fields)
      while (entry.next())
        if (entry.tag === KEY) key = entry.text
        else if (entry.tag === VALUE) value = entry.text
      entries.push([key, value])
    }
    return Object.fromEntries(entries)
  }

  #rewind(): void {
    fields.over(this.#bytes, this.#start, this.#end)
  }

  /** Of a key that is there twice the last value counts, and one that is not written is empty. */
  #find(map: number, key: string): WireReader | undefined {
    let isFound = false
    let [from, to] = [0, 0]
    this.#rewind()
    while (fields.next()) {
      if (fields.tag !== map) continue
      let isKey = key === ''
      let [start, end] = [0, 0]
      entry.into(fields)
      while (entry.next())
        if (entry.tag === KEY) isKey = isText(entry.bytes, entry.start, entry.end, key)
        else if (entry.tag === VALUE) [start, end] = [entry.start, entry.end]
      if (isKey) [isFound, from, to] = [true, start, end]
    }
    return isFound ? entry.over(this.#bytes, from, to) : undefined
  }
}
