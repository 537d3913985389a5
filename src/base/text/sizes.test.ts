import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatSize, parseSize } from './sizes.ts'

const sizes: readonly { text: string; bytes: number | undefined }[] = [
  { text: '0', bytes: 0 },
  { text: '4096', bytes: 4096 },
  { text: '1KiB', bytes: 1024 },
  { text: '64MiB', bytes: 67_108_864 },
  { text: '2GiB', bytes: 2_147_483_648 },
  { text: '', bytes: undefined },
  { text: '64MB', bytes: 64_000_000 },
  { text: '64M', bytes: 64_000_000 },
  { text: '64Mi', bytes: 67_108_864 },
  { text: '64mib', bytes: 67_108_864 },
  { text: '64mb', bytes: 64_000_000 },
  { text: '1k', bytes: 1000 },
  { text: '1K', bytes: 1000 },
  { text: '1Ki', bytes: 1024 },
  { text: '2G', bytes: 2_000_000_000 },
  { text: '2Gi', bytes: 2_147_483_648 },
  { text: '64m', bytes: undefined },
  { text: '2g', bytes: undefined },
  { text: '1Ti', bytes: undefined },
  { text: '1b', bytes: undefined },
  { text: '1.5MiB', bytes: undefined },
  { text: '-1', bytes: undefined },
  { text: ' 1', bytes: undefined },
  { text: '1 MiB', bytes: undefined },
  { text: '1e3', bytes: undefined },
  { text: '9007199254740992', bytes: undefined },
  { text: '9007199254740991GiB', bytes: undefined },
]
for (const c of sizes)
  test(`parseSize: '${c.text}' is ${c.bytes}`, () => assert.equal(parseSize(c.text), c.bytes))

for (const text of ['0', '1000', '1KiB', '1025', '64MiB', '1GiB', '1536MiB'])
  test(`formatSize: ${text} survives the way there and back`, () =>
    assert.equal(formatSize(parseSize(text) ?? -1), text))
