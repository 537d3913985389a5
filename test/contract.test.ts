// What the plugin contract carries for plugins to come, each through a small plugin: another
// question, metadata, offers, blocks that choose, an end to waiting. Their serve halves stand here,
// routing and chains are the server's own.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answer } from '../src/chain/answer/answer.ts'
import { renamed } from '../src/chain/answer/renamed.ts'
import { METADATA, Metadata } from '../src/chain/offers/metadata.ts'
import { offerKind } from '../src/chain/offers/offers.ts'
import type { ServeScope } from '../src/chain/plugin/serve-scope.ts'
import type { Query } from '../src/chain/query/query.ts'
import { after } from '../src/chain/reply/after.ts'
import type { Reply } from '../src/chain/reply/reply.ts'
import type { Stage } from '../src/chain/stage/handler.ts'
import { ShardGeneration } from '../src/shard/generation.ts'
import { foldName, isSubname, nameFromText, namesEqual, nameToText } from '../src/wire/name.ts'
import { TYPE_A } from '../src/wire/rrtypes.ts'
import { aGeneration } from './fakes/generation-message.ts'
import { query, recordFromText, show } from './support/plugin-harness.ts'

type Half = (scope: ServeScope) => Stage
interface Block {
  readonly zones: readonly string[]
  readonly plugins: Readonly<Record<string, Half>>
  readonly view?: string
}

const serve = async (...blocks: Block[]) => {
  const halves = new Map<string, Half>()
  const named = blocks.map(({ zones, plugins, view = '' }, at) => {
    const chain = Object.entries(plugins).map(([name, half]) => {
      halves.set(`${at} ${name}`, half)
      return `${at} ${name}`
    })
    return { zones, view, chain }
  })
  const { message, parts } = aGeneration(named)
  const generation = await ShardGeneration.load(message, parts, async name => ({
    serve: (_: unknown, scope: ServeScope) => halves.get(name)!(scope),
  }))
  const { router } = generation.listeners[0]!
  const ask = async (asked: Query): Promise<Reply> => {
    const handler = router.choose(asked)?.handler ?? assert.fail('no block serves it')
    return handler(asked)
  }
  return { ask, router }
}

const wire = (name: string): Uint8Array => nameFromText(name) ?? assert.fail(name)

/** Answers A of any name with its own name's length as last byte. */
const echo: Half = () => ({
  wrap: () => asked =>
    answer(asked, {
      answers: [
        {
          owner: asked.question.wire,
          type: TYPE_A,
          ttlSeconds: 60,
          rdata: Uint8Array.of(192, 0, 2, asked.question.wire.length),
        },
      ],
    }),
})

const FROM = wire('old.test.')
const TO = wire('a-new-one.test.')

/**
 * As rewrite does: names below old.test are asked below a-new-one.test, and answered as asked.
 */
const rewrite: Half = () => {
  const moved = (name: Uint8Array, from: Uint8Array, to: Uint8Array): Uint8Array =>
    isSubname(foldName(name), from)
      ? Uint8Array.from([...name.subarray(0, name.length - from.length), ...to])
      : name
  return {
    concerns: ({ name }) => isSubname(name.bytes.subarray(0, name.length), FROM),
    wrap: next => asked => {
      const other = asked.with({ name: moved(asked.question.wire, FROM, TO) })
      return after(next(other), reply =>
        renamed(asked, reply, { owner: owner => moved(owner, TO, FROM) }),
      )
    },
  }
}

test('another question for the rest of the chain, and the answer under the first one', async () => {
  const { ask } = await serve({ zones: ['.'], plugins: { rewrite, echo } })
  const shown = show(await ask(query('X.old.test.', 'A', { udpSize: 1400, do: true })))
  assert.equal(shown.question, 'X.old.test. IN A')
  assert.deepEqual(shown.answer, [
    `X.old.test. 60 IN A 192.0.2.${wire('x.a-new-one.test.').length}`,
  ])
  assert.deepEqual(show(await ask(query('other.test.'))).answer, ['other.test. 60 IN A 192.0.2.12'])
})

test('options of a changed question: replaced, added, and the rest of EDNS kept', () => {
  const cookie = { code: 10, data: '0102030405060708' }
  const asked = query('a.test.', 'A', { udpSize: 1400, do: true, options: [cookie] })
  const longer = asked.with({ name: wire('much-longer.a.test.') })
  assert.deepEqual([longer.udpSize, longer.do, longer.edns?.optionsLength], [1400, true, 12])
  assert.equal(asked.with({ options: new Uint8Array(0) }).edns?.optionsLength, 0)
  const added = query('a.test.').with({ options: Uint8Array.of(0, 3, 0, 0) })
  assert.deepEqual([added.edns?.optionsLength, added.udpSize], [4, 1232])
  assert.equal(
    query('a.test.').with({ options: new Uint8Array(0), addedUdpSize: 4096 }).udpSize,
    4096,
  )
})

const names = offerKind<string>('names')

test('what a plugin offers reaches the others of its block, and of no other', async () => {
  const heard: (readonly string[])[] = []
  const gives =
    (name: string): Half =>
    scope => {
      scope.offer(names, name)
      return { wrap: next => asked => next(asked) }
    }
  const takes: Half = scope => {
    const offered = scope.offered(names)
    return {
      wrap: next => asked => {
        heard.push([...offered])
        return next(asked)
      },
    }
  }
  const { ask } = await serve(
    { zones: ['one.test.'], plugins: { takes, first: gives('a'), second: gives('b'), echo } },
    { zones: ['two.test.'], plugins: { takes, other: gives('c'), echo } },
  )
  await ask(query('x.one.test.'))
  await ask(query('x.two.test.'))
  assert.deepEqual(heard, [['a', 'b'], ['c']])
})

/** As metadata will do. */
const collects: Half = scope => {
  const providers = scope.offered(METADATA)
  return {
    wrap: next => asked => {
      asked.metadata = new Metadata(asked, providers)
      return next(asked)
    },
  }
}

test('metadata is collected by one stage, told by others, and read behind a changed question', async () => {
  const told: (string | undefined)[] = []
  const reads: Half = () => ({
    wrap: next => asked => {
      asked.metadata?.set('reads/seen', () => nameToText(asked.question.wire))
      return after(next(asked), reply => {
        told.push(asked.metadata?.get('tells/type'), asked.metadata?.get('reads/seen'))
        return reply
      })
    },
  })
  const tells: Half = scope => {
    scope.offer(METADATA, (asked, set) => set('tells/type', () => `${asked.qtype}`))
    return { wrap: next => asked => next(asked) }
  }
  const { ask } = await serve(
    { zones: ['.'], plugins: { collects, rewrite, reads, tells, echo } },
    { zones: ['bare.test.'], plugins: { reads, tells, echo } },
  )
  await ask(query('x.old.test.'))
  await ask(query('x.bare.test.'))
  assert.deepEqual(told, ['1', 'x.a-new-one.test.', undefined, undefined])
})

test('blocks for one zone that choose: the first that accepts, then the zones above', async () => {
  const accepts =
    (isTaken: (asked: Query) => boolean): Half =>
    () => ({ accepts: isTaken, wrap: next => asked => next(asked) })
  const says =
    (text: string): Half =>
    () => ({
      wrap: () => asked => answer(asked, { answers: [recordFromText(`x. 1 IN TXT ${text}`)] }),
    })
  const { ask, router } = await serve(
    {
      zones: ['v.test.'],
      view: 'inside',
      plugins: {
        view: accepts(({ client }) => client.address.startsWith('10.')),
        says: says('in'),
      },
    },
    {
      zones: ['v.test.'],
      view: 'odd',
      plugins: { view: accepts(({ id }) => id % 2 === 1), says: says('odd') },
    },
    { zones: ['test.'], plugins: { says: says('above') } },
    { zones: ['plain.test.'], plugins: { says: says('plain') } },
  )
  const textOf = async (name: string, client: string, id: number): Promise<string> =>
    show(await ask(query(name, 'TXT', { client, id }))).answer.join()
  assert.match(await textOf('a.v.test.', '10.0.0.1', 1), /"in"/)
  assert.match(await textOf('a.v.test.', '192.0.2.1', 1), /"odd"/)
  assert.match(await textOf('a.v.test.', '192.0.2.1', 2), /"above"/)
  assert.match(await textOf('a.plain.test.', '10.0.0.1', 2), /"plain"/)
  assert.equal(router.route(query('a.v.test.'))?.fast, undefined)
  assert.equal(router.choose(query('a.v.test.', 'A', { id: 3 }))?.view, 'odd')
})

test("the server's own questions behind each other come to an end", async () => {
  let asked = 0
  const loops: Half = scope => ({
    wrap: () => async question => {
      asked++
      return scope.resolve(question, nameToText(question.question.wire), TYPE_A)
    },
  })
  const { ask } = await serve({ zones: ['.'], plugins: { loops } })
  assert.equal(show(await ask(query('round.test.'))).rcode, 'SERVFAIL')
  assert.equal(asked, 9)
})

test("the server's own questions beside each other come to an end, too", async () => {
  let asked = 0
  const fans: Half = scope => ({
    wrap: () => async question => {
      asked++
      const name = nameToText(question.question.wire)
      const [first] = await Promise.all(
        [1, 2, 3, 4].map(() => scope.resolve(question, name, TYPE_A)),
      )
      return first ?? assert.fail()
    },
  })
  const { ask } = await serve({ zones: ['.'], plugins: { fans } })
  assert.equal(show(await ask(query('fan.test.'))).rcode, 'SERVFAIL')
  assert.equal(asked, 101)
})

const pass: Stage['wrap'] = next => next

const faults: { rule: string; half: Half; message: string }[] = [
  {
    rule: 'serve throws',
    half: () => {
      throw new Error('boom')
    },
    message: 'plugin/0 bad: boom',
  },
  {
    rule: 'wrap throws',
    half: () => ({
      wrap: () => {
        throw new Error('boom')
      },
    }),
    message: 'plugin/0 bad: boom',
  },
  {
    rule: 'serve gives something else',
    half: () => ({}) as Stage,
    message: 'plugin/0 bad: what serve gives has no function wrap',
  },
  {
    rule: 'serve gives a number',
    half: () => 42 as unknown as Stage,
    message: 'plugin/0 bad: what serve gives has no function wrap',
  },
  {
    rule: 'serve gives null',
    half: () => null as unknown as Stage,
    message: 'plugin/0 bad: what serve gives has no function wrap',
  },
  {
    rule: 'serve is asynchronous',
    half: (async () => ({ wrap: pass })) as unknown as Half,
    message: 'plugin/0 bad: serve gives a promise, where the stage itself is needed',
  },
  {
    rule: 'it registers nothing for its end',
    half: scope => {
      scope.onRetire(undefined as unknown as () => void)
      return { wrap: pass }
    },
    message: 'plugin/0 bad: onRetire takes a function',
  },
  {
    rule: 'it chooses questions and has not said so',
    half: () => ({ wrap: pass, accepts: () => false }),
    message: `plugin/0 bad: what serve gives has 'accepts', and the plugin lacks the fact 'selects'`,
  },
  {
    rule: 'it offers without end',
    half: scope => {
      for (let k = 0; ; k++) scope.offer(offerKind(`kind-${k}`), 1)
    },
    message: "plugin/0 bad: more than 1000 offers in one block, 'kind-1000' the last",
  },
]

for (const { rule, half, message } of faults)
  test(`a load that fails names the plugin: ${rule}`, async () => {
    await assert.rejects(serve({ zones: ['.'], plugins: { bad: half } }), { message })
  })

test('a load that fails leaves nothing open, and says in which block', async () => {
  const retired: string[] = []
  const opens =
    (name: string): Half =>
    scope => {
      scope.onRetire(() => {
        retired.push(name)
        throw new Error('boom')
      })
      return { wrap: next => asked => next(asked) }
    }
  const fails: Half = () => {
    throw new Error('boom')
  }
  await assert.rejects(
    serve(
      { zones: ['one.test.'], plugins: { first: opens('first'), second: opens('second') } },
      { zones: ['two.test.'], plugins: { third: opens('third'), fails } },
    ),
    { name: 'LoadFailure', message: 'plugin/1 fails: boom', block: 1 },
  )
  assert.deepEqual(retired, ['first', 'second', 'third'])
})

test('a half that cannot be loaded is named', async () => {
  const { message, parts } = aGeneration([{ zones: ['.'], view: '', chain: ['bad'] }])
  await assert.rejects(
    ShardGeneration.load(message, parts, () => Promise.reject(new Error('boom'))),
    { message: 'plugin/bad: boom' },
  )
})

test('a deadline can be brought forward for the rest of the chain, never put off', () => {
  const asked = query('a.test.', 'A', { receivedMs: 1000 })
  assert.equal(asked.deadlineMs, 6000)
  const sooner = asked.with({ deadlineMs: 1500 })
  assert.equal(sooner.deadlineMs, 1500)
  assert.equal(sooner.with({ name: wire('b.test.'), deadlineMs: 9000 }).deadlineMs, 1500)
})

test('what still goes on for a query ends with it, for all that were made of it', () => {
  const asked = query('a.test.')
  const other = asked.with({ name: wire('b.test.') })
  const { signal } = other
  asked.answered()
  assert.deepEqual([signal.aborted, asked.signal.aborted], [true, true])
})

test('names that are renamed too long for a message leave TC, and nothing grows without a bound', async () => {
  const many: Half = () => ({
    wrap: () => asked =>
      answer(asked, {
        answers: Array.from({ length: 3000 }, (_, k) =>
          recordFromText(`n${k}.x. 60 IN AAAA 2001:db8::1`),
        ),
      }),
  })
  const { ask } = await serve({ zones: ['.'], plugins: { many } })
  const asked = query('a.test.', 'A', { transport: 'tcp' })
  const long = wire(`${'x'.repeat(60)}.${'y'.repeat(60)}.${'z'.repeat(60)}.test.`)
  const reply = renamed(asked, await ask(asked), {
    owner: owner => Uint8Array.from([...owner.subarray(0, owner.length - 3), ...long]),
  })
  const shown = show(reply)
  assert.match(shown.flags, /tc/)
  assert.ok(reply.bytes.length <= 65_535 && shown.answer.length > 100)
  assert.ok(namesEqual(asked.question.folded, foldName(wire('a.test.'))))
})
