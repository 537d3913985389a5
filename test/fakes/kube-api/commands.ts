// The program's commands on standard input: each line is one command, and each is answered by one
// line of JSON (churn: one per change before).

import { setTimeout as pause } from 'node:timers/promises'
import type { KubeApi } from './api-server.ts'
import type { FaultCode } from './faults.ts'
import { readManifestFiles } from './manifests.ts'
import { RESOURCES } from './resources.ts'
import { isMap } from './version.ts'

const FAULT_CODES: readonly number[] = [403, 410, 429, 500, 503]

type Say = (line: object) => void
type Command = (
  api: KubeApi,
  words: readonly string[],
  rest: string,
  say: Say,
) => object | undefined | Promise<object | undefined>

const readCount = (text: string | undefined, what: string): number => {
  if (text === undefined || !/^\d{1,9}$/.test(text))
    throw new Error(`${what} is not a number: ${text ?? ''}`)
  return Number(text)
}

const wanted = (text: string | undefined, what: string): string => {
  if (text === undefined || text === '') throw new Error(`${what} is missing`)
  return text
}

const stats = (api: KubeApi): object => ({
  resourceVersion: api.resourceVersion,
  isUp: api.isUp,
  connections: api.connections,
  objects: Object.fromEntries(
    RESOURCES.map(resource => [resource.plural, api.store.table(resource).size]),
  ),
  watches: Object.fromEntries(RESOURCES.map(({ plural }) => [plural, api.watches.count(plural)])),
  requests: api.requests.totals,
})

const churn: Command = async (api, [count, perSecond], _rest, say) => {
  const total = readCount(count, 'COUNT')
  const rate = perSecond === undefined ? undefined : readCount(perSecond, 'PER_SECOND')
  if (rate === 0) throw new Error('PER_SECOND is 0')
  const startMs = performance.now()
  for (let n = 0; n < total; n++) {
    // Measured from the start, so that the rate holds whatever each change takes.
    if (rate !== undefined)
      await pause(Math.max(0, startMs + (n * 1000) / rate - performance.now()))
    say(api.churn())
  }
  return { changes: total }
}

const COMMANDS: Readonly<Record<string, Command>> = {
  apply: (api, _words, rest) => {
    const value: unknown = JSON.parse(rest)
    const objects = (Array.isArray(value) ? value : [value]).filter(isMap)
    const versions = api.apply(objects.map(object => JSON.stringify(object)).join('\n---\n'))
    return { applied: versions.map(({ resource, key }) => `${resource.plural}/${key}`) }
  },
  delete: (api, [kind, namespace, name]) => ({
    deleted: api.delete(wanted(kind, 'KIND'), wanted(namespace, 'NS'), wanted(name, 'NAME')),
  }),
  down: async api => void (await api.down()),
  up: async (api, _words, rest) =>
    void (await api.up(rest === '' ? {} : { contents: readManifestFiles(rest) })),
  replace: (api, _words, rest) =>
    api.replaceAll(readManifestFiles(wanted(rest, 'FILE'))) as undefined,
  'reset-watches': (api, [how]) => ({
    watches: api.watches.reset({ midLine: how === 'mid-line' }),
  }),
  'silence-watches': api => ({ watches: api.watches.silence() }),
  'end-watches': api => ({ watches: api.watches.end() }),
  garble: (api, _words, rest) => ({ watches: api.watches.garble(`${rest}\n`) }),
  compact: api => api.compact() as undefined,
  bookmark: api => api.watches.bookmark() as undefined,
  'rotate-token': api => ({ token: api.rotateToken() }),
  revoke: (api, [token]) => api.auth.revoke(token) as undefined,
  allow: (api, [verb, plural]) =>
    api.auth.allow(wanted(verb, 'VERB'), wanted(plural, 'RESOURCE')) as undefined,
  deny: (api, [verb, plural]) =>
    api.auth.deny(wanted(verb, 'VERB'), wanted(plural, 'RESOURCE')) as undefined,
  fail: (api, [code, count, verb, resource]) => {
    const number = readCount(code, 'CODE')
    if (!FAULT_CODES.includes(number))
      throw new Error(`CODE must be one of ${FAULT_CODES.join(', ')}`)
    const filter = {
      ...(verb === undefined ? {} : { verb }),
      ...(resource === undefined ? {} : { resource }),
    }
    return api.faults.failNext({
      code: number as FaultCode,
      count: readCount(count ?? '1', 'COUNT'),
      ...filter,
    }) as undefined
  },
  hang: (api, [how = 'answer']) => {
    if (how !== 'answer' && how !== 'accept' && how !== 'off')
      throw new Error('hang answer, hang accept or hang off')
    api.faults.hang = how === 'off' ? undefined : how
    return undefined
  },
  'hold-lists': api => api.faults.holdLists() as undefined,
  'release-lists': api => api.faults.releaseLists() as undefined,
  churn,
  stats,
  quit: async api => void (await api.close()),
}

export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS)

/**
 * Runs one line. Whatever is wrong with it is said, and nothing is thrown. Resolves to false after
 * `quit`.
 */
export const runCommand = async (api: KubeApi, line: string, say: Say): Promise<boolean> => {
  const [command = '', ...words] = line.trim().split(/\s+/)
  if (command === '') return true
  const run = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined
  try {
    if (run === undefined)
      throw new Error(`no such command (there are: ${COMMAND_NAMES.join(', ')})`)
    const result = await run(api, words, line.trim().slice(command.length).trim(), say)
    say({ ok: true, command, resourceVersion: api.resourceVersion, ...result })
  } catch (error) {
    say({ ok: false, command, error: (error as Error).message })
  }
  return command !== 'quit'
}
