// Hot path. In which namespaces pods have an address: the namespaces' labels, one after the other,
// in the order of their bytes. On the host's network many pods have one.

/** Where the namespace's label stands among the `length` bytes at `at`; -1 if it does not. */
export const findNamespace = (
  bytes: Uint8Array,
  at: number,
  length: number,
  label: Uint8Array,
): number => {
  const end = at + length
  for (let from = at; from < end; from += bytes[from]! + 1)
    if (isSameLabel(bytes, from, label, 0)) return from
  return -1
}

/** Whether the labels at these places are the same. */
export const isSameLabel = (
  one: Uint8Array,
  at: number,
  other: Uint8Array,
  otherAt: number,
): boolean => {
  const length = one[at]!
  for (let k = 0; k <= length; k++) if (one[at + k] !== other[otherAt + k]) return false
  return true
}

const NOTHING = new Uint8Array(0)

/** The record with or without the namespace; empty: there is no pod with the address. */
export const withNamespace = (
  record: Uint8Array = NOTHING,
  label: Uint8Array,
  isThere: boolean,
): Uint8Array => {
  const labels: Uint8Array[] = []
  for (let at = 0; at < record.length; at += record[at]! + 1)
    labels.push(record.subarray(at, at + record[at]! + 1))
  const others = labels.filter(each => Buffer.compare(each, label) !== 0)
  return Buffer.concat((isThere ? [...others, label] : others).sort(Buffer.compare))
}
