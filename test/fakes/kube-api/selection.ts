// Which objects a request is about: its namespace, its labelSelector and its fieldSelector. Parsed
// on its own, not with the code under test.

import type { Resource } from './resources.ts'
import { badRequest } from './status-error.ts'
import type { Version } from './version.ts'

type Test = (version: Version) => boolean

export class Selection {
  readonly namespace: string
  /** Whether something may be left out besides other namespaces. */
  readonly isNarrowed: boolean
  readonly #tests: readonly Test[]

  /** Throws a StatusError for selectors that the server does not take. */
  constructor(resource: Resource, namespace: string, query: URLSearchParams) {
    this.namespace = namespace
    this.#tests = [
      ...labelTests(query.get('labelSelector') ?? ''),
      ...fieldTests(resource, query.get('fieldSelector') ?? ''),
    ]
    this.isNarrowed = this.#tests.length > 0
  }

  matches(version: Version): boolean {
    return (
      (this.namespace === '' || version.namespace === this.namespace) &&
      this.#tests.every(test => test(version))
    )
  }
}

const KEY = /(?:[a-z0-9.-]{1,253}\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?/.source
const VALUE = /(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?/.source
const SET = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(\\s*(${VALUE}(?:\\s*,\\s*${VALUE})*)\\s*\\)$`)
const EQUALITY = new RegExp(`^(${KEY})\\s*(==|=|!=)\\s*(${VALUE})$`)
const EXISTENCE = new RegExp(`^(!?)\\s*(${KEY})$`)

/** Commas within parentheses belong to a set. */
const labelTests = (text: string): Test[] =>
  text.trim() === ''
    ? []
    : text.split(/,(?![^(]*\))/).map(requirement => labelTest(requirement.trim(), text))

const labelTest = (requirement: string, whole: string): Test => {
  const set = SET.exec(requirement)
  if (set !== null) return membership(set[1]!, set[2] === 'in', set[3]!.split(/\s*,\s*/))
  const equality = EQUALITY.exec(requirement)
  if (equality !== null) return membership(equality[1]!, equality[2] !== '!=', [equality[3]!])
  const existence = EXISTENCE.exec(requirement)
  if (existence === null)
    throw badRequest(`unable to parse requirement: couldn't parse the selector string "${whole}"`)
  const [, absent, key] = existence
  return version => (version.label(key!) === undefined) === (absent === '!')
}

/** An absent label is in no set, so it passes `!=` and `notin`. */
const membership = (key: string, isWanted: boolean, values: readonly string[]): Test => {
  return version => {
    const label = version.label(key)
    return (label !== undefined && values.includes(label)) === isWanted
  }
}

const fieldTests = (resource: Resource, text: string): Test[] => {
  const terms = text.split(',').filter(term => term !== '')
  return terms.map(term => {
    const [, field = '', operator = '', value = ''] = /^(.*?)(==|!=|=)(.*)$/.exec(term) ?? []
    if (operator === '') throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`)
    if (!resource.fields.includes(field)) throw badRequest(unknownField(resource, field))
    return version => (fieldText(version.field(field)) === value) === (operator !== '!=')
  })
}

const fieldText = (value: unknown): string => (typeof value === 'string' ? value : '')

const unknownField = ({ group }: Resource, field: string): string =>
  group === ''
    ? `field label not supported: ${field}`
    : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
