// EndpointSlices in protobuf. The results are those that endpoint-slices.ts makes from JSON, but
// directly from the bytes and without objects on the way. A cluster has tens of thousands of
// endpoints, and each change of a slice brings all endpoints of the slice.

import { parseIp } from '../../../../base/ip.ts'
import type { ObjectBytes } from '../../../../kube/protobuf/object-bytes.ts'
import {
  isAscii,
  numberTag,
  runTag,
  sharedTextOf,
  WireReader,
} from '../../../../kube/protobuf/wire.ts'
import { RecordWriter } from '../../records/service-record.ts'
import { endpointLabel, MAX_LABEL_BYTES } from './endpoint-label.ts'
import { Faults, shown } from './json-parts.ts'
import { readPort } from './service-bytes.ts'
import { NO_PORT, type Trimmed } from './service-text.ts'
import {
  CLUSTER_LABEL,
  IMPORT_LABEL,
  SERVICE_LABEL,
  type SliceOptions,
  unusedSlice,
} from './slice-text.ts'

/** Fields of EndpointSlice, Endpoint, its conditions and its reference, and EndpointPort. */
const ENDPOINTS = runTag(2)
const PORTS = runTag(3)
const ADDRESS_TYPE = runTag(4)
const ADDRESSES = runTag(1)
const CONDITIONS = runTag(2)
const HOSTNAME = runTag(3)
const TARGET = runTag(4)
const ZONE = runTag(7)
const READY = numberTag(1)
const TARGET_NAME = runTag(3)

const slice = new WireReader()
const endpoint = new WireReader()
const part = new WireReader()

/** The place of a run of bytes. */
class Place {
  start = 0
  end = 0

  set({ start, end }: WireReader): void {
    this.start = start
    this.end = end
  }

  clear(): void {
    this.start = 0
    this.end = 0
  }

  get length(): number {
    return this.end - this.start
  }
}

const hostname = new Place()
const podName = new Place()
const zone = new Place()

export const trimSliceBytes = (object: ObjectBytes, options: SliceOptions): Trimmed => {
  const { metadata } = object
  const serviceLabel = options.isImported ? IMPORT_LABEL : SERVICE_LABEL
  const service = metadata.label(serviceLabel)?.text.toLowerCase() ?? ''
  const cluster = options.isImported
    ? (metadata.label(CLUSTER_LABEL)?.text.toLowerCase() ?? '')
    : ''
  const unused = unusedSlice(service, cluster, addressTypeOf(object), options)
  if (unused !== undefined) return unused
  const faults = new Faults()
  const writer = new RecordWriter()
  writer.text(service)
  const group = writer.beginGroup()
  writePorts(writer, group, object, faults)
  slice.over(object.bytes, object.start, object.end)
  while (slice.next())
    if (slice.tag === ENDPOINTS && readEndpoint(options.endpointPodNames))
      writeEndpoint(writer, group, cluster, faults)
  return { text: writer.finishText(), reason: faults.reason }
}

const addressTypeOf = ({ bytes, start, end }: ObjectBytes): string | undefined => {
  let type: string | undefined
  slice.over(bytes, start, end)
  while (slice.next())
    if (slice.tag === ADDRESS_TYPE) type = sharedTextOf(bytes, slice.start, slice.end)
  return type
}

const writePorts = (
  writer: RecordWriter,
  group: number,
  { bytes, start, end }: ObjectBytes,
  faults: Faults,
): void => {
  let hasPorts = false
  slice.over(bytes, start, end)
  while (slice.next()) {
    if (slice.tag !== PORTS) continue
    hasPorts = true
    const port = readPort(part.into(slice), faults)
    if (port !== undefined && writer.countsPort(group)) writer.port(port)
  }
  if (!hasPorts && writer.countsPort(group)) writer.port(NO_PORT)
}

/** Reads the present endpoint of the slice, except its addresses. False if it is not ready. */
const readEndpoint = (wantsPodName: boolean): boolean => {
  let isReady = true
  for (const place of [hostname, podName, zone]) place.clear()
  endpoint.into(slice)
  while (endpoint.next())
    switch (endpoint.tag) {
      case CONDITIONS:
        part.into(endpoint)
        while (part.next()) if (part.tag === READY) isReady = part.number !== 0
        break
      case HOSTNAME:
        hostname.set(endpoint)
        break
      case TARGET:
        if (!wantsPodName) break
        part.into(endpoint)
        while (part.next()) if (part.tag === TARGET_NAME) podName.set(part)
        break
      case ZONE:
        zone.set(endpoint)
    }
  return isReady
}

const writeEndpoint = (
  writer: RecordWriter,
  group: number,
  cluster: string,
  faults: Faults,
): void => {
  const { bytes } = slice
  endpoint.into(slice)
  while (endpoint.next()) {
    if (endpoint.tag !== ADDRESSES) continue
    const { start, end } = endpoint
    if (isIpv4(bytes, start, end)) {
      if (!writer.countsEndpoint(group)) continue
      writer.byte(4)
      for (const byte of ipv4) writer.byte(byte)
      writeLabel(writer, start, end, ipv4, faults)
    } else {
      const text = endpoint.text
      const address = parseIp(text)?.bytes
      if (address === undefined) faults.add(`${shown(text)} is no address`)
      if (address === undefined || !writer.countsEndpoint(group)) continue
      writer.address(address)
      writeLabel(writer, start, start, address, faults)
    }
    writer.run(bytes, zone.start, zone.end)
    writer.text(cluster)
  }
}

/** Of an IPv4 address the text between `start` and `end` is used. */
const writeLabel = (
  writer: RecordWriter,
  start: number,
  end: number,
  address: Uint8Array,
  faults: Faults,
): void => {
  const { bytes } = slice
  const name = hostname.length > 0 ? hostname : podName
  if (name.length === 0 && end > start) writer.dashedRun(bytes, start, end)
  else if (name.length > 0 && isShort(bytes, name)) writer.run(bytes, name.start, name.end)
  else
    writer.text(
      endpointLabel(
        bytes.toString('utf8', hostname.start, hostname.end),
        bytes.toString('utf8', podName.start, podName.end),
        address,
        faults,
      ),
    )
}

const isShort = (bytes: Buffer, { start, end, length }: Place): boolean =>
  length <= MAX_LABEL_BYTES && isAscii(bytes, start, end)

const DOT = 0x2e
const ZERO = 0x30
/** The address that isIpv4 has read. */
const ipv4 = new Uint8Array(4)

/** Whether the run is a valid IPv4 address: four decimal numbers in their only form. */
const isIpv4 = (bytes: Uint8Array, start: number, end: number): boolean => {
  if (end - start > 15) return false
  let at = start
  for (let k = 0; k < 4; k++) {
    if (k > 0 && bytes[at++] !== DOT) return false
    let value = bytes[at++]! - ZERO
    if (at > end || value < 0 || value > 9) return false
    while (at < end && value !== 0) {
      const digit = bytes[at]! - ZERO
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
      at++
    }
    if (value > 255) return false
    ipv4[k] = value
  }
  return at === end
}
