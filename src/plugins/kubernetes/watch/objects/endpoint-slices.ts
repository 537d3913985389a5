// EndpointSlices in JSON, reduced at once to the text of slice-text.ts.

import { parseIp } from '../../../../base/ip.ts'
import type { KubeObject } from '../../../../kube/kube-object.ts'
import { ObjectBytes } from '../../../../kube/protobuf/object-bytes.ts'
import { RecordWriter } from '../../records/service-record.ts'
import { endpointLabel } from './endpoint-label.ts'
import { Faults, listPart, partOf, shown, textPart } from './json-parts.ts'
import { portsOf } from './objects.ts'
import type { Trimmed } from './service-text.ts'
import { trimSliceBytes } from './slice-bytes.ts'
import {
  CLUSTER_LABEL,
  IMPORT_LABEL,
  SERVICE_LABEL,
  type SliceOptions,
  unusedSlice,
} from './slice-text.ts'

export const trimSlice = (object: KubeObject, options: SliceOptions): Trimmed => {
  if (object instanceof ObjectBytes) return trimSliceBytes(object, options)
  const labels = partOf(object.metadata, 'labels')
  const service = textPart(labels, options.isImported ? IMPORT_LABEL : SERVICE_LABEL).toLowerCase()
  const cluster = options.isImported ? textPart(labels, CLUSTER_LABEL).toLowerCase() : ''
  const addressType = partOf(object, 'addressType')
  const unused = unusedSlice(service, cluster, addressType, options)
  if (unused !== undefined) return unused
  const faults = new Faults()
  const writer = new RecordWriter()
  writer.text(service)
  const group = writer.beginGroup()
  for (const port of portsOf(listPart(object, 'ports'), faults))
    if (writer.countsPort(group)) writer.port(port)
  for (const endpoint of listPart(object, 'endpoints'))
    writeEndpoint(writer, group, endpoint, cluster, options, faults)
  return { text: writer.finishText(), reason: faults.reason }
}

const writeEndpoint = (
  writer: RecordWriter,
  group: number,
  endpoint: unknown,
  cluster: string,
  options: SliceOptions,
  faults: Faults,
): void => {
  if (typeof endpoint !== 'object' || endpoint === null) {
    faults.add(`${shown(endpoint)} is no endpoint`)
    return
  }
  const ready = partOf(partOf(endpoint, 'conditions'), 'ready') ?? true
  if (ready !== true) return
  const podName = options.endpointPodNames ? textPart(partOf(endpoint, 'targetRef'), 'name') : ''
  const hostname = textPart(endpoint, 'hostname')
  const zone = textPart(endpoint, 'zone')
  for (const written of listPart(endpoint, 'addresses')) {
    const address = typeof written === 'string' ? parseIp(written)?.bytes : undefined
    if (address === undefined) faults.add(`${shown(written)} is no address`)
    else if (writer.countsEndpoint(group)) {
      writer.address(address)
      writer.text(endpointLabel(hostname, podName, address, faults))
      writer.text(zone)
      writer.text(cluster)
    }
  }
}
