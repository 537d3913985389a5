import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeCluster } from '../../../../test/support/cluster-records.ts'
import {
  chain,
  fakeBlock,
  fakeControl,
  query,
  type ReplyOptions,
  replyTo,
  type Shown,
  show,
} from '../../../../test/support/plugin-harness.ts'
import { kubernetes } from '../index.ts'

const TEXT = 'kubernetes cluster.local'
const NAME = 'web.shop.svc.cluster.local.'
const CLUSTER = `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { type: ExternalName, externalName: www.example.org }
`
const alias = `${NAME} 5 IN CNAME www.example.org.`
const address = 'www.example.org. 60 IN A 192.0.2.1'

/** What is answered for a service that is an alias, when the server says so of its target. */
const answered = async (target: ReplyOptions): Promise<Shown> => {
  const block = fakeBlock({ changing: [] })
  const control = fakeControl({ block })
  await fakeCluster(control, TEXT, CLUSTER)
  const { handle } = await chain(kubernetes, TEXT, {
    control,
    serve: {
      resolve: async (asked, qname) => replyTo(query(qname, 'A', { id: asked.id }), target),
    },
  })
  return show(await handle(query(NAME)))
}

const cases: readonly { rule: string; target: ReplyOptions; answer: string[]; flags: string }[] = [
  {
    rule: 'the addresses of its target follow it',
    target: { answer: [address] },
    answer: [alias, address],
    flags: 'qr aa rd',
  },
  {
    rule: 'a target that was cut is cut here too',
    target: { answer: [address], tc: true },
    answer: [alias, address],
    flags: 'qr aa tc rd',
  },
  {
    rule: 'it stands alone where the target has none',
    target: {},
    answer: [alias],
    flags: 'qr aa rd',
  },
]

for (const { rule, target, answer, flags } of cases) {
  test(`kubernetes: an external name: ${rule}`, async () => {
    const shown = await answered(target)
    assert.deepEqual([shown.answer, shown.flags], [answer, flags])
  })
}
