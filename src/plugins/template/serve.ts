// The shard half of template: finds the rule for a question, and makes the reply.

import { compileRegexp, type Pattern } from '../../base/text/regexp.ts'
import { answer, type RecordData, unwritten } from '../../chain/answer/answer.ts'
import { copyRecords } from '../../chain/answer/record-copy.ts'
import { ServerError } from '../../chain/errors.ts'
import type { ServeScope } from '../../chain/plugin/serve-scope.ts'
import type { Query } from '../../chain/query/query.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import type { Handler, Stage } from '../../chain/stage/handler.ts'
import type { Expression } from '../../expression/expression.ts'
import { ExpressionError } from '../../expression/expression-error.ts'
import type { Value as ExpressionValue } from '../../expression/value.ts'
import { EDNS_DO, makeOption, OPTION_EDE } from '../../wire/edns.ts'
import { FLAG_TC, getFlags } from '../../wire/header.ts'
import { nameToText } from '../../wire/name.ts'
import type { OptParts } from '../../wire/opt-record.ts'
import { RCODE_SERVFAIL } from '../../wire/rcodes.ts'
import { TYPE_A, TYPE_AAAA, TYPE_CNAME } from '../../wire/rrtypes.ts'
import { ZoneIndex } from '../../wire/zone-index.ts'
import { recordFromText } from '../../zone/record-text.ts'
import type { RuleVectors, TemplateShared } from './control.ts'
import { Template } from './engine/index.ts'
import { TemplateError } from './engine/limits.ts'
import type { Value } from './engine/values.ts'
import { type Asking, compileOwn } from './expressions.ts'
import { kindCount, kindPosition } from './labels.ts'
import { isFor, Relevance, type Subject } from './relevance.ts'
import type { RecordSource, Rule, Section } from './rule.ts'
import { type Match, templateData } from './template-data.ts'

/**
 * The UDP size in the OPT records that template makes. As in CoreDNS it does not depend on the
 * client's.
 */
const OPT_UDP_SIZE = 4096

const EVERY_NAME = '.*'

type Regex = Pattern & { readonly text: string }
type Variables = ReadonlyMap<string, ExpressionValue>

interface CompiledRecord extends RecordSource {
  readonly template: Template
}

interface CompiledRule extends Subject {
  readonly rule: Rule
  readonly regexes: readonly Regex[]
  readonly variables: readonly { readonly name: string; readonly expression: Expression<Asking> }[]
  readonly conditions: readonly Expression<Asking>[]
  readonly records: readonly CompiledRecord[]
  readonly fall: ZoneIndex
  readonly opt: OptParts | undefined
  readonly vectors: RuleVectors
}

const compiledExpressions = ({ variables, conditions }: Rule) => {
  const names: string[] = []
  return {
    variables: variables.map(({ name, text }) => {
      const expression = compileOwn(text, names)
      names.push(name)
      return { name, expression }
    }),
    conditions: conditions.map(text => compileOwn(text, names)),
  }
}

const compile = (rule: Rule, vectors: RuleVectors): CompiledRule => ({
  rule,
  vectors,
  qclass: rule.qclass,
  qtype: rule.qtype,
  zones: ZoneIndex.fromText(rule.zones),
  regexes: rule.matches.map(text => ({ ...compileRegexp(text), text })),
  ...compiledExpressions(rule),
  records: rule.records.map(source => ({
    ...source,
    template: new Template(source.section, source.text),
  })),
  fall: ZoneIndex.fromText(rule.fall),
  opt: rule.ederror && optOf(rule.ederror),
})

const optOf = ({ code, text }: NonNullable<Rule['ederror']>): OptParts => {
  const data = Buffer.concat([Uint8Array.of(code >> 8, code), Buffer.from(text)])
  return { udpSize: OPT_UDP_SIZE, flags: EDNS_DO, options: makeOption(OPTION_EDE, data) }
}

/** The match of the first of the rule's regular expressions that matches a name in the zone. */
const matchOf = ({ regexes }: CompiledRule, name: string, zone: string): Match | undefined => {
  if (regexes.length === 0)
    return { zone, regex: EVERY_NAME, parts: [name], groups: new Map([['0', name]]) }
  for (const regex of regexes) {
    const parts = regex.find(name)
    if (parts === undefined) continue
    const groups = new Map(parts.map((part, index) => [String(index), part]))
    for (const [named, index] of regex.groupNames) groups.set(named, parts[index] ?? '')
    return { zone, regex: regex.text, parts, groups }
  }
  return undefined
}

/** Runs an expression. If it fails, the query fails: no other rule is tried. */
const run = (expression: Expression<Asking>, asking: Asking, variables: Variables) => {
  try {
    return expression.run(asking, variables)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    throw new ServerError('EXPRESSION', `expression fails: ${error.message}`)
  }
}

const variablesOf = ({ variables }: CompiledRule, asking: Asking): Variables => {
  const values = new Map<string, ExpressionValue>()
  for (const { name, expression } of variables) values.set(name, run(expression, asking, values))
  return values
}

class Templates {
  readonly #rules: readonly CompiledRule[]
  readonly #scope: ServeScope
  /** Positions of the block's listeners, by ListenerRef.index. */
  readonly #listeners: ReadonlyMap<number, number>

  constructor(rules: readonly CompiledRule[], scope: ServeScope) {
    this.#rules = rules
    this.#scope = scope
    this.#listeners = new Map(scope.block.listeners.map(({ index }, position) => [index, position]))
  }

  handle(query: Query, next: Handler): Reply | Promise<Reply> {
    for (const compiled of this.#rules) {
      const zone = isFor(compiled, query) ? compiled.zones.longest(query.name) : -1
      if (zone < 0) continue
      const { rule } = compiled
      const match = matchOf(compiled, query.question.name, rule.zones[zone]!)
      if (match !== undefined) {
        const asking = { query, groups: match.groups }
        const values = variablesOf(compiled, asking)
        // A value that is no boolean counts as false.
        if (compiled.conditions.every(condition => run(condition, asking, values) === true))
          return this.#reply(query, compiled, match, zone, values)
      }
      if (!compiled.fall.holds(query.name)) return unwritten(query, RCODE_SERVFAIL)
    }
    return next(query)
  }

  #reply(
    query: Query,
    compiled: CompiledRule,
    match: Match,
    zone: number,
    values: Variables,
  ): Reply | Promise<Reply> {
    const { rule, records, vectors } = compiled
    const place = this.#place(query, compiled, zone)
    if (place !== undefined) {
      const kind = place * kindCount(rule) + kindPosition(rule, query.qclass, query.qtype)
      this.#scope.counters.add(vectors.matches.base + kind * vectors.matches.step)
    }
    if (rule.rcode === RCODE_SERVFAIL) return unwritten(query, RCODE_SERVFAIL)
    const data = templateData(query, match, rule, values)
    const made: Made = { answer: [], additional: [], authority: [] }
    for (const [index, record] of records.entries())
      made[record.section].push(this.#record(record, data, vectors.failures[index]!, place))
    const isAddressQuestion = query.qtype === TYPE_A || query.qtype === TYPE_AAAA
    if (isAddressQuestion && made.answer.some(({ type }) => type === TYPE_CNAME))
      return this.#completed(query, compiled, made)
    return replyOf(query, compiled, made, false)
  }

  /** Index of listener and zone among the series of the rule. */
  #place(query: Query, { rule }: CompiledRule, zone: number): number | undefined {
    const listener = this.#listeners.get(query.listener.index)
    return listener === undefined ? undefined : listener * rule.zones.length + zone
  }

  #record(
    { template, place: source, section }: CompiledRecord,
    data: Value,
    failures: RuleVectors['failures'][number],
    place: number | undefined,
  ): RecordData {
    let text: string
    try {
      text = template.render(data)
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      this.#count(failures.template, place)
      throw new ServerError('TEMPLATE', `${error.message} (${source})`)
    }
    const record = recordFromText(text)
    if (typeof record !== 'string') return record
    this.#count(failures.record, place)
    throw new ServerError('TEMPLATE_RECORD', `${section} is no record: ${record} (${source})`)
  }

  #count({ base, step }: { base: number; step: number }, place: number | undefined): void {
    if (place !== undefined) this.#scope.counters.add(base + place * step)
  }

  /** The answer with the records of each CNAME's target after the CNAME. */
  async #completed(query: Query, compiled: CompiledRule, made: Made): Promise<Reply> {
    const answers: RecordData[] = []
    let tc = false
    for (const record of made.answer) {
      answers.push(record)
      if (record.type !== TYPE_CNAME) continue
      const reply = await this.#scope.resolve(query, nameToText(record.rdata), query.qtype)
      if (reply.bytes.length === 0) continue
      tc ||= (getFlags(reply.bytes, 0) & FLAG_TC) !== 0
      answers.push(...copyRecords(reply.bytes, reply.layout, reply.layout.answerCount))
    }
    return replyOf(query, compiled, { ...made, answer: answers }, tc)
  }
}

type Made = Record<Section, RecordData[]>

const replyOf = (query: Query, { rule, opt }: CompiledRule, made: Made, tc: boolean): Reply =>
  answer(query, {
    aa: true,
    tc,
    rcode: rule.rcode,
    answers: made.answer,
    authorities: made.authority,
    additionals: made.additional,
    ...(opt && { opt }),
  })

export const serve = (rules: readonly Rule[], scope: ServeScope, shared: TemplateShared): Stage => {
  const compiled = rules.map((rule, index) => compile(rule, shared[index]!))
  const relevance = new Relevance(compiled)
  const templates = new Templates(compiled, scope)
  return {
    concerns: relevance.concerns.bind(relevance),
    wrap: next => query => templates.handle(query, next),
  }
}
