// template on the main thread: declares its counters, and tells caches when a reload has changed
// the rules.

import type { ControlScope, Kept } from '../../chain/plugin/control-scope.ts'
import type { FamilyOptions, Vector } from '../../metrics/registrar.ts'
import { foldName, nameFromText } from '../../wire/name.ts'
import { CLASS_ANY, classToText, TYPE_ANY, typeToText } from '../../wire/rrtypes.ts'
import { Template } from './engine/index.ts'
import { CLASS_LABELS, TYPE_LABELS } from './labels.ts'
import type { RecordSource, Rule } from './rule.ts'

/**
 * The counters of one rule. Their dimensions are the listeners of the block, the zones of the rule,
 * and those named below.
 */
export interface RuleVectors {
  /** Also by class and by type: one of each, or the labels of labels.ts if the rule is for any. */
  readonly matches: Vector
  /** For each template of a record: it could not be rendered, or its text is no record. */
  readonly failures: readonly { readonly template: Vector; readonly record: Vector }[]
}

export type TemplateShared = readonly RuleVectors[]

const LABELS = ['server', 'zone', 'view', 'class', 'type']
const MATCHES: FamilyOptions = {
  name: 'coredns_template_matches_total',
  help: 'Counter of template regex matches.',
  labelNames: LABELS,
}
const TEMPLATE_FAILURES: FamilyOptions = {
  name: 'coredns_template_template_failures_total',
  help: 'Counter of go template failures.',
  labelNames: [...LABELS, 'section', 'template'],
}
const RECORD_FAILURES: FamilyOptions = {
  name: 'coredns_template_rr_failures_total',
  help: 'Counter of mis-templated RRs.',
  labelNames: [...LABELS, 'section', 'template'],
}

/** The rules that are served. Kept over reloads, to find out whether they have changed. */
class KeptRules implements Kept {
  text = ''

  dispose(): void {}
}

const markOthers = (rules: readonly Rule[], scope: ControlScope): void => {
  const { block, process, changes } = scope
  const kept = scope.keep(JSON.stringify([block.zones, block.view]), () => new KeptRules())
  scope.onStart(() => {
    const text = JSON.stringify(rules)
    const isNews = !process.isFirstLoad && kept.text !== text
    kept.text = text
    const zones = isNews ? new Set(rules.flatMap(rule => rule.zones)) : []
    for (const zone of zones) changes.markZone(foldName(nameFromText(zone) ?? ROOT))
  })
}

const ROOT = Uint8Array.of(0)

export const control = (rules: readonly Rule[], scope: ControlScope): TemplateShared => {
  markOthers(rules, scope)
  const { view } = scope.block
  const server = scope.block.listeners.map(({ label }) => label)
  const matches = scope.metrics.counter(MATCHES)
  const templateFailures = scope.metrics.counter(TEMPLATE_FAILURES)
  const recordFailures = scope.metrics.counter(RECORD_FAILURES)
  return rules.map(rule => {
    const places = { server, zone: rule.zones }
    const classText = classToText(rule.qclass)
    const typeText = typeToText(rule.qtype)
    const failures = rule.records.map(({ section, text }: RecordSource) => {
      const template = new Template(section, text).text
      const fixed = { view, class: classText, type: typeText, section, template }
      return {
        template: templateFailures.vector(fixed, places),
        record: recordFailures.vector(fixed, places),
      }
    })
    const kinds = {
      class: rule.qclass === CLASS_ANY ? CLASS_LABELS : [classText],
      type: rule.qtype === TYPE_ANY ? TYPE_LABELS : [typeText],
    }
    return { matches: matches.vector({ view }, { ...places, ...kinds }), failures }
  })
}
