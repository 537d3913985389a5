// What a name in a zone asks for, from the labels left of the zone: `SERVICE.NAMESPACE`,
// `_PORT._PROTOCOL.SERVICE.NAMESPACE`, `ENDPOINT.SERVICE.NAMESPACE`.

import type { ExternalRequest } from '../../chain/offers/external-services.ts'

/**
 * `folded` is a lower-case wire name below a zone whose wire form has `zoneLength` bytes.
 * Undefined: no name of this kind. The result borrows the name.
 */
export const readRequest = (
  folded: Uint8Array,
  zoneLength: number,
  isHeadless: boolean,
): ExternalRequest | undefined => {
  const end = folded.length - zoneLength
  const starts: number[] = []
  for (let at = 0; at < end; at += folded[at]! + 1) starts.push(at)
  const namespaceAt = starts.pop()
  if (namespaceAt === undefined) return undefined
  const request = { port: '', protocol: '', endpoint: undefined, isHeadless }
  const namespace = folded.subarray(namespaceAt, end)
  const serviceAt = starts.pop()
  if (serviceAt === undefined) return { ...request, namespace, service: undefined }
  const service = folded.subarray(serviceAt, end)
  const [first = 0, second = serviceAt] = starts
  switch (starts.length) {
    case 0:
      return { ...request, namespace, service }
    case 1:
      return { ...request, namespace, service, endpoint: folded.subarray(first, serviceAt) }
    case 2: {
      const port = textOf(folded.subarray(first, second))
      const protocol = textOf(folded.subarray(second, serviceAt))
      return { ...request, namespace, service, port, protocol }
    }
    default:
      return undefined
  }
}

/** Without an underscore in front. */
const textOf = (label: Uint8Array): string =>
  Buffer.from(label.subarray(1)).toString('utf8').replace(/^_/, '')
