import assert from 'node:assert/strict'
import { test } from 'node:test'
import { after } from './after.ts'

const double = (n: number): number => 2 * n
const doubleLate = async (n: number): Promise<number> => 2 * n
const refuse = (): never => {
  throw new Error('refused')
}

test('after: what is there already is used at once', () => {
  assert.equal(after(2, double), 4)
  assert.throws(() => after(2, refuse, () => 0), /refused/)
})

const late: readonly { rule: string; run: () => unknown }[] = [
  { rule: 'what comes later is used when it comes', run: () => after(doubleLate(1), double) },
  { rule: 'what is there may be used in a late way', run: () => after(2, doubleLate) },
  { rule: 'both may be late', run: () => after(doubleLate(1), doubleLate) },
  {
    rule: 'a late failure goes to its handler',
    run: () => after(Promise.reject(new Error('late')), double, () => 4),
  },
]
for (const { rule, run } of late) {
  test(`after: ${rule}`, async () => {
    const outcome = run()
    assert.ok(outcome instanceof Promise)
    assert.equal(await outcome, 4)
  })
}

test('after: a late failure without a handler stays one, and so does a failure in what follows', async () => {
  await assert.rejects(async () => after(Promise.reject(new Error('late')), double), /late/)
  await assert.rejects(async () => after(doubleLate(1), refuse, () => 0), /refused/)
})
