// Answers that the real CoreDNS gave for a cluster, asked of shardns beside the test API server
// with the same objects.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { startKubeApi } from '../fakes/kube-api/api-server.ts'
import { API_LANGUAGES } from '../support/api-languages.ts'
import { assertAsRecorded } from './assert-recorded.ts'
import { runScenario, whySkipped } from './run-scenario.ts'
import { readScenarios } from './scenario.ts'

const FOLDER = join(import.meta.dirname, 'kubernetes')

/** The resource that this one defines is known to the test API server. */
const DEFINITION = 'CustomResourceDefinition'

const objects = ['cluster.yaml', 'multicluster.yaml']
  .flatMap(file => parseAllDocuments(readFileSync(join(FOLDER, file), 'utf8')))
  .map(document => document.toJS())
  .filter(object => object !== null && object.kind !== DEFINITION)

for (const spoken of [API_LANGUAGES[0], API_LANGUAGES.at(-1)])
  suite(`golden, kubernetes: ${spoken?.language}`, { concurrency: 2 }, async () => {
    const api = await startKubeApi({ after }, { https: false, ...spoken })
    api.auth.trustsAnonymous = true
    for (const object of objects) api.inject(object.kind, object)
    for (const scenario of readScenarios(join(FOLDER, 'scenarios')))
      test(scenario.name, { skip: await whySkipped(scenario) }, async t => {
        assertAsRecorded(scenario, await runScenario(t, scenario, `127.0.0.1:${api.port}`))
      })
  })
