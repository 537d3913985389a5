// What tests use of newer engines, for the Nodes that have it not: `node --import` loads this
// first. The program itself does without, and is not given it.

import { fromHex, toHex } from '../../src/base/text/byte-text.ts'
import { literalPattern } from '../../src/corefile/parse/glob.ts'

Uint8Array.fromHex ??= fromHex
Uint8Array.prototype.toHex ??= function () {
  return toHex(this)
}
RegExp.escape ??= literalPattern

// Node 22 ends while somebody waits so; a server has sockets that keep it.
const { waitAsync } = Atomics
if (process.versions.node.startsWith('22.'))
  Atomics.waitAsync = ((...given: Parameters<typeof waitAsync>) => {
    const waiting = waitAsync(...given)
    if (!waiting.async) return waiting
    const kept = setInterval(() => undefined, 1000)
    return { async: true, value: waiting.value.finally(() => clearInterval(kept)) }
  }) as typeof waitAsync
