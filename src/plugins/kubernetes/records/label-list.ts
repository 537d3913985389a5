// Hot path. Records that are sorted lists of items, where an item is a fixed number of labels. The
// namespaces of the pods at an address are such a list: pods on the host's network share an
// address. So are the services that are reachable at an address from outside.

/** Offset of the item in the `length` bytes at `at`. -1 if it is not in the list. */
export const findItem = (
  bytes: Uint8Array,
  at: number,
  length: number,
  item: Uint8Array,
  labels: number,
): number => {
  const end = at + length
  for (let from = at; from < end; from = behindItem(bytes, from, labels))
    if (isSameItem(bytes, from, item, 0, labels)) return from
  return -1
}

const behindItem = (bytes: Uint8Array, at: number, labels: number): number => {
  let end = at
  for (let k = 0; k < labels; k++) end += bytes[end]! + 1
  return end
}

/** Whether the items at two offsets are equal. */
export const isSameItem = (
  one: Uint8Array,
  at: number,
  other: Uint8Array,
  otherAt: number,
  labels: number,
): boolean => {
  const length = behindItem(one, at, labels) - at
  for (let k = 0; k < length; k++) if (one[at + k] !== other[otherAt + k]) return false
  return true
}

/** The items, copied. */
export const itemsOf = (
  bytes: Uint8Array,
  at: number,
  length: number,
  labels: number,
): Uint8Array[] => {
  const items: Uint8Array[] = []
  const end = at + length
  for (let from = at; from < end; ) {
    const next = behindItem(bytes, from, labels)
    items.push(bytes.slice(from, next))
    from = next
  }
  return items
}

const NOTHING = new Uint8Array(0)

/** The list after the item is added or removed. */
export const withItem = (
  list: Uint8Array = NOTHING,
  item: Uint8Array,
  labels: number,
  isThere: boolean,
): Uint8Array => {
  const others = itemsOf(list, 0, list.length, labels).filter(
    each => Buffer.compare(each, item) !== 0,
  )
  return Buffer.concat((isThere ? [...others, item] : others).sort(compareItems))
}

const compareItems = (a: Uint8Array, b: Uint8Array): number => {
  const [aEnd, bEnd] = [1 + a[0]!, 1 + b[0]!]
  return (
    Buffer.compare(a.subarray(1, aEnd), b.subarray(1, bEnd)) ||
    (aEnd === a.length ? 0 : compareItems(a.subarray(aEnd), b.subarray(bEnd)))
  )
}
