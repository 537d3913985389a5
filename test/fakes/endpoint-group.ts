// The endpoints of one slice as a record has them, read back by hand, not by the code under test.

import type { EndpointGroup } from '../../src/plugins/kubernetes/records/service-record.ts'

export const readGroup = (bytes: Uint8Array): EndpointGroup => {
  let at = 0
  const u16 = (): number => ((bytes[at++] ?? 0) << 8) | (bytes[at++] ?? 0)
  const run = (length: number): Uint8Array => bytes.slice(at, (at += length))
  const text = (): string => Buffer.from(run(bytes[at++] ?? 0)).toString('utf8')
  const [ports, endpoints] = [u16(), u16()]
  return {
    ports: Array.from({ length: ports }, () => ({ number: u16(), name: text(), protocol: text() })),
    endpoints: Array.from({ length: endpoints }, () => ({
      address: run(bytes[at++] ?? 0),
      label: text(),
      zone: text(),
      cluster: text(),
    })),
  }
}
