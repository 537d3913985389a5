// The two languages of the test server: how lists, events and errors are written in each.

import {
  enveloped,
  eventFrame,
  hasProtobuf,
  listMessage,
  objectMessage,
  PROTOBUF_TYPE,
  statusMessage,
} from './protobuf.ts'
import type { Resource } from './resources.ts'
import type { Version } from './version.ts'

export const JSON_TYPE = 'application/json'

export interface Encoding {
  readonly contentType: string
  readonly watchContentType: string
  list(
    resource: Resource,
    metadata: Readonly<Record<string, unknown>>,
    items: readonly Version[],
  ): Buffer
  event(type: string, version: Version): Buffer
  /** An event with an object of the resource that is in no table. */
  bareEvent(type: string, resource: Resource, body: Readonly<Record<string, unknown>>): Buffer
  errorEvent(status: object): Buffer
  status(status: object): Buffer
  /** The first bytes of an event. */
  readonly cutEvent: Buffer
}

const line = (type: string, object: string): Buffer =>
  Buffer.from(`{"type":"${type}","object":${object}}\n`)

export const JSON_ENCODING: Encoding = {
  contentType: JSON_TYPE,
  watchContentType: JSON_TYPE,
  list: ({ kind, apiVersion }, metadata, items) => {
    const head = `{"kind":"${kind}List","apiVersion":"${apiVersion}","metadata":${JSON.stringify(metadata)}`
    return Buffer.from(`${head},"items":[${items.map(({ item }) => item).join(',')}]}\n`)
  },
  event: (type, version) => line(type, version.text),
  bareEvent: (type, { kind, apiVersion }, body) =>
    line(type, JSON.stringify({ kind, apiVersion, ...body })),
  errorEvent: status => line('ERROR', JSON.stringify(status)),
  status: status => Buffer.from(`${JSON.stringify(status)}\n`),
  cutEvent: Buffer.from('{"type":"MODIFIED","object":{"kind":'),
}

/** Made once for each version. */
const messages = new WeakMap<Version, Buffer>()

const messageOf = (version: Version): Buffer => {
  const made = messages.get(version) ?? objectMessage(version.resource, version.body)
  messages.set(version, made)
  return made
}

const frameOf = (type: string, version: Version): Buffer => {
  const { apiVersion, kind } = version.resource
  return eventFrame(type, enveloped(apiVersion, kind, messageOf(version)))
}

/** Of those that were made ahead, by version, the events of a list. */
const listed = new WeakMap<Version, Buffer>()

/** A real server has its objects as bytes when a client asks for them, or makes them in no time. */
export const encodeAhead = (versions: readonly Version[]): void => {
  for (const version of versions)
    if (hasProtobuf(version.resource)) listed.set(version, frameOf('ADDED', version))
}

export const PROTOBUF_ENCODING: Encoding = {
  contentType: PROTOBUF_TYPE,
  watchContentType: `${PROTOBUF_TYPE};stream=watch`,
  list: (resource, metadata, items) => listMessage(resource, metadata, items.map(messageOf)),
  event: (type, version) =>
    (type === 'ADDED' ? listed.get(version) : undefined) ?? frameOf(type, version),
  bareEvent: (type, resource, body) =>
    eventFrame(type, enveloped(resource.apiVersion, resource.kind, objectMessage(resource, body))),
  errorEvent: status => eventFrame('ERROR', statusMessage(status)),
  status: statusMessage,
  cutEvent: Buffer.from([0, 0, 1, 0, 0x0a, 0x08, 0x4d, 0x4f]),
}

/**
 * The language for a request with that Accept header: the first that it names and the resource has.
 * Undefined if there is none. A table or a partial object is another type, although it is JSON too.
 */
export const encodingFor = (
  accept: string | undefined,
  resource: Resource | undefined,
  speaksProtobuf: boolean,
): Encoding | undefined => {
  const hasIt = speaksProtobuf && (resource === undefined || hasProtobuf(resource))
  for (const wanted of (accept ?? '*/*').split(',')) {
    const [type = '', ...parameters] = wanted.split(';').map(part => part.trim().toLowerCase())
    if (parameters.some(parameter => parameter.startsWith('as='))) continue
    if (type === PROTOBUF_TYPE && hasIt) return PROTOBUF_ENCODING
    if ([JSON_TYPE, 'application/*', '*/*', ''].includes(type)) return JSON_ENCODING
  }
  return undefined
}
