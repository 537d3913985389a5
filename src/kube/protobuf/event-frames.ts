// Cuts the bytes of a watch in protobuf into its events: four bytes of length, big-endian, then so
// many bytes. Frames and chunks do not line up.

import type { EventReader, TakeEvent } from '../event-lines.ts'
import { ITEM_LIMIT_BYTES } from '../list-splitter.ts'
import { ByteQueue } from './byte-queue.ts'
import { openEnvelope } from './envelope.ts'
import { ObjectBytes } from './object-bytes.ts'
import { readStatus } from './status.ts'
import { damaged, isText, runTag, WireReader } from './wire.ts'

const LENGTH_BYTES = 4
/** Fields of WatchEvent, and of the RawExtension in it. */
const TYPE = runTag(1)
const OBJECT = runTag(2)
const RAW = runTag(1)

const TYPES = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']

export class EventFrames implements EventReader {
  readonly #take: TakeEvent
  readonly #queue = new ByteQueue()
  readonly #fields = new WireReader()
  readonly #object = new WireReader()

  /** An event that has not come whole when the stream is over is not given. */
  constructor(take: TakeEvent) {
    this.#take = take
  }

  /** Throws a KubeError for what cannot be read. `chunk` is not kept, and objects are borrowed. */
  push(chunk: Uint8Array): void {
    const queue = this.#queue
    queue.push(chunk)
    while (queue.left >= LENGTH_BYTES) {
      const length = queue.bytes.readUInt32BE(queue.at)
      if (length > ITEM_LIMIT_BYTES)
        throw damaged(`an event has more than ${ITEM_LIMIT_BYTES} bytes`)
      if (queue.left < LENGTH_BYTES + length) break
      const start = queue.at + LENGTH_BYTES
      queue.at = start + length
      this.#takeFrame(queue.bytes, start, queue.at)
    }
    queue.settle()
  }

  #takeFrame(bytes: Buffer, start: number, end: number): void {
    const fields = this.#fields.over(bytes, start, end)
    let type = ''
    let [from, to] = [-1, -1]
    while (fields.next())
      if (fields.tag === TYPE) type = typeOf(fields)
      else if (fields.tag === OBJECT) {
        const extension = this.#object.into(fields)
        while (extension.next())
          if (extension.tag === RAW) [from, to] = [extension.start, extension.end]
      }
    if (from < 0) throw damaged('an event has no object')
    if (type === 'ERROR') this.#take(type, readStatus(bytes, from, to))
    else {
      const object = openEnvelope(bytes, from, to, this.#object)
      this.#take(type, new ObjectBytes(bytes, object.start, object.end))
    }
  }
}

const typeOf = (run: WireReader): string => {
  for (const type of TYPES) if (isText(run.bytes, run.start, run.end, type)) return type
  return run.text
}
