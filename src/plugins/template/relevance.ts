// Hot path. Selects the questions that the rules of template may answer, by zone, class and type:
// all others skip the plugin.

import type { Asked } from '../../chain/query/asked.ts'
import { CLASS_ANY, TYPE_ANY } from '../../wire/rrtypes.ts'
import type { ZoneIndex } from '../../wire/zone-index.ts'

export interface Subject {
  readonly qclass: number
  readonly qtype: number
  readonly zones: ZoneIndex
}

/** Whether the rule is for that class and type. Any matches any, on either side. */
export const isFor = (
  { qclass, qtype }: Subject,
  asked: Pick<Asked, 'qclass' | 'qtype'>,
): boolean =>
  (qclass === CLASS_ANY || asked.qclass === CLASS_ANY || asked.qclass === qclass) &&
  (qtype === TYPE_ANY || asked.qtype === TYPE_ANY || asked.qtype === qtype)

export class Relevance {
  readonly #subjects: readonly Subject[]

  constructor(subjects: readonly Subject[]) {
    this.#subjects = subjects
  }

  concerns(asked: Asked): boolean {
    const subjects = this.#subjects
    for (let k = 0; k < subjects.length; k++) {
      const subject = subjects[k]!
      if (isFor(subject, asked) && subject.zones.holds(asked.name)) return true
    }
    return false
  }
}
