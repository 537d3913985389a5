// docs/benchmarks.md, docs/benchmarks.svg and docs/overview.svg, from bench/figures.json and what
// was measured since.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../contestants/shardns.ts'
import { newestReports } from './json.ts'
import { readKept, withNewer, writeKept } from './kept.ts'
import { overview } from './overview.ts'
import { benchmarksPage } from './page.ts'
import { chart } from './svg.ts'

const DOCS = join(ROOT, 'docs')

/** Writes all of them; returns their paths. `order` names the scenarios as they are shown. */
export const writeDocs = (order: readonly string[]): string[] => {
  const kept = withNewer(readKept(), [...newestReports().values()])
  const page = join(DOCS, 'benchmarks.md')
  const texts = new Map([
    [page, benchmarksPage(kept, order, readFileSync(page, 'utf8'))],
    [join(DOCS, 'benchmarks.svg'), chart(kept)],
    [join(DOCS, 'overview.svg'), overview(kept)],
  ])
  const written = [writeKept(kept)]
  for (const [path, text] of texts) {
    if (text === undefined) continue
    writeFileSync(path, text)
    written.push(path)
  }
  return written
}
