import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  query,
  recordFromText,
  recordToText,
  replyTo,
} from '../../../test/support/plugin-harness.ts'
import { answer } from './answer.ts'
import { copyRecords } from './record-copy.ts'

/** Names in them are compressed in the reply that they are copied from. */
const RECORDS = [
  'www.example.org. 300 IN A 192.0.2.1',
  'www.example.org. 60 IN CNAME web.example.org.',
  'example.org. 60 IN MX 10 mail.example.org.',
  'example.org. 60 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5',
  '_http._tcp.example.org. 5 IN SRV 0 5 80 www.example.org.',
  'example.org. 5 IN TXT "one" "two"',
]

for (const text of RECORDS) {
  test(`copyRecords: ${text}`, () => {
    const { bytes, layout } = replyTo(query('www.example.org.', 'ANY'), { answer: [text] })
    const [record = assert.fail()] = copyRecords(bytes, layout, 1)
    const again = answer(query('other.example.net.', 'ANY'), { answers: [record] })
    assert.equal(recordToText(again.bytes, again.layout, 0), text)
    assert.deepEqual(new Uint8Array(record.rdata), new Uint8Array(recordFromText(text).rdata))
  })
}

test('copyRecords: rdata that has not the shape of its type is no record', () => {
  const { bytes, layout } = replyTo(query('www.example.org.'), {
    answer: ['www.example.org. 300 IN A 192.0.2.1'],
  })
  const damaged = bytes.slice()
  // The type becomes CNAME: four bytes of an address are no name.
  damaged[layout.ttlOffset(0) - 3] = 5
  assert.deepEqual(copyRecords(damaged, layout.of(damaged), 1), [])
})

test('copyRecords: each record has its own rdata, and owners spelt in one place are one array', () => {
  const answer = [1, 2, 3].map(n => `www.example.org. 300 IN A 192.0.2.${n}`)
  const { bytes, layout } = replyTo(query('www.example.org.'), {
    answer: [...answer, 'a.example.org. 300 IN A 192.0.2.4'],
  })
  const records = copyRecords(bytes, layout, 4)
  assert.deepEqual(
    records.map(({ rdata }) => rdata[3]),
    [1, 2, 3, 4],
  )
  assert.equal(records[1]?.owner, records[2]?.owner)
  assert.notDeepEqual(records[2]?.owner, records[3]?.owner)
})
