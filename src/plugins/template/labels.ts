// Labels for the class and the type of questions to a rule that is for any class or type. They are
// few, so that clients cannot create series.

import {
  CLASS_ANY,
  CLASS_CH,
  CLASS_IN,
  classToText,
  TYPE_ANY,
  typeFromText,
} from '../../wire/rrtypes.ts'

const CLASSES = [CLASS_IN, CLASS_CH, CLASS_ANY]
export const CLASS_LABELS: readonly string[] = [...CLASSES.map(classToText), 'other']

export const TYPE_LABELS: readonly string[] = [
  ...['A', 'AAAA', 'CAA', 'CNAME', 'DNSKEY', 'DS', 'HTTPS', 'MX', 'NAPTR', 'NS', 'NSEC', 'PTR'],
  ...['RRSIG', 'SOA', 'SRV', 'SVCB', 'TLSA', 'TXT', 'AXFR', 'IXFR', 'ANY', 'other'],
]
const TYPES = TYPE_LABELS.map(label => typeFromText(label) ?? -1)

const positionIn = (
  values: readonly number[],
  labels: readonly string[],
  value: number,
): number => {
  const position = values.indexOf(value)
  return position < 0 ? labels.length - 1 : position
}

/** The position of a class's label, for rules that are for any class. */
export const classPosition = (qclass: number): number => positionIn(CLASSES, CLASS_LABELS, qclass)
export const typePosition = (qtype: number): number => positionIn(TYPES, TYPE_LABELS, qtype)

/**
 * The series of a question. A rule that is for any class or type has a series for each label, other
 * rules have a single one.
 */
export const kindPosition = (
  rule: { qclass: number; qtype: number },
  qclass: number,
  qtype: number,
): number => {
  const types = rule.qtype === TYPE_ANY ? TYPE_LABELS.length : 1
  const type = rule.qtype === TYPE_ANY ? typePosition(qtype) : 0
  return (rule.qclass === CLASS_ANY ? classPosition(qclass) : 0) * types + type
}

/** The number of those series. */
export const kindCount = (rule: { qclass: number; qtype: number }): number =>
  (rule.qclass === CLASS_ANY ? CLASS_LABELS.length : 1) *
  (rule.qtype === TYPE_ANY ? TYPE_LABELS.length : 1)
