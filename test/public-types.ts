// What the compiler makes of the public types: it runs with every type check, and each line behind
// a `@ts-expect-error` has to be wrong. Nobody loads this file.

import {
  type Answer,
  answer,
  createServer,
  definePlugin,
  edit,
  type HandlingStage,
  type Query,
  type Reply,
} from '../src/index.ts'
import { flag, integer, option, optionTable, text } from '../src/options.ts'

/** Two such functions are the same only for the very same type; `any` is no other's. */
type Exactly<A> = <T>() => T extends A ? 1 : 2
type Same<A, B> = Exactly<A> extends Exactly<B> ? true : false
const isSame = <A, B>(..._: Same<A, B> extends true ? [] : ['are not the same']): void => undefined

const table = optionTable('once', {
  rows: {
    most: option('most', integer(), { default: '5', does: 'how many' }),
    word: option('word', text('WORD'), { unset: undefined, does: 'a word' }),
    loud: flag('loud', { does: 'loudly' }),
  },
})

export const inferred = definePlugin({
  options: table,
  control(options, scope) {
    isSame<typeof options, { most: number; word: string | undefined; loud: boolean }>()
    return { base: scope.shared(1) }
  },
  serve({ most, word }, scope, shared) {
    isSame<typeof most, number>()
    isSame<typeof word, string | undefined>()
    isSame<typeof shared, { base: number }>()
    // @ts-expect-error: no such option
    const { leats } = { most }
    // @ts-expect-error: what control gives has no such field
    scope.words[shared.bse] = leats
    return {
      handle: (query, next) => {
        isSame<typeof query, Query>()
        return next(query)
      },
    }
  },
})

export const promised = definePlugin({
  control: async () => ({ file: 'x' }),
  serve(options, _scope, shared) {
    isSame<typeof options, undefined>()
    isSame<typeof shared, { file: string }>()
    return undefined
  },
})

export const nothing = definePlugin({ serve: () => undefined })

export const read = definePlugin({
  parse: directive => ({ count: directive.remainingArgs().length }),
  serve: ({ count }) => {
    isSame<typeof count, number>()
    return undefined
  },
})

export const served = async (): Promise<void> => {
  const server = await createServer({
    corefile: '.:0',
    plugins: {
      module: './greet.ts',
      url: new URL('file:///greet.ts'),
      placed: { module: './greet.ts', before: 'cache' },
      called: async ({ name, type, client, message, signal }) => {
        isSame<typeof type, string>()
        isSame<typeof client.port, number>()
        isSame<typeof signal, AbortSignal>()
        if (message.flag_cd) return undefined
        return { answers: [{ name, type: 'MX', ttl: 60, data: { exchange: 'mail.example.org' } }] }
      },
    },
  })
  isSame<(typeof server.addresses)[0]['port'], number>()
  await server.reload('.:0')
}
// @ts-expect-error: a Corefile is a text
void createServer({ corefile: {} })
// @ts-expect-error: no such option
void createServer({ corefile: '', workres: 2 })
// @ts-expect-error: an answer, undefined or null
void createServer({ handler: () => 'NXDOMAIN' })

// @ts-expect-error: no such field
definePlugin({ sevre: () => undefined })
// @ts-expect-error: a stage, and not its handler
definePlugin({ serve: () => (query: Query) => answer(query) })
// @ts-expect-error: options is a table
definePlugin({ options: { most: 5 }, serve: () => undefined })

// @ts-expect-error: a handler gives a reply
export const mute: HandlingStage = { handle: () => undefined }

export const records: Answer = {
  rcode: 'NXDOMAIN',
  answers: [
    { name: 'a', type: 'TXT', ttl: 60, data: 'hi' },
    { name: 'a', type: 'MX', data: { exchange: 'b' } },
    { name: 'a', type: 'HTTPS', data: '1 . alpn=h2' },
    'a. 60 IN A 192.0.2.1',
  ],
}
// @ts-expect-error: no rcode of this name
export const misspelt: Answer = { rcode: 'NXDOMAN' }
// @ts-expect-error: an address is a text
export const noAddress: Answer = { answers: [{ name: 'a', type: 'A', data: 5 }] }
// @ts-expect-error: an MX record has an exchange
export const noMx: Answer = { answers: [{ name: 'a', type: 'MX', data: { target: 'b' } }] }
// @ts-expect-error: no such section
export const noSection: Answer = { answer: [] }

export const told = (query: Query, reply: Reply): Reply => {
  isSame<typeof query.qname, string>()
  for (const record of reply.message.answers) {
    isSame<typeof record.ttl, number>()
    if (record.type === 'A') isSame<typeof record.data, string>()
    if (record.type === 'SRV') isSame<typeof record.data.port, number>()
  }
  // @ts-expect-error: a message is frozen
  reply.message.answers.push({ name: 'a', type: 'A', class: 'IN', ttl: 5, data: '192.0.2.1' })
  return answer(query, { answers: reply.message.answers })
}

export const changed = (reply: Reply): Reply => edit(reply, { ttl: 5, rcode: 'REFUSED' })
