// Shard half of log: finds the rule for a name, classifies the answer, and writes the line.

import { errorReply } from '../../chain/answer/answer.ts'
import { classify, classOf, type ResponseType } from '../../chain/answer/classify.ts'
import { rcodeOfError } from '../../chain/errors.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import { inZones } from '../../chain/query/asked.ts'
import type { Query } from '../../chain/query/query.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import type { Stage } from '../../chain/stage/handler.ts'
import { observe } from '../../chain/stage/observe.ts'
import type { LineSink } from '../../log/logger.ts'
import { foldName, NameView, nameFromText } from '../../wire/name.ts'
import { ZoneIndex } from '../../wire/zone-index.ts'
import { fast } from './fast.ts'
import { compileFormat } from './format.ts'
import type { LogOptions, LogRule } from './options.ts'

export const serve = (options: LogOptions, scope: ServeScope): Stage =>
  serveTo(options, scope, scope.lines)

/** Lines go to the sink directly: they carry a level but no plugin name. */
export const serveTo = (options: LogOptions, scope: ServeScope, sink: LineSink): Stage => {
  const rules = options.rules.map(rule => ({
    classes: rule.classes,
    format: compileFormat(rule.format),
  }))

  const scopes = ZoneIndex.fromText(options.rules.map(rule => rule.scope))
  const firstRules = firstRulesOf(options.rules)

  const fastStep = fast(options.rules, scope.clock, sink)

  const typeOf = (query: Query, reply: Reply | undefined): ResponseType =>
    reply === undefined ? 'OTHERERROR' : classify(query, reply, scope.clock)

  const write = (query: Query, reply: Reply | undefined): void => {
    const rule = rules[firstRules[scopes.longest(query.name)] ?? -1]
    if (rule === undefined) return
    query.metadata?.set('log/type', () => typeOf(query, reply))
    query.metadata?.set('log/class', () => classOf(typeOf(query, reply)))
    if (rule.classes?.includes(classOf(typeOf(query, reply))) === false) return
    fastStep?.flush()
    sink.raw(
      `[INFO] ${rule.format({ query, reply, durationMs: scope.clock.ms() - query.receivedMs })}`,
    )
  }

  return {
    concerns: inZones(scopes, scope.block),
    fast: fastStep,
    wrap: observe({
      // An empty reply is SILENCE.
      onReply: (query, reply) => write(query, reply.bytes.length === 0 ? undefined : reply),
      // The rcode that the client will get: the server answers failures after this plugin.
      onFailure: (query, error) => write(query, errorReply(query, rcodeOfError(error))),
    }),
  }
}

/**
 * For each scope the first rule whose scope it lies in: that one decides about names whose longest
 * scope it is.
 */
const firstRulesOf = (rules: readonly LogRule[]): readonly number[] =>
  rules.map(({ scope }) => {
    const wire = nameFromText(scope)
    if (wire === undefined) return -1
    const name = new NameView(foldName(wire))
    return rules.findIndex(rule => ZoneIndex.fromText([rule.scope]).holds(name))
  })
