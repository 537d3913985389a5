// The main half of names: writes the records, and says which have changed.

import type { ControlScope, Kept } from '../../../src/chain/control-scope.ts'
import type { RecordsRef } from '../../../src/records/layout.ts'
import type { RecordsMap } from '../../../src/records/map.ts'
import { nameFromText } from '../../../src/wire/name.ts'
import { rdataA } from '../../../src/wire/rdata.ts'
import type { NamesOptions } from './options.ts'

/** Addresses by name. Outlives reloads. */
class Addresses implements Kept {
  readonly map: RecordsMap

  constructor(map: RecordsMap) {
    this.map = map
  }

  dispose(): void {
    this.map.drop()
  }
}

export const control = ({ address, names }: NamesOptions, scope: ControlScope): RecordsRef => {
  const { map } = scope.keep('addresses', resources => new Addresses(resources.newRecords()))
  scope.onStart(() => {
    for (const name of names) {
      const key = nameFromText(name)!
      // Once shards can read the new record, and no earlier, caches are told.
      if (map.put(0, key, rdataA(address)) === 'changed') scope.changes.mark(key)
    }
  })
  return map.ref
}
