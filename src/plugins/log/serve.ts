// Shard half of log: finds the rule for a name, judges the answer's class, and writes the line.

import { errorReply } from '../../chain/answer.ts'
import { classify, classOf, type ResponseClass } from '../../chain/classify.ts'
import { rcodeOfError } from '../../chain/errors.ts'
import type { Stage } from '../../chain/handler.ts'
import { observe } from '../../chain/observe.ts'
import type { Query } from '../../chain/query.ts'
import type { Reply } from '../../chain/reply.ts'
import type { ServeScope } from '../../chain/serve-scope.ts'
import { ZoneSet } from '../../chain/zones.ts'
import { type LogSink, stdout } from '../../log/log.ts'
import { fast } from './fast.ts'
import { compileFormat } from './format.ts'
import type { LogOptions } from './options.ts'

export const serve = (options: LogOptions, scope: ServeScope): Stage =>
  serveTo(options, scope, stdout)

/** Lines go to the sink directly: they carry a level but no plugin name. */
export function serveTo(
  options: LogOptions,
  scope: ServeScope,
  sink: Pick<LogSink, 'raw' | 'rawBytes'>,
): Stage {
  const rules = options.rules.map(rule => ({
    scope: new ZoneSet([rule.scope]),
    classes: rule.classes,
    format: compileFormat(rule.format),
  }))

  const fastStep = fast(options.rules, scope.clock, sink)

  const classOfReply = (query: Query, reply: Reply | undefined): ResponseClass =>
    reply === undefined ? 'error' : classOf(classify(query, reply, scope.clock))

  const write = (query: Query, reply: Reply | undefined): void => {
    const { name } = query.question
    for (const rule of rules) {
      if (rule.scope.match(name) === undefined) continue
      if (rule.classes !== undefined && !rule.classes.includes(classOfReply(query, reply))) return
      fastStep?.flush()
      sink.raw(
        `[INFO] ${rule.format({ query, reply, durationMs: scope.clock.ms() - query.receivedMs })}`,
      )
      return
    }
  }

  return {
    fast: fastStep,
    wrap: observe({
      // An empty reply is SILENCE.
      onReply: (query, reply) => write(query, reply.bytes.length === 0 ? undefined : reply),
      // What the client will be told: the server answers failures behind our back.
      onFailure: (query, error) => write(query, errorReply(query, rcodeOfError(error))),
    }),
  }
}
