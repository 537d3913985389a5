// Objects, lists, events and errors of the test server in protobuf, by the field numbers that
// Kubernetes publishes (generated.proto of k8s.io/api and k8s.io/apimachinery). Written on its own,
// not with the code under test. A value that its field cannot hold is left out.

import type { Resource } from './resources.ts'
import { isMap } from './version.ts'

export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf'

/** `json`: bytes of JSON in a message. `quantity`: a number or a text (IntOrString). */
type Kind = 'text' | 'number' | 'flag' | 'time' | 'map' | 'json' | 'quantity' | Shape
interface Field {
  readonly number: number
  readonly kind: Kind
  readonly isList?: true
}
type Shape = Readonly<{ [name: string]: Field }>

const one = (number: number, kind: Kind): Field => ({ number, kind })
const many = (number: number, kind: Kind): Field => ({ number, kind, isList: true })

const MANAGED_FIELDS: Shape = {
  manager: one(1, 'text'),
  operation: one(2, 'text'),
  apiVersion: one(3, 'text'),
  time: one(4, 'time'),
  fieldsType: one(6, 'text'),
  fieldsV1: one(7, 'json'),
  subresource: one(8, 'text'),
}
const METADATA: Shape = {
  name: one(1, 'text'),
  generateName: one(2, 'text'),
  namespace: one(3, 'text'),
  uid: one(5, 'text'),
  resourceVersion: one(6, 'text'),
  generation: one(7, 'number'),
  creationTimestamp: one(8, 'time'),
  deletionTimestamp: one(9, 'time'),
  deletionGracePeriodSeconds: one(10, 'number'),
  labels: one(11, 'map'),
  annotations: one(12, 'map'),
  finalizers: many(14, 'text'),
  managedFields: many(17, MANAGED_FIELDS),
}
const SERVICE_PORT: Shape = {
  name: one(1, 'text'),
  protocol: one(2, 'text'),
  port: one(3, 'number'),
  targetPort: one(4, 'quantity'),
  nodePort: one(5, 'number'),
  appProtocol: one(6, 'text'),
}
const SERVICE: Shape = {
  metadata: one(1, METADATA),
  spec: one(2, {
    ports: many(1, SERVICE_PORT),
    selector: one(2, 'map'),
    clusterIP: one(3, 'text'),
    type: one(4, 'text'),
    externalIPs: many(5, 'text'),
    sessionAffinity: one(7, 'text'),
    externalName: one(10, 'text'),
    publishNotReadyAddresses: one(13, 'flag'),
    ipFamilyPolicy: one(17, 'text'),
    clusterIPs: many(18, 'text'),
    ipFamilies: many(19, 'text'),
    internalTrafficPolicy: one(22, 'text'),
  }),
  status: one(3, {
    loadBalancer: one(1, {
      ingress: many(1, { ip: one(1, 'text'), hostname: one(2, 'text'), ipMode: one(3, 'text') }),
    }),
  }),
}
const REFERENCE: Shape = {
  kind: one(1, 'text'),
  namespace: one(2, 'text'),
  name: one(3, 'text'),
  uid: one(4, 'text'),
}
const SLICE: Shape = {
  metadata: one(1, METADATA),
  endpoints: many(2, {
    addresses: many(1, 'text'),
    conditions: one(2, {
      ready: one(1, 'flag'),
      serving: one(2, 'flag'),
      terminating: one(3, 'flag'),
    }),
    hostname: one(3, 'text'),
    targetRef: one(4, REFERENCE),
    nodeName: one(6, 'text'),
    zone: one(7, 'text'),
  }),
  ports: many(3, {
    name: one(1, 'text'),
    protocol: one(2, 'text'),
    port: one(3, 'number'),
    appProtocol: one(4, 'text'),
  }),
  addressType: one(4, 'text'),
}
const NAMESPACE: Shape = {
  metadata: one(1, METADATA),
  spec: one(2, { finalizers: many(1, 'text') }),
  status: one(3, { phase: one(1, 'text') }),
}
const POD: Shape = {
  metadata: one(1, METADATA),
  spec: one(2, {
    restartPolicy: one(3, 'text'),
    dnsPolicy: one(6, 'text'),
    nodeName: one(10, 'text'),
  }),
  status: one(3, {
    phase: one(1, 'text'),
    hostIP: one(5, 'text'),
    podIP: one(6, 'text'),
    qosClass: one(9, 'text'),
    podIPs: many(12, { ip: one(1, 'text') }),
  }),
}
/** Kinds that a cluster defines for itself have no protobuf. */
const SHAPES: Readonly<Record<string, Shape>> = {
  Service: SERVICE,
  EndpointSlice: SLICE,
  Namespace: NAMESPACE,
  Pod: POD,
}
const LIST_METADATA: Shape = {
  resourceVersion: one(2, 'text'),
  continue: one(3, 'text'),
  remainingItemCount: one(4, 'number'),
}
const STATUS: Shape = {
  metadata: one(1, LIST_METADATA),
  status: one(2, 'text'),
  message: one(3, 'text'),
  reason: one(4, 'text'),
  details: one(5, {
    name: one(1, 'text'),
    group: one(2, 'text'),
    kind: one(3, 'text'),
    causes: many(4, { reason: one(1, 'text'), message: one(2, 'text'), field: one(3, 'text') }),
    retryAfterSeconds: one(5, 'number'),
  }),
  code: one(6, 'number'),
}

export const hasProtobuf = ({ kind }: Resource): boolean => SHAPES[kind] !== undefined

const varint = (value: number): Buffer => {
  const bytes: number[] = []
  // Numbers below zero have ten bytes, those of the 64-bit number with the same sign.
  for (let left = BigInt.asUintN(64, BigInt(value)); ; left >>= 7n) {
    const low = Number(left & 0x7fn)
    if (left < 0x80n) return Buffer.from([...bytes, low])
    bytes.push(low | 0x80)
  }
}

const number = (field: number, value: number): Buffer =>
  Buffer.concat([varint(field << 3), varint(value)])

/** A field with a length. */
export const run = (field: number, value: Uint8Array): Buffer =>
  Buffer.concat([varint((field << 3) | 2), varint(value.length), value])

const text = (field: number, value: string): Buffer => run(field, Buffer.from(value))

const NOTHING = Buffer.alloc(0)

const encodeOne = (field: number, kind: Kind, value: unknown): Buffer => {
  if (typeof kind === 'object') return isMap(value) ? run(field, encode(kind, value)) : NOTHING
  switch (kind) {
    case 'text':
      return typeof value === 'string' ? text(field, value) : NOTHING
    case 'number':
      return Number.isSafeInteger(value) ? number(field, Number(value)) : NOTHING
    case 'flag':
      return typeof value === 'boolean' ? number(field, value ? 1 : 0) : NOTHING
    case 'time': {
      const seconds = typeof value === 'string' ? Math.floor(Date.parse(value) / 1000) : Number.NaN
      return Number.isNaN(seconds) ? NOTHING : run(field, number(1, seconds))
    }
    case 'json':
      return run(field, run(1, Buffer.from(JSON.stringify(value))))
    case 'quantity':
      return run(
        field,
        Buffer.concat(
          typeof value === 'number'
            ? [number(1, 0), number(2, value)]
            : [number(1, 1), text(3, String(value))],
        ),
      )
    case 'map':
      return isMap(value)
        ? Buffer.concat(Object.entries(value).map(entry => mapEntry(field, entry)))
        : NOTHING
  }
}

const mapEntry = (field: number, [key, value]: readonly [string, unknown]): Buffer =>
  typeof value === 'string' ? run(field, Buffer.concat([text(1, key), text(2, value)])) : NOTHING

const encode = (shape: Shape, value: Readonly<Record<string, unknown>>): Buffer =>
  Buffer.concat(
    Object.entries(shape).map(([name, { number: field, kind, isList }]) => {
      const part = value[name]
      if (part === undefined || part === null) return NOTHING
      if (!isList) return encodeOne(field, kind, part)
      return Array.isArray(part)
        ? Buffer.concat(part.map(item => encodeOne(field, kind, item)))
        : NOTHING
    }),
  )

/** The message of an object of that kind. */
export const objectMessage = ({ kind }: Resource, body: unknown): Buffer =>
  isMap(body) ? encode(SHAPES[kind] ?? {}, body) : NOTHING

/** The magic, and what kind of object follows. */
export const enveloped = (apiVersion: string, kind: string, message: Uint8Array): Buffer =>
  Buffer.concat([
    Buffer.from('k8s\0'),
    run(1, Buffer.concat([text(1, apiVersion), text(2, kind)])),
    run(2, message),
    text(3, ''),
    text(4, ''),
  ])

export const listMessage = (
  { kind, apiVersion }: Resource,
  metadata: Readonly<Record<string, unknown>>,
  items: readonly Uint8Array[],
): Buffer =>
  enveloped(
    apiVersion,
    `${kind}List`,
    Buffer.concat([run(1, encode(LIST_METADATA, metadata)), ...items.map(item => run(2, item))]),
  )

export const statusMessage = (status: object): Buffer =>
  enveloped('v1', 'Status', encode(STATUS, { ...status }))

/** An event of a watch with its length before it; `object` is enveloped. */
export const eventFrame = (type: string, object: Uint8Array): Buffer => {
  const event = Buffer.concat([text(1, type), run(2, run(1, object))])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(event.length)
  return Buffer.concat([length, event])
}
