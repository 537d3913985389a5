import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query, recordFromText, recordToText, replyTo } from '../../test/support/plugin-harness.ts'
import { answer } from './answer.ts'
import { copyRecordData } from './record-copy.ts'

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
  test(`copyRecordData: ${text}`, () => {
    const { bytes, layout } = replyTo(query('www.example.org.', 'ANY'), { answer: [text] })
    const record = copyRecordData(bytes, layout, 0) ?? assert.fail()
    const again = answer(query('other.example.net.', 'ANY'), { answers: [record] })
    assert.equal(recordToText(again.bytes, again.layout, 0), text)
    assert.deepEqual(new Uint8Array(record.rdata), new Uint8Array(recordFromText(text).rdata))
  })
}

test('copyRecordData: rdata that has not the shape of its type is no record', () => {
  const { bytes, layout } = replyTo(query('www.example.org.'), { answer: ['www.example.org. 300 IN A 192.0.2.1'] })
  const damaged = bytes.slice()
  // The type becomes CNAME: four bytes of an address are no name.
  damaged[layout.ttlOffset(0) - 3] = 5
  assert.equal(copyRecordData(damaged, layout.of(damaged), 0), undefined)
})
