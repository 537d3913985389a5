// The pod at an address, as a record: its namespace, its name and its labels. Main writes these
// records. Shards read them for metadata.

export interface PodParts {
  readonly namespace: string
  readonly name: string
  readonly labels: readonly (readonly [key: string, value: string])[]
}

/** JSON: a flat list of texts. */
export const encodePod = ({ namespace, name, labels }: PodParts): Uint8Array =>
  Buffer.from(JSON.stringify([namespace, name, ...labels.flat()]))

export const decodePod = (bytes: Uint8Array, at: number, length: number): PodParts => {
  const text = Buffer.from(bytes.slice(at, at + length)).toString()
  const [namespace = '', name = '', ...rest] = JSON.parse(text) as string[]
  const labels: [string, string][] = []
  for (let k = 0; k + 1 < rest.length; k += 2) labels.push([rest[k] ?? '', rest[k + 1] ?? ''])
  return { namespace, name, labels }
}
