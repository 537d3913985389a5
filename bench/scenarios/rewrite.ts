// What rules of the rewrite plugin cost the queries that they are not for: the same hits with ten
// rules in the chain, and without.

import { inShape } from './casts.ts'
import { loadScenario } from './load.ts'
import { USUAL_CLIENTS } from './loads.ts'

export const REWRITE_SUFFIX = '-rewrite'

/** All names that are asked for are those of the zone test. */
const RULES = [
  'name www.example.org web.example.net',
  'name exact mail.example.org mx.example.net',
  'name prefix api gateway',
  'name suffix .old.example .new.example answer auto',
  'name suffix .example.org .example.net answer auto',
  'name substring staging production',
  'name regex ^(.*)-([0-9]+)[.]example[.]org[.]$ {1}.example.net answer auto',
  'type ANY HINFO',
  'ttl suffix .example.com 30-300',
  'rcode gone.example.org NXDOMAIN NOERROR',
].map(rule => `rewrite ${rule}`)

export const rewrite = {
  ...loadScenario({
    name: 'rewrite',
    title: 'Hits with ten rewrite rules for other names, and without',
    kinds: ['shardns'],
    queries: 'hits',
    clients: USUAL_CLIENTS,
    cast: all =>
      all
        .filter(({ kind }) => kind === 'shardns')
        .flatMap(contestant => [
          contestant,
          ...inShape([contestant], REWRITE_SUFFIX, { directives: RULES }),
        ]),
  }),
  baselineOf: (name: string) => name.replace(new RegExp(`${REWRITE_SUFFIX}$`), ''),
}
