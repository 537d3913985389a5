// Micro benches of src/wire: reading questions and layouts, writing messages.

import { readLayout } from '../../src/wire/layout.ts'
import { readQuestion } from '../../src/wire/question.ts'
import { MessageWriter } from '../../src/wire/writer.ts'
import { CLASS_IN, nameOf, queryOf, responseOf, TYPE_A } from './messages.ts'
import type { MicroBench } from './timing.ts'

const NAME = 'kube-dns.kube-system.svc.cluster.local'

export const wireBenches = (): MicroBench[] => {
  const short = queryOf('n1.test')
  const usual = queryOf(NAME)
  const one = responseOf(NAME, 1, true)
  const many = responseOf(NAME, 16, true)
  const layout = readLayout(many)
  return [
    { name: 'readQuestion, name of 2 labels', operation: () => readQuestion(short) },
    { name: 'readQuestion, name of 5 labels', operation: () => readQuestion(usual) },
    { name: 'readLayout, 1 record', operation: () => readLayout(one) },
    { name: 'readLayout, 16 records', operation: () => readLayout(many) },
    { name: 'MessageWriter, question and 1 record', operation: () => write(1, false) },
    { name: 'MessageWriter, question and 16 records', operation: () => write(16, false) },
    { name: 'MessageWriter, the same compressed', operation: () => write(16, true) },
    {
      name: 'MessageWriter.copyRecord, 16 records, compressed',
      operation: () => {
        if (layout === undefined) return undefined
        const writer = begin(true)
        for (let n = 0; n < layout.count; n++) writer.copyRecord(0, many, layout, n, 60)
        return writer.finish()
      },
    },
  ]
}

const WIRE = nameOf(NAME)
const RDATA = Uint8Array.of(192, 0, 2, 1)

const begin = (compress: boolean): MessageWriter => {
  const writer = new MessageWriter()
  writer.compress = compress
  writer.header(1, 0x8180)
  writer.question(WIRE, TYPE_A, CLASS_IN)
  return writer
}

const write = (records: number, compress: boolean): Uint8Array => {
  const writer = begin(compress)
  for (let n = 0; n < records; n++) writer.record(0, WIRE, TYPE_A, CLASS_IN, 60, RDATA)
  return writer.finish()
}
